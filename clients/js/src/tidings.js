import { hostOf } from './base/host.js';
import { ChannelClient } from './channel-client.js';
import { mapOf } from './channel-map.js';
import { loadedOf } from './loaded-subscription.js';
import { resourceOf } from './resource.js';
import { taskOf } from './task.js';
import { eventStream, polling, webSocket } from './transports/ways.js';

/**
 * @import { Chosen, Inferred, MessageOf, PublishedOf, Register, ResultOf, RowOf } from './application.js'
 * @import { SubscribeOptions } from './channels/contract.js'
 * @import { Load, Loaded, LoadedSubscription } from './loaded-subscription.js'
 * @import { TidingsOptions } from './options.js'
 */

/**
 * A connection to Tidings that comes back by itself. It begins to connect as soon as the code that made it has run; where that code asked for resources
 * alone, as soon as something else is asked for or listened to.
 * @template [App=Register] what the application declares of itself
 * @extends {ChannelClient<App>}
 */
export class Tidings extends ChannelClient {
  /**
   * @param {string | URL} url of `/connect`, ws:, wss:, http: or https:; in a browser it may be relative to the page
   * @param {TidingsOptions} [options]
   * @param {import('./base/host.js').Host} [host] for tests
   */
  constructor(url, options = {}, host = hostOf(options)) {
    const { transports } = options;
    super(url, options, [webSocket, eventStream, polling].filter(({ kind }) => transports?.includes(kind) ?? true), host);
  }

  /**
   * Follows a channel until `unsubscribe`, through all connections. Of one channel there may be several subscriptions: the server knows one, and
   * each has its own beginning and end. With `load` it begins with the application's own state, and loads it again where it cannot be followed any more.
   * Throws a TypeError when the options are not to be had in JSON.
   * @template [T=Inferred] @template {string} [Name=string] @template {Loaded} [State=Loaded]
   * @overload
   * @param {Name} channel @param {SubscribeOptions & { load: Load<State> }} options
   * @returns {LoadedSubscription<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>, State>}
   */
  /**
   * @template [T=Inferred] @template {string} [Name=string]
   * @overload
   * @param {Name} channel @param {SubscribeOptions} [options]
   * @returns {import('./channels/subscription.js').Subscription<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>>}
   */
  /** @param {string} channel @param {any} [options] @returns {any} */
  subscribe(channel, options = {}) {
    return options.load ? loadedOf(this, channel, options) : super.subscribe(channel, options);
  }

  /**
   * The state of a channel, a value for each key, kept as it is on the server until `close`. Its kind has `State`.
   * It needs a WebSocket or Server-Sent Events.
   * @template [T=Inferred] @template {string} [Name=string]
   * @param {Name} channel
   * @param {Pick<SubscribeOptions, 'token'>} [options]
   * @returns {import('./channel-map.js').ChannelMap<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>>}
   */
  map(channel, options) {
    return mapOf(this, channel, options);
  }

  /**
   * A task, to watch its progress, wait for its result, or cancel it. While it is watched, the same id is the same task.
   * `task<Report>(id)` says what it results in, `task<'report'>(id)` where the application declares that.
   * @template [T=Inferred]
   * @param {string} id @returns {import('./task.js').Task<ResultOf<App, T>>}
   */
  task(id) {
    return taskOf(this, id);
  }

  /**
   * The rows of a live resource, kept as they are on the server until `close`. It has a connection of its own, and asks for no other.
   * @template [T=Inferred] @template {string} [Name=string]
   * @param {Name} name as `items`
   * @param {import('./sockets/live-resource.js').ResourceOptions} [options]
   * @returns {import('./sockets/live-resource.js').LiveResource<Chosen<T, RowOf<App, Name>>>}
   */
  resource(name, options) {
    return resourceOf(this, name, options);
  }
}
