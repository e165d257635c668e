/**
 * `idle` before it begins, `connecting`, `connected`, `waiting` for the next attempt, `closed` until `connect` is called again.
 * @typedef {'idle' | 'connecting' | 'connected' | 'waiting' | 'closed'} ConnectionState
 *
 * @typedef {'start' | 'opened' | 'lost' | 'retry' | 'end'} StateCause
 */

/** @type {Readonly<Record<ConnectionState, Partial<Record<StateCause, ConnectionState>>>>} */
const transitions = {
  idle: { start: 'connecting', end: 'closed' },
  connecting: { opened: 'connected', lost: 'waiting', end: 'closed' },
  connected: { lost: 'waiting', end: 'closed' },
  waiting: { retry: 'connecting', end: 'closed' },
  closed: { start: 'connecting' },
};

/**
 * @param {ConnectionState} state
 * @param {StateCause} cause
 * @returns {ConnectionState}
 */
export function next(state, cause) {
  const to = transitions[state][cause];
  if (to === undefined) throw new Error(`No way from ${state} by ${cause}.`);
  return to;
}
