import { Emitter } from './emitter.js';
import { MessageStream } from './message-stream.js';
import { TidingsError } from './tidings-error.js';

/**
 * @typedef {import('./position.js').StreamPosition} StreamPosition
 * @typedef {import('./commands.js').Frame} Frame
 *
 * @typedef {object} SubscribeOptions
 * @property {StreamPosition} [since] where to go on from, as `position` said it earlier
 * @property {number} [last]          how many of the newest messages to begin with; not beside `since`
 * @property {boolean} [presence]     joins and leaves too
 * @property {boolean} [conflate]     whoever lags needs only the newest message of each key (over WebSocket)
 *
 * @typedef {object} Message
 * @property {string} channel
 * @property {number} [offset]  missing in what is said in passing
 * @property {any} data
 * @property {string} [from]    the user who published it
 * @property {string} [key]
 * @property {number} time      Unix milliseconds
 *
 * @typedef {{ user: string, connections: number, info?: any }} Member
 *
 * @typedef {object} Subscribed
 * @property {string} channel
 * @property {string} epoch
 * @property {number} offset       messages follow after it
 * @property {boolean} [recovered] only after coming back: whether nothing is missing
 * @property {{ members: Member[], count: number }} [presence]
 *
 * Something was missed and is gone: load the state anew. The subscription goes on after `epoch` and `offset`.
 * @typedef {object} Gap
 * @property {string} channel
 * @property {string} epoch
 * @property {number} offset
 * @property {number} from  the first offset that is missing
 * @property {number} to    the last one; `from` − 1 where the log began anew and nobody knows
 * @property {'trimmed' | 'slow' | 'epoch'} reason
 *
 * @typedef {{ channel: string, member: Member }} MemberChange
 *
 * @typedef {object} SubscriptionEvents
 * @property {Message} message
 * @property {Subscribed} subscribed  at the beginning, and each time it is back
 * @property {Gap} gap
 * @property {MemberChange} join
 * @property {MemberChange} leave
 * @property {{ channel: string, code?: string, reason?: string }} unsubscribed  refused, or ended by the server: it will not come back by itself
 * @property {{ channel: string, code: string, error: string }} error  could not be subscribed now; tried again
 *
 * What a subscription needs of its client.
 * @typedef {object} SubscriptionOwner
 * @property {(channel: string, data: unknown, options?: import('./tidings.js').PublishOptions) => Promise<import('./tidings.js').Published>} publish
 * @property {(channel: string, options?: import('./tidings.js').HistoryOptions) => Promise<import('./tidings.js').History>} history
 * @property {(channel: string, options?: { limit?: number }) => Promise<import('./tidings.js').Presence>} presence
 * @property {(subscription: Subscription) => void} unsubscribe
 */

/** Errors after which the same command may succeed later. */
const passing = new Set(['rate_limited', 'unavailable', 'timeout', 'internal', 'conflict']);

/**
 * One channel, followed through all connections: each message once and in order; what cannot be had any more is told by `gap`.
 * It can be iterated: `for await (const message of subscription)`.
 * @extends {Emitter<SubscriptionEvents>}
 */
export class Subscription extends Emitter {
  #owner;
  #options;
  /** @type {StreamPosition | undefined} */
  #position;
  /** Whether the present connection has answered. */
  #active = false;
  #ended = false;
  /** @type {Error | undefined} */
  #endError;
  /** @type {Set<MessageStream<Message>>} */
  #streams = new Set();

  /**
   * @param {string} channel
   * @param {SubscribeOptions} options
   * @param {SubscriptionOwner} owner
   * @internal
   */
  constructor(channel, options, owner) {
    super();
    this.channel = channel;
    this.#options = options;
    this.#position = options.since;
    this.#owner = owner;
  }

  /** Where it would go on from: the last message that was told, or the beginning. Undefined until there is an answer. */
  get position() {
    return this.#position && { ...this.#position };
  }

  /** Whether messages come now. */
  get active() {
    return this.#active;
  }

  /** Whether it was unsubscribed, refused, or ended by the server. */
  get ended() {
    return this.#ended;
  }

  /** @param {unknown} data any JSON @param {import('./tidings.js').PublishOptions} [options] */
  publish(data, options) {
    return this.#owner.publish(this.channel, data, options);
  }

  /** @param {import('./tidings.js').HistoryOptions} [options] */
  history(options) {
    return this.#owner.history(this.channel, options);
  }

