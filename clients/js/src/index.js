export { actionAfter } from './base/close-codes.js';
export { decodePosition, encodePosition } from './base/position.js';
export { ChannelMap } from './channel-map.js';
export { LiveResource } from './sockets/live-resource.js';
export { ReconnectingWebSocket } from './sockets/reconnecting-web-socket.js';
export { LoadedSubscription } from './loaded-subscription.js';
export { Members } from './channels/members.js';
export { Subscription } from './channels/subscription.js';
export { Tidings } from './tidings.js';
export { TidingsError } from './base/tidings-error.js';

/**
 * @typedef {import('./options.js').TidingsOptions} TidingsOptions
 * @typedef {import('./options.js').TidingsEvents} TidingsEvents
 * @typedef {import('./channel-map.js').MapEvents} MapEvents
 * @typedef {import('./channels/keyed-state.js').Change} Change
 * @typedef {import('./channels/keyed-state.js').Entry} Entry
 * @typedef {import('./loaded-subscription.js').Load} Load
 * @typedef {import('./loaded-subscription.js').Loaded} Loaded
 * @typedef {import('./channels/contract.js').PublishOptions} PublishOptions
 * @typedef {import('./channels/contract.js').Published} Published
 * @typedef {import('./channels/contract.js').HistoryOptions} HistoryOptions
 * @typedef {import('./channels/contract.js').History} History
 * @typedef {import('./channels/contract.js').Presence} Presence
 * @typedef {import('./sockets/live-resource.js').ResourceOptions} ResourceOptions
 * @typedef {import('./sockets/live-resource.js').ResourceEvents} ResourceEvents
 * @typedef {import('./sockets/live-resource.js').Row} Row
 * @typedef {import('./sockets/live-resource.js').RowChange} RowChange
 * @typedef {import('./channels/contract.js').SubscribeOptions} SubscribeOptions
 * @typedef {import('./channels/contract.js').SubscriptionEvents} SubscriptionEvents
 * @typedef {import('./channels/contract.js').Message} Message
 * @typedef {import('./channels/contract.js').Gap} Gap
 * @typedef {import('./channels/contract.js').Member} Member
 * @typedef {import('./link/link.js').StateChange} StateChange
 * @typedef {import('./link/state.js').ConnectionState} ConnectionState
 * @typedef {import('./base/position.js').StreamPosition} StreamPosition
 * @typedef {import('./task.js').Task} Task
 * @typedef {import('./task.js').TaskState} TaskState
 * @typedef {import('./sockets/reconnecting-web-socket.js').ReconnectingWebSocketOptions} ReconnectingWebSocketOptions
 */
