import { backoff } from './backoff.js';
import { missedSince, Subscription } from './subscription.js';

/**
 * @typedef {import('./commands.js').Frame} Frame
 * @typedef {import('./position.js').StreamPosition} StreamPosition
 */

/** All channels of a client: those that the application follows, and those that the server subscribed. */
export class Subscriptions {
  #host;
  #newId;
  #send;
  #onServed;
  /** @type {Map<string, Subscription>} */
  #followed = new Map();
  /** What the server subscribed and nobody follows: where each stands. @type {Map<string, StreamPosition>} */
  #served = new Map();
  /** What the server has subscribed on this connection. @type {Set<string>} */
  #held = new Set();
  /** Subscribe commands without an answer. @type {Map<number, Subscription>} */
  #asked = new Map();
  #open = false;
  #retries = 0;
  #cancelRetry = () => {};

  /**
   * @param {import('./host.js').Host} host
   * @param {() => number} newId
   * @param {(commands: Frame[]) => void} send
   * @param {(name: 'message' | 'gap', detail: any) => void} onServed  what comes in channels that nobody follows
   */
  constructor(host, newId, send, onServed) {
    this.#host = host;
    this.#newId = newId;
    this.#send = send;
    this.#onServed = onServed;
  }

  /**
   * The same channel twice is one subscription, with the options of the first.
   * @param {string} channel
   * @param {import('./subscription.js').SubscribeOptions} options
   * @param {import('./subscription.js').SubscriptionOwner} owner
   */
  add(channel, options, owner) {
    let subscription = this.#followed.get(channel);
    if (subscription === undefined) {
      this.#followed.set(channel, (subscription = new Subscription(channel, options, owner)));
      if (this.#open) this.#ask(subscription);
    }
    return subscription;
  }

  /** @param {Subscription} subscription that the application has ended */
  remove({ channel }) {
    this.#followed.delete(channel);
    if (this.#open) this.#send([{ type: 'unsubscribe', channel, id: this.#newId() }]);
  }

  /** @returns {Frame[]} what a connection that begins now would be asked for */
  commands() {
    return [...this.#followed.values()].map((subscription) => subscription.command());
  }

  /** @returns {ReadonlyMap<string, StreamPosition>} where the channels stand that the server subscribed */
  get served() {
    return this.#served;
  }

  /** @param {(StreamPosition & { channel: string })[]} subscribed by the server */
  opened(subscribed) {
    this.#open = true;
    this.#retries = 0;
    const before = this.#served;
    this.#served = new Map();
    this.#held = new Set(subscribed.map(({ channel }) => channel));
    for (const { channel, epoch, offset } of subscribed) {
      if (this.#followed.has(channel)) continue;
      this.#served.set(channel, { epoch, offset });
      const known = before.get(channel);
      if (known && (known.epoch !== epoch || known.offset < offset)) this.#onServed('gap', missedSince(known, channel, { epoch, offset }));
    }
    this.#ask(...this.#followed.values());
  }

  /** The connection has ended. */
  lost() {
    this.#open = false;
    this.#asked.clear();
    this.#cancelRetry();
    for (const subscription of this.#followed.values()) subscription.suspend();
  }

  /** There will be no connection. @param {Error} error */
  closed(error) {
    this.lost();
    for (const subscription of this.#followed.values()) subscription.stop(error);
  }

  /** @param {Frame} frame @returns {boolean} whether it was for a channel, or an answer to a subscription */
  receive(frame) {
    switch (frame.type) {
      case 'message':
      case 'gap':
      case 'join':
      case 'leave':
        this.#told(frame);
        return true;
      case 'subscribed':
        this.#subscribed(frame);
        return true;
      case 'unsubscribed':
        if (frame.id === undefined) this.#unsubscribed(frame);
        return true;
      case 'error':
        return this.#refused(frame);
      default:
        return false;
    }
  }

  /** @param {Frame} frame */
  #told(frame) {
    const subscription = this.#followed.get(frame.channel);
    const served = this.#served.get(frame.channel);
    if (subscription) {
      subscription.told(frame);
    } else if (served) {
      const { type, ...detail } = frame;
      if (type === 'message' && detail.offset <= served.offset) return;
      if (type === 'gap') this.#served.set(frame.channel, { epoch: frame.epoch, offset: frame.offset });
      else if (detail.offset !== undefined) served.offset = detail.offset;
      if (type === 'message' || type === 'gap') this.#onServed(type, detail);
    }
  }

  /** @param {Frame} frame */
  #subscribed(frame) {
    const subscription = this.#asked.get(frame.id);
    if (subscription) {
      this.#asked.delete(frame.id);
      if (!subscription.ended) subscription.subscribed(frame);
    } else if (frame.id === undefined) {
      this.#held.add(frame.channel);
      if (!this.#followed.has(frame.channel)) this.#served.set(frame.channel, { epoch: frame.epoch, offset: frame.offset });
    }
  }

  /** @param {Frame} frame */
  #unsubscribed(frame) {
    const subscription = this.#followed.get(frame.channel);
    this.#served.delete(frame.channel);
    this.#held.delete(frame.channel);
    this.#followed.delete(frame.channel);
    subscription?.unsubscribed(frame);
  }

  /** @param {Frame} frame */
  #refused(frame) {
    const subscription = this.#asked.get(frame.id);
    if (subscription === undefined) return false;
    this.#asked.delete(frame.id);
    if (subscription.ended) return true;
    if (frame.code === 'conflict') this.#held.add(subscription.channel);
    if (subscription.refused(frame)) this.#askLater();
    else this.#followed.delete(subscription.channel);
    return true;
  }

  /** Asks for all that is neither active nor asked for, after an ordinary back-off. */
  #askLater() {
    this.#cancelRetry();
    this.#cancelRetry = this.#host.after(() => {
      const asked = new Set(this.#asked.values());
      this.#ask(...[...this.#followed.values()].filter((subscription) => !subscription.active && !asked.has(subscription)));
    }, backoff(this.#retries++, this.#host.random));
  }

  /** @param {...Subscription} subscriptions */
  #ask(...subscriptions) {
    /** @type {Frame[]} */
    const commands = [];
    for (const subscription of subscriptions) {
      const { channel } = subscription;
      this.#served.delete(channel);
      // Only a subscription of our own takes a position, a `last` or presence.
      if (this.#held.delete(channel)) commands.push({ type: 'unsubscribe', channel, id: this.#newId() });
      const id = this.#newId();
      this.#asked.set(id, subscription);
      commands.push({ ...subscription.command(), id });
    }
    if (commands.length > 0) this.#send(commands);
  }
}
