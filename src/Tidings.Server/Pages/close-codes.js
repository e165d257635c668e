/** What this side itself ends a connection with, as if the network had: one of the application's own codes, after which a client comes back. */
export const DROPPED = 4200;

/** @type {ReadonlyMap<number, string>} */
const meanings = new Map([
  [1000, 'finished'],
  [1001, 'the server is going away, or this side was silent'],
  [1002, 'a protocol error'],
  [1003, 'data this route cannot take'],
  [1005, 'closed without a code'],
  [1006, 'the connection broke'],
  [1007, 'text that is not UTF-8'],
  [1008, 'a limit of this room, address or user'],
  [1009, 'a message too large'],
  [1011, 'an error in the server'],
  [1012, 'the server restarts'],
  [1013, 'too busy, or this side read too slowly'],
  [4000, 'authentication took too long'],
  [4001, 'the server wants to know who you are'],
  [4002, 'the token expired'],
  [4003, 'you are not allowed here'],
  [4009, 'another connection took this place'],
  [4010, 'the server disconnected you'],
  [4100, 'the server is draining'],
  [4110, 'the server asked to reconnect'],
]);

/**
 * @param {number} code
 * @param {string} reason
 * @returns {string} for people, as in `1008 “Too many connections” (a limit of this room, address or user)`
 */
export function describeClose(code, reason) {
  const meaning = meanings.get(code);
  return `${code}${reason ? ` “${reason}”` : ''}${meaning ? ` (${meaning})` : ''}`;
}