  /** Who is there. @param {{ limit?: number }} [options] */
  presence(options) {
    return this.#owner.presence(this.channel, options);
  }

  /** Ends it; loops over it end. */
  unsubscribe() {
    if (this.#ended) return;
    this.#end();
    this.#owner.unsubscribe(this);
  }

  /** @returns {AsyncIterableIterator<Message>} messages from now on */
  [Symbol.asyncIterator]() {
    /** @type {MessageStream<Message>} */
    const stream = new MessageStream((ended) => this.#streams.delete(ended));
    if (this.#ended) stream.end(this.#endError);
    else this.#streams.add(stream);
    return stream;
  }

  /** The command that (re)makes it. @returns {Frame} @internal */
  command() {
    const { last, presence, conflate } = this.#options;
    return {
      type: 'subscribe',
      channel: this.channel,
      ...(this.#position ? { since: { ...this.#position } } : last !== undefined && { last }),
      ...(presence && { presence }),
      ...(conflate && { conflate }),
    };
  }

  /** The connection has ended. @internal */
  suspend() {
    this.#active = false;
  }

  /** There will be no connection until the client is told to connect. @param {Error} error @internal */
  stop(error) {
    for (const stream of this.#streams) stream.end(error);
    this.#streams.clear();
  }

  /** @param {Frame} frame @internal */
  subscribed({ channel, epoch, offset, recovered, presence }) {
    const before = this.#position;
    this.#active = true;
    this.#position = { epoch, offset };
    this.emit('subscribed', { channel, epoch, offset, ...(recovered !== undefined && { recovered }), ...(presence !== undefined && { presence }) });
    if (recovered === false && before) this.emit('gap', missedSince(before, channel, { epoch, offset }));
  }

  /** @param {Frame} frame @returns {boolean} whether it may be asked for again later @internal */
  refused({ code, error }) {
    if (passing.has(code)) {
      this.emit('error', { channel: this.channel, code, error });
      return true;
    }
    this.unsubscribed({ type: 'unsubscribed', code, reason: error });
    return false;
  }

  /** The server has ended it. @param {Frame} frame @internal */
  unsubscribed({ code, reason }) {
    this.#end(code === undefined ? undefined : new TidingsError(code, reason ?? 'Unsubscribed'));
    this.emit('unsubscribed', { channel: this.channel, ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) });
  }

  /** @param {Frame} frame a message, gap, join or leave of this channel @internal */
  told(frame) {
    if (!this.#active) return;
    const { type, ...detail } = frame;
    switch (type) {
      case 'message':
        this.#message(/** @type {Message} */ (detail));
        break;
      case 'gap':
        this.#gap(/** @type {Gap} */ (detail));
        break;
      case 'join':
      case 'leave':
        if (this.#options.presence) this.emit(type, { channel: this.channel, member: detail.member });
        break;
    }
  }

  /** @param {Message} message */
  #message({ channel, offset, data, from, key, time }) {
    if (offset !== undefined && this.#position) {
      if (offset <= this.#position.offset) return;
      this.#position = { ...this.#position, offset };
    }
    const message = { channel, ...(offset !== undefined && { offset }), data, ...(from !== undefined && { from }), ...(key !== undefined && { key }), time };
    this.emit('message', message);
    for (const stream of this.#streams) stream.push(message);
  }

  /** @param {Gap} gap */
  #gap({ channel, epoch, offset, from, to, reason }) {
    // `recovered: false` has told it already.
    if (this.#position?.epoch === epoch && this.#position.offset >= offset) return;
    this.#position = { epoch, offset };
    this.emit('gap', { channel, epoch, offset, from, to, reason });
  }

  /** @param {Error} [error] */
  #end(error) {
    this.#ended = true;
    this.#active = false;
    this.#endError = error;
    for (const stream of this.#streams) stream.end(error);
    this.#streams.clear();
  }
}

/**
 * @param {StreamPosition} before
 * @param {string} channel
 * @param {StreamPosition} now
 * @returns {Gap}
 */
export function missedSince(before, channel, { epoch, offset }) {
  const from = before.offset + 1;
  return before.epoch === epoch ? { channel, epoch, offset, from, to: offset, reason: 'trimmed' } : { channel, epoch, offset, from, to: before.offset, reason: 'epoch' };
}
