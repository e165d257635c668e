/** @typedef {() => number} Random  A number from 0 up to but not including 1, like Math.random. */

const FIRST = 1_000;
const LONGEST = 30_000;
const SLOW_FIRST = 30_000;
const SLOW_LONGEST = 300_000;

/** How long a connection must have been open for the attempts to count from 0 again, in milliseconds: refusals come after a completed handshake. */
export const HELD_AFTER = 5_000;

/** Above it the delay grows no more. */
export const LAST_ATTEMPT = 5;

/**
 * Full jitter: anything from nothing to 1 s · 2ⁿ, at most 30 s. A whole crowd that lost its server comes back spread out.
 * @param {number} attempt 0 for the first
 * @param {Random} random
 * @returns {number} milliseconds
 */
export function backoff(attempt, random) {
  return random() * Math.min(LONGEST, FIRST * 2 ** attempt);
}

/**
 * After a refusal by policy (1008): never sooner than 30 s, then spread likewise over at most five minutes.
 * @param {number} attempt 0 for the first
 * @param {Random} random
 * @returns {number} milliseconds
 */
export function slowBackoff(attempt, random) {
  return SLOW_FIRST + random() * Math.min(SLOW_LONGEST, SLOW_FIRST * 2 ** attempt);
}
