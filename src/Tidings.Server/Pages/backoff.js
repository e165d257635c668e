/** @typedef {() => number} Random  A number from 0 up to but not including 1, like Math.random. */

export const FIRST_DELAY = 1_000;
export const LONGEST_DELAY = 30_000;
export const SLOW_DELAY = 30_000;
export const LONGEST_SLOW_DELAY = 300_000;

/**
 * Full jitter: anything from nothing to 1 s · 2ⁿ, at most 30 s. A whole crowd that lost its server comes back spread out.
 * @param {number} attempt 0 for the first
 * @param {Random} random
 * @returns {number} milliseconds
 */
export function backoff(attempt, random) {
  return random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt);
}

/**
 * After a refusal by policy (1008): never sooner than 30 s, then spread likewise.
 * @param {number} attempt 0 for the first
 * @param {Random} random
 * @returns {number} milliseconds
 */
export function slowBackoff(attempt, random) {
  return SLOW_DELAY + random() * Math.min(LONGEST_SLOW_DELAY, SLOW_DELAY * 2 ** attempt);
}
