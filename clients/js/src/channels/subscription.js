import { Emitter } from '../base/emitter.js';
import { missedSince, reaches } from '../base/position.js';
import { TidingsError } from '../base/tidings-error.js';
import { MessageStream } from './message-stream.js';

/**
 * @typedef {import('../base/position.js').StreamPosition} StreamPosition
 * @typedef {import('../base/position.js').Gap} Gap
 * @typedef {import('../commands/commands.js').Frame} Frame
 */

/**
 * @typedef {object} SubscribeOptions
 * @property {StreamPosition} [since] where to go on from, as `position` said it earlier
 * @property {number} [last]          how many of the newest messages to begin with; 0, as without it, for none. Not beside `since`
 * @property {boolean} [presence]     joins and leaves too
 * @property {string | ((channel: string) => string | undefined | Promise<string | undefined>)} [token] a token that grants this subscription, or what gets one; it is asked for another before the last one ends
 * @property {boolean} [conflate]     a reader that lags needs only the newest message of each key (over WebSocket, and where all subscriptions of the channel say so)
 */

/**
 * @typedef {object} Message
 * @property {string} channel
 * @property {number} [offset]  missing in what is said in passing
 * @property {any} data
 * @property {string} [event]   the name of the event that it is
 * @property {string} [from]    the user who published it
 * @property {string} [connection]  the connection that published it, where the channel's kind tells
 * @property {string} [key]
 * @property {number} time      Unix milliseconds
 * @property {true} [removed]   in a history: it was erased, and the offset is all there is of it
 * @property {true} [own]       this client published it; missing in the messages of others, and in what is said in passing
 */

/** @typedef {{ user: string, connections: number, info?: any }} Member */

/**
 * @typedef {object} Subscribed
 * @property {string} channel
 * @property {string} epoch
 * @property {number} offset       messages follow after it
 * @property {boolean} [recovered] only after coming back: whether nothing is missing
 * @property {{ members: Member[], count: number }} [presence]
 */

/** @typedef {{ channel: string, member: Member }} MemberChange */

/**
 * @typedef {SubscriptionEventMap & Record<`event:${string}`, Message>} SubscriptionEvents  `event:paid` tells the messages whose event is `paid`, after `message`
 *
 * @typedef {object} SubscriptionEventMap
 * @property {Message} message
 * @property {Subscribed} subscribed  at the beginning, and each time it is back
 * @property {Gap} gap
 * @property {{ channel: string, offset: number }} removed  a message was erased: what was kept of it is to go
 * @property {MemberChange} join
 * @property {MemberChange} leave
 * @property {{ channel: string, code?: string, reason?: string }} unsubscribed  refused, or ended by the server: it will not come back by itself
 * @property {{ channel: string, code: string, error: string }} error  could not be subscribed now; tried again
 */

/**
 * @typedef {object} PublishOptions
 * @property {string} [key]             of several messages with one key, readers that conflate get the newest
 * @property {string} [idempotencyKey]  without it a random one is drawn for each call
 * @property {boolean} [durable]        refused where a crash of the server's store could lose it
 * @property {string} [event]           the name of the event that the message is, as `paid`: 1 to 200 bytes of printable text
 * @property {boolean} [except]         this client does not get it live; it has its offset and is kept all the same
 * @property {boolean} [ephemeral]      said in passing: not kept, has no offset, and fails at once where there is no connection
 *
 * @typedef {{ channel: string, epoch?: string, offset?: number }} Published  Without a position: in passing, or dropped by the application.
 * @typedef {{ since?: StreamPosition, last?: number, before?: StreamPosition, limit?: number }} HistoryOptions  One of `since` (the messages after it), `before` (those just before it, in ascending order) and `last`; `limit` 0 asks for the position alone
 * @typedef {{ epoch: string, offset: number, messages: Omit<Message, 'channel'>[], recovered?: boolean }} History
 * @typedef {{ members: Member[], count: number }} Presence
 */

/**
 * What a subscription needs of its client.
 * @typedef {object} SubscriptionOwner
 * @property {(channel: string, data: unknown, options?: PublishOptions) => Promise<Published>} publish
 * @property {(channel: string, options?: HistoryOptions) => Promise<History>} history
 * @property {(channel: string, options?: { limit?: number }) => Promise<Presence>} presence
 * @property {(subscription: Subscription) => void} unsubscribe
 * @property {(error: Error) => void} [stopped]  there will be no connection until the client is told to connect
 */

/** How many events may wait while a subscription reads what it begins with; over it, it reads on. */
const MOST_WAITING = 1_000;

/**
 * One channel, followed through all connections until it is unsubscribed: each message once and in order; what cannot be had any more is told
 * by `gap`. It can be iterated: `for await (const message of subscription)`. Of one channel there may be several, each with its own beginning and end.
 * @extends {Emitter<SubscriptionEvents>}
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
  /** @type {Set<MessageStream<Message>>} */
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

  /** @param {unknown} data any JSON @param {PublishOptions} [options] */
  publish(data, options) {
    return this.#owner.publish(this.channel, data, options);
  }

  /** @param {HistoryOptions} [options] */
  history(options) {
    return this.#owner.history(this.channel, options);
  }

  /** Who is there. @param {{ limit?: number }} [options] */
  presence(options) {
    return this.#owner.presence(this.channel, options);
  }

  /** Ends it; loops over it end. Other subscriptions of the channel go on. */
  unsubscribe() {
    if (this.#ended) return;
    this.#end();
    this.#owner.unsubscribe(this);
  }

  /** @returns {AsyncIterableIterator<Message>} messages from now on */
  [Symbol.asyncIterator]() {
    /** @type {MessageStream<Message>} */
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
        break;
      case 'subscribed':
        this.#subscribed(frame);
        break;
      case 'gap':
        this.#gap(/** @type {any} */ (frame));
        break;
      case 'removed':
        this.#removed(frame.offset);
        break;
      case 'join':
      case 'leave':
        if (this.options.presence) this.emit(frame.type, { channel: this.channel, member: frame.member });
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

  /** @param {Message} message */
  #message({ channel, offset, event, data, from, connection, key, time, own }) {
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
      ...(from !== undefined && { from }),
      ...(connection !== undefined && { connection }),
      ...(key !== undefined && { key }),
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
