import { Emitter } from './base/emitter.js';

/**
 * @import { Chosen, Inferred, MessageOf, PublishedOf } from './application.js'
 * @typedef {import('./channels/contract.js').Published} Published
 * @typedef {import('./channels/contract.js').PublishOptions} PublishOptions
 */

/**
 * @template [T=any]
 * @typedef {object} MapEvents
 * @property {import('./channels/keyed-state.js').Change<T>} change  a key has another value, or is gone. A state that comes anew is told by what is different in it
 * @property {{ channel: string, size: number }} ready  all is there: at the beginning, and each time something was missed. After the changes that it brought
 * @property {{ channel: string, code?: string, reason?: string }} unsubscribed  refused, or ended by the server: it will not come back by itself
 * @property {{ channel: string, code: string, error: string }} error  could not be subscribed now; tried again
 */

/**
 * The state of a channel, as `Tidings.map` gives it.
 * @template [T=Inferred] @template [App=any] @template {string} [Name=string]
 * @param {import('./channel-client.js').ChannelClient<App>} client
 * @param {Name} channel
 * @param {Pick<import('./channels/contract.js').SubscribeOptions, 'token'>} [options]
 * @returns {ChannelMap<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>>}
 */
export function mapOf(client, channel, { token } = {}) {
  return new ChannelMap(channel, client.follow(channel, { ...(token !== undefined && { token }), state: true }), client);
}

/**
 * The state of a channel, kept as it is on the server until `close`: a value for each key, the newest that was published with it. The channel's kind has
 * `State`. Each change is told once and in order; after a gap the state is loaded again by itself. It iterates as a Map does: `for (const [key, value] of map)`.
 * @template [T=any] its values
 * @template [Said=T] what may be published as a value
 * @extends {Emitter<MapEvents<T>>}
 */
export class ChannelMap extends Emitter {
  #owner;
  #subscription;

  /**
   * @param {string} channel
   * @param {import('./channels/subscription.js').Subscription<T, any>} subscription
   * @param {Pick<import('./channel-client.js').ChannelClient, 'publish' | 'removeKey'>} owner
   * @internal
   */
  constructor(channel, subscription, owner) {
    super();
    this.channel = channel;
    this.#owner = owner;
    this.#subscription = subscription;
    subscription.on('change', (change) => this.emit('change', change));
    subscription.on('state', () => this.emit('ready', { channel, size: this.size }));
    subscription.on('unsubscribed', (detail) => this.emit('unsubscribed', detail));
    subscription.on('error', (detail) => this.emit('error', detail));
  }

  /** Whether all is there, as far as it is known here. False until the first answer, and after something was missed until it is loaded again. */
  get ready() {
    return this.#subscription.state.complete;
  }

  /** How many keys there are. */
  get size() {
    return this.#entries.size;
  }

  /** @param {string} key @returns {T | undefined} its value; undefined where there is none */
  get(key) {
    return this.#entries.get(key)?.value;
  }

  /** @param {string} key @returns {import('./channels/keyed-state.js').Entry<T> | undefined} its value, and when and by whom it was said */
  entry(key) {
    const entry = this.#entries.get(key);
    return entry && { ...entry };
  }

  /** @param {string} key */
  has(key) {
    return this.#entries.has(key);
  }

  keys() {
    return this.#entries.keys();
  }

  /** @returns {Generator<T>} */
  *values() {
    for (const { value } of this.#entries.values()) yield value;
  }

  /** @returns {Generator<[string, T]>} */
  *entries() {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  /**
   * Publishes a value for a key. It is here once the server has it: with the `change`.
   * @param {string} key 1 to 128 bytes @param {Said} value any JSON @param {Omit<PublishOptions, 'key' | 'ephemeral'>} [options]
   * @returns {Promise<Published>} fails with a TidingsError: `too_many` where the state is full, `not_allowed` where this user may not publish
   */
  set(key, value, options) {
    return this.#owner.publish(this.channel, value, { ...options, key });
  }

  /** Takes a key out. One that is not there is no fault. @param {string} key @returns {Promise<Published>} fails with a TidingsError */
  delete(key) {
    return this.#owner.removeKey(this.channel, key);
  }

  /** Ends it; what is here stays as it is. */
  close() {
    this.#subscription.unsubscribe();
  }

  get #entries() {
    return this.#subscription.state.entries;
  }
}
