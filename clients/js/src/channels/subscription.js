import { Emitter } from '../base/emitter.js';
import { missedSince, reaches } from '../base/position.js';
import { TidingsError } from '../base/tidings-error.js';
import { Members } from './members.js';
import { MessageStream } from './message-stream.js';

/**
 * @typedef {import('../base/position.js').StreamPosition} StreamPosition
 * @typedef {import('../base/position.js').Gap} Gap
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('./contract.js').SubscribeOptions} SubscribeOptions
 * @typedef {import('./contract.js').Message} Message
 * @typedef {import('./contract.js').PublishOptions} PublishOptions
 * @typedef {import('./contract.js').Published} Published
 * @typedef {import('./contract.js').HistoryOptions} HistoryOptions
 * @typedef {import('./contract.js').Presence} Presence
 */

/**
 * What a subscription needs of its client.
 * @typedef {object} SubscriptionOwner
 * @property {(channel: string, data: unknown, options?: PublishOptions) => Promise<Published>} publish
 * @property {(channel: string, options?: HistoryOptions) => Promise<import('./contract.js').History>} history
 * @property {(channel: string, options?: { limit?: number }) => Promise<Presence>} presence
 * @property {(channel: string, info: any) => Promise<unknown>} track
 * @property {Members} [members]  where members are kept that outlive the subscription
 * @property {(subscription: Subscription) => void} unsubscribe
 * @property {(error: Error) => void} [stopped]  there will be no connection until the client is told to connect
 */

/** How many events may wait while a subscription reads what it begins with; over it, it reads on. */
const MOST_WAITING = 1_000;

/**
 * One channel, followed through all connections until it is unsubscribed: each message once and in order; what cannot be had any more is told
 * by `gap`. It can be iterated: `for await (const message of subscription)`. Of one channel there may be several, each with its own beginning and end.
 * @template [T=any] what its messages are
 * @template [Said=any] what may be published in it
 * @extends {Emitter<import('./contract.js').SubscriptionEvents<T>>}
 */
export class Subscription extends Emitter {
  #owner;
  #shared;
  /** Up to where it was told. @type {StreamPosition | undefined} */
  #position;
  /** Whether it has a place in what comes live. */
  #begun = false;
  /** What comes while it reads what it begins with. @type {Frame[] | undefined} */
  #waiting;
  #overflowed = false;
  #ended = false;
  /** @type {Error | undefined} */
  #endError;
  /** @type {Set<MessageStream<import('./contract.js').Message<T>>>} */
  #streams = new Set();

  /**
   * @param {SubscribeOptions} options
   * @param {import('./shared-channel.js').SharedChannel} shared
   * @param {SubscriptionOwner} owner
   * @internal
   */
  constructor(options, shared, owner) {
    super();
    this.channel = shared.channel;
    /** Who is there, with `presence`; empty without. */
    this.members = owner.members ?? new Members();
    /** @internal */
    this.options = options;
    this.#position = options.since;
    this.#shared = shared;
    this.#owner = owner;
  }

  /** Where it would go on from: the last message that was told, or the beginning. Undefined until there is an answer. */
  get position() {
    return this.#position && { ...this.#position };
  }

  /** Whether messages come now. */
  get active() {
    return !this.#ended && this.#begun && !this.#waiting && this.#shared.active;
  }

  /** Whether it was unsubscribed, refused, or ended by the server. */
  get ended() {
    return this.#ended;
  }

  /** The channel's state. @internal */
  get state() {
    return this.#shared.state;
  }

  /** @param {Said | ArrayBuffer | ArrayBufferView} data any JSON, or bytes @param {PublishOptions} [options] */
  publish(data, options) {
    return this.#owner.publish(this.channel, data, options);
  }

  /** @param {HistoryOptions} [options] @returns {Promise<import('./contract.js').History<T>>} */
  history(options) {
    return this.#owner.history(this.channel, options);
  }

  /** Who is there. @param {{ limit?: number }} [options] */
  presence(options) {
    return this.#owner.presence(this.channel, options);
  }

