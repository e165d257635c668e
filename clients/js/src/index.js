export { actionAfter } from './close-codes.js';
export { decodePosition, encodePosition } from './position.js';
export { LiveResource } from './live-resource.js';
export { ReconnectingWebSocket } from './reconnecting-web-socket.js';
export { Subscription } from './subscription.js';
export { Tidings } from './tidings.js';
export { TidingsError } from './tidings-error.js';

/**
 * @typedef {import('./tidings.js').TidingsOptions} TidingsOptions
 * @typedef {import('./tidings.js').TidingsEvents} TidingsEvents
 * @typedef {import('./tidings.js').PublishOptions} PublishOptions
 * @typedef {import('./tidings.js').Published} Published
 * @typedef {import('./tidings.js').HistoryOptions} HistoryOptions
 * @typedef {import('./tidings.js').History} History
 * @typedef {import('./tidings.js').Presence} Presence
 * @typedef {import('./live-resource.js').ResourceOptions} ResourceOptions
 * @typedef {import('./live-resource.js').ResourceEvents} ResourceEvents
 * @typedef {import('./live-resource.js').Row} Row
 * @typedef {import('./live-resource.js').RowChange} RowChange
 * @typedef {import('./subscription.js').SubscribeOptions} SubscribeOptions
 * @typedef {import('./subscription.js').SubscriptionEvents} SubscriptionEvents
 * @typedef {import('./subscription.js').Message} Message
 * @typedef {import('./subscription.js').Gap} Gap
 * @typedef {import('./subscription.js').Member} Member
 * @typedef {import('./link.js').StateChange} StateChange
 * @typedef {import('./state.js').ConnectionState} ConnectionState
 * @typedef {import('./position.js').StreamPosition} StreamPosition
 * @typedef {import('./task.js').Task} Task
 * @typedef {import('./task.js').TaskState} TaskState
 * @typedef {import('./reconnecting-web-socket.js').ReconnectingWebSocketOptions} ReconnectingWebSocketOptions
 */
