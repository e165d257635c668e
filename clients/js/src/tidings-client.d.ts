// The types of the package.
export * from './index.js';
export type { Channel } from './channel.js';
export type { Application, Caller, Chosen, Exchange, Inferred, MessageOf, PublishedOf, ResultOf, ReturnOf, RowOf } from './application.js';
export type { StreamPosition } from './base/position.js';
export type { Gap, History, HistoryOptions, Member, Message, Presence, Published, PublishOptions, SubscribeOptions, SubscriptionEvents } from './channels/contract.js';
export type { Change, Entry } from './channels/keyed-state.js';
export type { MapEvents } from './channel-map.js';
export type { StateChange } from './link/link.js';
export type { ConnectionState } from './link/state.js';
export type { Load, Loaded } from './loaded-subscription.js';
export type { TidingsEvents, TidingsOptions } from './options.js';
export type { ResourceEvents, ResourceOptions, Row, RowChange } from './sockets/live-resource.js';
export type { ReconnectingWebSocketOptions } from './sockets/reconnecting-web-socket.js';
export type { Task, TaskState } from './task.js';

/**
 * What the application declares of itself: empty until a file adds to it. `tidings types` writes such a file; by hand it is
 * `declare module 'tidings-client' { interface Register { channels: { 'chat:{room}': Line } } }`. It has the members of {@link Application}.
 */
export interface Register {}
