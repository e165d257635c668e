/**
 * @typedef {import('./channels/contract.js').Message} Message
 * @typedef {import('./transports/transport.js').TransportKind} TransportKind
 *
 * @typedef {object} TidingsOptions
 * @property {import('./base/token-source.js').TokenOption} [token]  who the user is: a token, or what gets one, called again when the server wants another
 * @property {number} [maxRetries]      attempts in a row to come back before it stays away; without it there is no end
 * @property {TransportKind[]} [transports]  the only ones to try; without it `websocket`, `sse` and `polling`, in this order
 * @property {boolean} [binary]        whether binary payloads travel as binary frames over a WebSocket, and not as base64; messages are the same
 * @property {any} [WebSocket]          the class to use where there is no global one, as in Node before version 22
 *
 * @typedef {object} TidingsEvents
 * @property {import('./link/link.js').StateChange} state
 * @property {{ transport: TransportKind, connection: string | null, user: string | null, server?: string, version?: string }} connected  each time
 * @property {Message} message          in a channel that the server subscribed and nobody follows by `subscribe`
 * @property {import('./channels/contract.js').Gap} gap  in such a channel: what was missed there is not recovered
 * @property {{ channel: string, offset: number }} removed  in such a channel: a message was erased
 * @property {{ from?: string, connection?: string, data: any }} direct  from another client: `from` is its user, `connection` that of somebody anonymous; with neither, from the application
 * @property {{ code: string, error: string }} error  no answer to a call: the server had something to object to, or the token could not be had
 * @property {{ direction: 'in' | 'out', text: string, transport: TransportKind }} frame  all that travels, as it is (tokens left out)
 */

export {};
