/**
 * What carries frames. Each transport is a function that begins a connection and returns it.
 *
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {'websocket' | 'sse' | 'polling'} TransportKind
 *
 * @typedef {object} Transport
 * @property {(commands: Frame[]) => void} send  only after `connected` has come
 * @property {(token: string) => void} renew     goes on with another token
 * @property {(why: import('../base/host.js').Wake) => void} wake  the network may have changed: find out whether the connection lives
 * @property {(code: number, reason: string) => void} close  tells the context nothing any more
 *
 * @typedef {object} TransportContext
 * @property {import('../base/host.js').Host} host
 * @property {string} url                        of /connect, http: or https:
 * @property {string | undefined} token
 * @property {boolean} [binary]                  whether binary payloads may be binary frames
 * @property {{ name: string, version: string }} client
 * @property {() => Frame[]} subscribes          the `subscribe` commands of all that is followed, as they would be sent now
 * @property {() => ReadonlyMap<string, import('../base/position.js').StreamPosition>} served  where the channels stand that the server subscribed
 * @property {(frame: Frame) => void} receive    the first is `connected`
 * @property {(direction: 'in' | 'out', text: string) => void} trace  each frame as it travels
 * @property {(end: import('../link/link.js').End) => void} ended  at most once
 *
 * @typedef {(context: TransportContext) => Transport} OpenTransport
 * @typedef {{ readonly kind: TransportKind, readonly open: OpenTransport }} Way  A transport that the client may try.
 */

/**
 * @param {string} text
 * @returns {Frame | undefined} undefined for what is no JSON object with a type
 */
export function readFrame(text) {
  try {
    const frame = JSON.parse(text);
    return typeof frame?.type === 'string' ? frame : undefined;
  } catch {
    return undefined;
  }
}
