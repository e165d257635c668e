/** What the "drop the connection" button closes with: one of the application's own codes, after which a client comes back. */
export const DROPPED = 4200;

/** Coming back would end the same way. @type {ReadonlyMap<number, string>} */
const final = new Map([
  [1000, 'finished'],
  [1002, 'a protocol error'],
  [1003, 'data this route cannot take'],
  [1007, 'text that is not UTF-8'],
  [1009, 'a message too large'],
  [4001, 'the server wants to know who you are'],
  [4003, 'you are not allowed here'],
  [4009, 'another connection took this place'],
  [4010, 'the server disconnected you'],
]);

/** @type {ReadonlyMap<number, string>} */
const passing = new Map([
  [1001, 'the server is going away, or this side was silent'],
  [1005, 'closed without a code'],
  [1006, 'the connection broke'],
  [1008, 'a limit of this room, address or user'],
  [1011, 'an error in the server'],
  [1012, 'the server restarts'],
  [1013, 'too busy, or this side read too slowly'],
  [4000, 'authentication took too long'],
  [4002, 'the token expired'],
  [4100, 'the server is draining'],
  [4110, 'the server asked to reconnect'],
]);

/** @typedef {'stay-away' | 'come-back' | 'come-back-slowly'} Verdict */

/** @param {number} code @returns {Verdict} */
export function verdictOn(code) {
  if (final.has(code)) return 'stay-away';
  return code === 1008 ? 'come-back-slowly' : 'come-back';
}

/**
 * @param {number} code
 * @param {string} reason
 * @returns {string} for people, as in `1008 “Too many connections” (a limit of this room, address or user)`
 */
export function describeClose(code, reason) {
  const meaning = final.get(code) ?? passing.get(code);
  return `${code}${reason ? ` “${reason}”` : ''}${meaning ? ` (${meaning})` : ''}`;
}