  /**
   * Says what others are shown of this client's member, here and after each time it was away, where the channel's kind has `PresenceInfo`. Of several subscriptions
   * of a channel the last call counts. Where the channel is not subscribed now, it completes at once, and what was said goes with the subscription.
   * @param {any} info JSON of at most 4 KB; null for nothing
   * @returns {Promise<void>} fails with a TidingsError
   */
  async track(info) {
    if (this.#shared.track(info)) await this.#owner.track(this.channel, info);
  }

  /** Ends it; loops over it end. Other subscriptions of the channel go on. */
  unsubscribe() {
    if (this.#ended) return;
    this.#end();
    this.#owner.unsubscribe(this);
  }

  /** @returns {AsyncIterableIterator<import('./contract.js').Message<T>>} messages from now on */
  [Symbol.asyncIterator]() {
    /** @type {MessageStream<import('./contract.js').Message<T>>} */
    const stream = new MessageStream((left) => this.#streams.delete(left));
    if (this.#ended || this.#endError) stream.end(this.#endError);
    else this.#streams.add(stream);
    return stream;
  }

  /** There will be no connection until the client is told to connect. @param {Error} error @internal */
  stop(error) {
    this.#endError = error;
    this.#endStreams();
    this.#owner.stopped?.(error);
  }

  /** There will be one. @internal */
  start() {
    this.#endError = undefined;
  }

  /** Begins in the midst of a channel that the client follows already. @internal */
  join() {
    const { since, last, presence } = this.options;
    this.#begun = true;
    if (since || last || presence) {
      void this.#read();
    } else {
      const now = /** @type {StreamPosition} */ (this.#shared.position);
      this.#position = now;
      // Whoever subscribes has then had the time to listen.
      queueMicrotask(() => this.#ended || this.emit('subscribed', { channel: this.channel, ...now }));
    }
    queueMicrotask(() => this.state.complete && this.told({ type: 'state', changes: [...this.state.entries].map(([key, { value }]) => ({ key, value })) }));
  }

  /** The server has ended it. @param {Frame} frame @internal */
  unsubscribed({ code, reason }) {
    this.#end(code === undefined ? undefined : new TidingsError(code, reason ?? 'Unsubscribed'));
    this.emit('unsubscribed', { channel: this.channel, ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) });
  }

  /** @param {Frame} frame what came, in order @internal */
  told(frame) {
    if (this.#ended || !(this.#begun || frame.type === 'subscribed' || frame.type === 'error')) return;
    if (this.#waiting) {
      this.#overflowed ||= this.#waiting.push(frame) > MOST_WAITING;
      if (this.#overflowed) this.#waiting = [];
      return;
    }
    switch (frame.type) {
      case 'message':
        this.#message(/** @type {any} */ (frame));
        this.#changed(frame);
        break;
      case 'state':
        this.#changed(frame);
        if (this.options.state) this.emit('state', {});
        break;
      case 'subscribed':
        this.#subscribed(frame);
        break;
      case 'gap':
        this.#gap(/** @type {any} */ (frame));
        break;
      case 'removed':
        this.#removed(frame.offset);
        this.#changed(frame);
        break;
      case 'occupancy':
        if (this.options.occupancy) this.emit('occupancy', { channel: this.channel, subscribers: frame.subscribers });
        break;
      case 'join':
      case 'leave':
      case 'update':
        if (!this.options.presence) break;
        this.members.told(frame.type, frame.member);
        this.emit(frame.type, { channel: this.channel, member: frame.member });
        break;
      case 'error':
        this.emit('error', { channel: this.channel, code: frame.code, error: frame.error });
        break;
    }
  }

  /** @param {Frame} frame */
  #subscribed({ epoch, offset, recovered, presence, beginsAs }) {
    if (!this.#begun) {
      this.#begun = true;
      const { since, last = 0 } = this.options;
      if (beginsAs === undefined || beginsAs.since !== since || (beginsAs.last ?? 0) !== last) {
        void this.#read();
        return;
      }
    }
    this.#goesOn({ epoch, offset }, recovered, presence);
  }

  /** @param {StreamPosition} now @param {boolean} [recovered] @param {Presence} [presence] */
  #goesOn(now, recovered, presence) {
    const before = this.#position;
    const reached = reaches(before, now);
    if (!reached) this.#position = now;
    if (presence !== undefined && this.options.presence) this.members.set(presence);
    else if (this.options.presence) void this.#readMembers();
    this.emit('subscribed', {
      channel: this.channel,
      ...now,
      ...(recovered !== undefined && { recovered }),
      ...(presence !== undefined && this.options.presence && { presence }),
    });
    if (recovered === false && before && !reached) this.emit('gap', missedSince(before, this.channel, now));
  }

  /** Reads what it begins with from the history, until there is no difference to what comes live. */
  async #read() {
    const { last = 0, presence } = this.options;
    this.#waiting = [];
    try {
      const members = presence ? await this.presence() : undefined;
      for (let announced = false, reached = false; !reached; announced = true) {
        this.#waiting = [];
        this.#overflowed = false;
        const since = this.#position;
        const { epoch, offset, messages, recovered } = await this.history(since ? { since } : { last: last || 1 });
        if (this.#ended) return;
        const told = since || last > 0 ? messages : [];
        if (!announced) this.#goesOn(since && recovered ? since : { epoch, offset: since || !told[0] ? offset : Number(told[0].offset) - 1 }, recovered, members);
        else if (recovered === false) this.#gap(missedSince(/** @type {StreamPosition} */ (since), this.channel, { epoch, offset }));
        for (const message of told) message.removed ? this.#removed(Number(message.offset)) : this.#message({ channel: this.channel, ...message });
        if (told.length === 0) this.#position = { epoch, offset };
        reached = reaches(this.#position, { epoch, offset }) && !this.#overflowed;
      }
    } catch (error) {
      this.#readFailed(/** @type {TidingsError} */ (error));
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const frame of waiting) this.told(frame);
  }

  /** A stream or a poll does not say who is there: what is told of members meanwhile comes after the list. */
  async #readMembers() {
    try {
      const presence = await this.presence();
      if (!this.#ended) this.members.set(presence);
    } catch {
      // They are as they were, and asked for again when the subscription is back.
    }
  }

  /** @param {TidingsError} error */
  #readFailed({ code, message }) {
    if (this.#endError) {
      // The client is closed: it begins when there is a connection again.
      this.#begun = false;
    } else if (!this.#ended) {
      this.emit('error', { channel: this.channel, code, error: message });
      this.#goesOn(/** @type {StreamPosition} */ (this.#shared.position), this.#position && false);
    }
  }

  /** @param {Frame} frame with what is different in the state by it */
  #changed({ changes = [] }) {
    if (this.options.state) for (const change of changes) if (!this.#ended) this.emit('change', change);
  }

  /** @param {Message} message */
  #message({ channel, offset, event, data, bytes, from, connection, key, remove, time, own }) {
    if (this.#ended) return;
    if (offset !== undefined && this.#position) {
      if (offset <= this.#position.offset) return;
      this.#position = { ...this.#position, offset };
    }
    /** @type {Message} */
    const message = {
      channel,
      ...(offset !== undefined && { offset }),
      ...(event !== undefined && { event }),
      data,
      ...(bytes && { bytes }),
      ...(from !== undefined && { from }),
      ...(connection !== undefined && { connection }),
      ...(key !== undefined && { key }),
      ...(remove && { remove }),
      time,
      ...(own && { own }),
    };
    this.emit('message', message);
    if (event !== undefined) this.emit(`event:${event}`, message);
    for (const stream of this.#streams) stream.push(message);
  }

  /** @param {number} offset */
  #removed(offset) {
    if (this.#ended) return;
    if (this.#position && offset > this.#position.offset) this.#position = { ...this.#position, offset };
    this.emit('removed', { channel: this.channel, offset });
  }

  /** @param {Gap} gap */
  #gap({ channel, epoch, offset, from, to, reason }) {
    if (reaches(this.#position, { epoch, offset })) return;
    this.#position = { epoch, offset };
    this.emit('gap', { channel, epoch, offset, from, to, reason });
  }

  /** @param {Error} [error] */
  #end(error) {
    this.#ended = true;
    this.#endError = error;
    this.#endStreams();
  }

  #endStreams() {
    for (const stream of this.#streams) stream.end(this.#endError);
    this.#streams.clear();
  }
}
