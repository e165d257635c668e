import { textOf } from './base/application-code.js';
import { backoff } from './base/backoff.js';
import { Emitter } from './base/emitter.js';
import { TidingsError } from './base/tidings-error.js';
import { Members } from './channels/members.js';
import { MessageStream } from './channels/message-stream.js';

/**
 * @import { Chosen, Inferred, MessageOf, PublishedOf } from './application.js'
 * @typedef {import('./base/position.js').StreamPosition} StreamPosition
 * @typedef {import('./channels/subscription.js').Subscription<any, any>} Subscription
 * @typedef {import('./channels/contract.js').SubscribeOptions} SubscribeOptions
 *
 * @typedef {{ position: StreamPosition } & Record<string, any>} Loaded  The application's state, and the position that was read before it.
 */

/**
 * @template {Loaded} [State=Loaded]
 * @typedef {() => Promise<State>} Load
 */

/**
 * A channel whose state the application keeps, as `Tidings.subscribe` gives it with `load`.
 * @template [T=Inferred] @template [App=any] @template {string} [Name=string] @template {Loaded} [State=Loaded]
 * @param {import('./channel-client.js').ChannelClient<App>} client
 * @param {Name} channel
 * @param {SubscribeOptions & { load: Load<State> }} options
 * @returns {LoadedSubscription<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>, State>}
 */
export function loadedOf(client, channel, options) {
  JSON.stringify(options);
  return new LoadedSubscription(channel, options, client);
}

/**
 * A channel whose state the application keeps: `load` gets it, with the position that was read before it; messages follow after that position. Where what came
 * after it is gone, the state is loaded again. The same events, calls and loops as of a {@link Subscription}, and `loaded` before the first message of each state.
 * @template [T=any] what its messages are
 * @template [Said=any] what may be published in it
 * @template {Loaded} [State=Loaded] what `load` gets
 * @extends {Emitter<import('./channels/contract.js').SubscriptionEvents<T> & { loaded: State }>}
 */
export class LoadedSubscription extends Emitter {
  #options;
  #client;
  /** What follows the present state; undefined while one is loaded. @type {Subscription | undefined} */
  #inner;
  /** How often in a row a state was not followed by its messages. */
  #attempt = 0;
  #cancelWait = () => {};
  #ended = false;
  /** @type {Set<MessageStream<import('./channels/contract.js').Message<T>>>} */
  #streams = new Set();

  /**
   * @param {string} channel
   * @param {SubscribeOptions & { load: Load<State> }} options
   * @param {import('./channel-client.js').ChannelClient<any>} client
   * @internal
   */
  constructor(channel, options, client) {
    super();
    this.channel = channel;
    /** Who is there, with `presence`; empty without. */
    this.members = new Members();
    this.#options = { ...options };
    this.#client = client;
    // Whoever subscribes has then had the time to listen.
    queueMicrotask(() => void this.#begin());
  }

  /** Up to where the application was told; undefined while its state is loaded. */
  get position() {
    return this.#inner?.position;
  }

  /** Whether messages come now. */
  get active() {
    return this.#inner?.active ?? false;
  }

  /** Whether it was unsubscribed, refused, or ended by the server. */
  get ended() {
    return this.#ended;
  }

  /** @param {Said | ArrayBuffer | ArrayBufferView} data any JSON, or bytes @param {import('./channels/contract.js').PublishOptions} [options] */
  publish(data, options) {
    return this.#client.publish(this.channel, data, options);
  }

  /** @param {import('./channels/contract.js').HistoryOptions} [options] @returns {Promise<import('./channels/contract.js').History<T>>} */
  history(options) {
    return this.#client.history(this.channel, options);
  }

  /** Who is there. @param {{ limit?: number }} [options] */
  presence(options) {
    return this.#client.presence(this.channel, options);
  }

  /**
   * Says what others are shown of this client's member, as {@link Subscription.track} does.
   * @param {any} info JSON of at most 4 KB; null for nothing
   * @returns {Promise<void>} fails with a TidingsError
   */
  async track(info) {
    this.#options.info = info ?? null;
    await this.#inner?.track(info);
  }

  /** Ends it; loops over it end. What is being loaded is dropped. */
  unsubscribe() {
    this.#inner?.unsubscribe();
    this.#end();
  }

  /** @returns {AsyncIterableIterator<import('./channels/contract.js').Message<T>>} messages from now on */
  [Symbol.asyncIterator]() {
    /** @type {MessageStream<import('./channels/contract.js').Message<T>>} */
    const stream = new MessageStream((left) => this.#streams.delete(left));
    if (this.#ended) stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  async #begin() {
    if (this.#ended) return;
    try {
      const state = await this.#options.load();
      const { epoch, offset } = positionOf(state);
      if (this.#ended) return;
      this.emit('loaded', state);
      this.#follow({ epoch, offset });
    } catch (error) {
      if (this.#ended) return;
      this.emit('error', { channel: this.channel, code: 'load_failed', error: textOf(error) });
      this.#again();
    }
  }

  /** Loads later: a crowd that missed the same does not come to the back end at once. */
  #again() {
    this.#inner = undefined;
    const { host } = this.#client;
    this.#cancelWait = host.after(() => void this.#begin(), backoff(this.#attempt++, host.random));
  }

  /** @param {StreamPosition} since */
  #follow(since) {
    const { load: _, last: __, ...options } = this.#options;
    const inner = this.#client.follow(this.channel, { ...options, since }, (error) => this.#endStreams(error), this.members);
    this.#inner = inner;
    // Over plain requests whether all follows shows in what follows.
    inner.on('message', (message) => {
      this.#attempt = 0;
      this.emit('message', message);
      if (message.event !== undefined) this.emit(`event:${message.event}`, message);
      for (const stream of this.#streams) stream.push(message);
    });
    inner.on('subscribed', (detail) => {
      if (detail.recovered) this.#attempt = 0;
      this.emit('subscribed', detail);
    });
    inner.on('gap', (gap) => {
      // What comes now is part of the state that is loaded next, or follows it.
      inner.unsubscribe();
      if (!this.#ended) this.#again();
      this.emit('gap', gap);
    });
    inner.on('unsubscribed', (detail) => {
      this.#end(detail.code === undefined ? undefined : new TidingsError(detail.code, detail.reason ?? 'Unsubscribed'));
      this.emit('unsubscribed', detail);
    });
    for (const name of /** @type {const} */ (['removed', 'join', 'leave', 'update', 'occupancy', 'error'])) inner.on(name, (/** @type {any} */ detail) => this.emit(name, detail));
  }

  /** @param {Error} [error] */
  #end(error) {
    this.#ended = true;
    this.#cancelWait();
    this.#endStreams(error);
  }

  /** @param {Error} [error] */
  #endStreams(error) {
    for (const stream of this.#streams) stream.end(error);
    this.#streams.clear();
  }
}

/** @param {Loaded} state @returns {StreamPosition} */
function positionOf(state) {
  const { epoch, offset } = /** @type {any} */ (state)?.position ?? {};
  if (typeof epoch !== 'string' || !Number.isSafeInteger(offset) || offset < 0) throw new TypeError('`load` must return `position`, { epoch, offset }, as it was read before the state.');
  return { epoch, offset };
}
