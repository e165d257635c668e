/** The longest timer that platforms have: setTimeout takes a longer one for none at all. In milliseconds, as everything here. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** However long a server asks a client to stay away, it comes back after this: as long as its own slowest back-off. */
export const LONGEST_AWAY = 300_000;

/** Between these the server's interval of heartbeats is believed: they are the bounds of its own option. */
const SHORTEST_HEARTBEAT = 100;
const LONGEST_HEARTBEAT = 3_600_000;

/** @param {unknown} interval the server's @returns {number} 0 where it has none */
export function heartbeatOf(interval) {
  return typeof interval === 'number' && interval > 0 ? Math.min(Math.max(interval, SHORTEST_HEARTBEAT), LONGEST_HEARTBEAT) : 0;
}

/** @param {unknown} milliseconds that the server asks to wait @returns {number} 0 where it asks for nothing */
export function askedWait(milliseconds) {
  return typeof milliseconds === 'number' && milliseconds > 0 ? Math.min(milliseconds, LONGEST_AWAY) : 0;
}
