import { backoff } from '../base/backoff.js';
import { missedSince } from '../base/position.js';
import { askedWait } from '../base/waits.js';
import { SharedChannel } from './shared-channel.js';
import { Subscription } from './subscription.js';

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('../base/position.js').StreamPosition} StreamPosition
 */

/** Errors after which the same command may succeed later. */
const passing = new Set(['rate_limited', 'unavailable', 'timeout', 'internal', 'conflict']);

/** All channels of a client: those that the application follows, and those that the server subscribed. */
export class Subscriptions {
  #host;
  #newId;
  #send;
  #onServed;
  #own;
  /** @type {Map<string, SharedChannel>} */
  #followed = new Map();
  /** What the server subscribed and nobody follows: where each stands. @type {Map<string, StreamPosition>} */
  #served = new Map();
  /** What the server has subscribed on this connection. @type {Set<string>} */
  #held = new Set();
  /** Subscribe commands without an answer. @type {Map<number, SharedChannel>} */
  #asked = new Map();
  /** Channels whose token was just renewed because the last one was refused. @type {WeakSet<SharedChannel>} */
  #renewed = new WeakSet();
  /** Commands that show a newer token. @type {Map<number, SharedChannel>} */
  #renewing = new Map();
  #open = false;
  #retries = 0;
  #cancelRetry = () => {};
  /** Why there is no connection to wait for. @type {Error | undefined} */
  #closed;

  /**
   * @param {import('../base/host.js').Host} host
   * @param {() => number} newId
   * @param {(commands: Frame[]) => void} send
   * @param {import('../commands/own-messages.js').OwnMessages} own
   * @param {(name: 'message' | 'gap' | 'removed', detail: any) => void} onServed  what comes in channels that nobody follows
   */
  constructor(host, newId, send, own, onServed) {
    this.#host = host;
    this.#newId = newId;
    this.#send = send;
    this.#own = own;
    this.#onServed = onServed;
  }

  /**
   * The same channel twice is subscribed once: the subscriptions share it.
   * @param {string} channel
   * @param {import('./contract.js').SubscribeOptions} options
   * @param {import('./subscription.js').SubscriptionOwner} owner
   */
  add(channel, options, owner) {
    const present = this.#followed.get(channel);
    const shared = present ?? new SharedChannel(channel, this.#host, this.#own);
    const subscription = new Subscription(options, shared, owner);
    this.#followed.set(channel, shared);
    shared.add(subscription);
    if (this.#closed) subscription.stop(this.#closed);
    if (this.#open && (present === undefined || shared.wantsOther)) {
      if (present) this.#held.add(channel);
      this.#ask(shared);
    }
    if (shared.active) subscription.join();
    this.#track(shared);
    return subscription;
  }

  /** @param {Subscription} subscription that the application has ended */
  remove(subscription) {
    const { channel } = subscription;
    if (!this.#followed.get(channel)?.remove(subscription)) return;
    this.#followed.delete(channel);
    if (this.#open) this.#send([{ type: 'unsubscribe', channel, id: this.#newId() }]);
  }

  /** Fewer publishes to it have no answer. @param {string} channel */
  settled(channel) {
    this.#followed.get(channel)?.release();
  }

  /** @returns {Frame[]} what a connection that begins now would be asked for */
  commands() {
    return [...this.#followed.values()].filter((shared) => !shared.lacksToken).map((shared) => shared.command());
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
    this.#renewing.clear();
    this.#cancelRetry();
    for (const shared of this.#followed.values()) shared.suspend();
  }

  /** There will be no connection. @param {Error} error */
  closed(error) {
    this.lost();
    this.#closed = error;
    for (const shared of this.#followed.values()) shared.stop(error);
  }

  /** There will be one. */
  started() {
    this.#closed = undefined;
    for (const shared of this.#followed.values()) shared.start();
  }

  /** @param {Frame} frame @returns {boolean} whether it was for a channel, or an answer to a subscription */
  receive(frame) {
    switch (frame.type) {
      case 'message':
      case 'state':
      case 'gap':
      case 'removed':
      case 'join':
      case 'leave':
      case 'update':
      case 'occupancy':
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
    const shared = this.#followed.get(frame.channel);
    const served = this.#served.get(frame.channel);
    if (shared) {
      shared.told(frame);
      this.#askAnew(shared);
    } else if (served) {
      const { type, ...detail } = frame;
      if (type === 'message' && detail.offset <= served.offset) return;
      if (type === 'gap') this.#served.set(frame.channel, { epoch: frame.epoch, offset: frame.offset });
      else if (detail.offset > served.offset) served.offset = detail.offset;
      if (type === 'message' || type === 'gap' || type === 'removed') this.#onServed(type, detail);
    }
  }

  /** @param {Frame} frame */
  #subscribed(frame) {
    const shared = this.#asked.get(frame.id);
    if (shared) {
      this.#asked.delete(frame.id);
      this.#renewed.delete(shared);
      if (!this.#isFollowed(shared)) return;
      shared.onExpiring(frame.expires, () => this.#obtain(shared, true));
      const { expires: _, ...answer } = frame;
      shared.subscribed(answer);
      this.#track(shared);
      this.#askAnew(shared);
    } else if (this.#renewing.has(frame.id)) {
      const renewed = /** @type {SharedChannel} */ (this.#renewing.get(frame.id));
      this.#renewing.delete(frame.id);
      renewed.onExpiring(frame.expires, () => this.#obtain(renewed, true));
    } else if (frame.id === undefined) {
      this.#held.add(frame.channel);
      if (!this.#followed.has(frame.channel)) this.#served.set(frame.channel, { epoch: frame.epoch, offset: frame.offset });
    }
  }

  /** What was said of this client since the channel was asked for. @param {SharedChannel} shared */
  #track(shared) {
    const info = shared.takeUntold();
    if (info !== undefined) this.#send([{ type: 'track', channel: shared.channel, info, id: this.#newId() }]);
  }

  /** Something was missed that only a subscription brings. @param {SharedChannel} shared */
  #askAnew(shared) {
    if (!this.#open || !shared.active || !shared.wantsOther || !this.#isFollowed(shared)) return;
    this.#held.add(shared.channel);
    this.#ask(shared);
  }

  /** @param {Frame} frame */
  #unsubscribed(frame) {
    const shared = this.#followed.get(frame.channel);
    this.#served.delete(frame.channel);
    this.#held.delete(frame.channel);
    // What has not been answered yet cannot have been ended: that was another subscription, before it.
    if (!shared?.active) return;
    // A poll says it as the next one is refused.
    if ((frame.code === 'expired' || frame.code === 'unauthorized') && shared.renewable && !this.#renewed.has(shared)) {
      this.#renewed.add(shared);
      shared.suspend();
      void this.#obtain(shared, true);
    } else {
      this.#end(shared, frame);
    }
  }

  /** @param {Frame} frame */
  #refused(frame) {
    // A newer token that is refused changes nothing: the subscription ends with the older one.
    if (this.#renewing.delete(frame.id)) return true;
    const shared = this.#asked.get(frame.id);
    if (shared === undefined) return false;
    this.#asked.delete(frame.id);
    if (!this.#isFollowed(shared)) return true;
    if (frame.code === 'unauthorized' && shared.renewable && !this.#renewed.has(shared)) {
      this.#renewed.add(shared);
      void this.#obtain(shared, true);
      return true;
    }
    if (frame.code === 'conflict') this.#held.add(shared.channel);
    if (passing.has(frame.code)) {
      // Asked anew in the midst of a connection it is not there any more.
      shared.suspend();
      shared.refused(frame);
      this.#askLater(askedWait(frame.retryAfter));
    } else {
      this.#end(shared, { type: 'unsubscribed', code: frame.code, reason: frame.error });
    }
    return true;
  }

  /** @param {SharedChannel} shared @param {Frame} frame */
  #end(shared, frame) {
    this.#followed.delete(shared.channel);
    shared.unsubscribed(frame);
  }

  /** @param {SharedChannel} shared */
  #isFollowed(shared) {
    return this.#followed.get(shared.channel) === shared;
  }

  /** Asks for all that is neither active nor asked for, after an ordinary back-off. @param {number} least in milliseconds */
  #askLater(least) {
    this.#cancelRetry();
    this.#cancelRetry = this.#host.after(() => {
      const asked = new Set(this.#asked.values());
      this.#ask(...[...this.#followed.values()].filter((shared) => !shared.active && !asked.has(shared)));
    }, Math.max(least, backoff(this.#retries++, this.#host.random)));
  }

  /** @param {...SharedChannel} channels */
  #ask(...channels) {
    /** @type {Frame[]} */
    const commands = [];
    for (const shared of channels) {
      const { channel } = shared;
      if (shared.lacksToken) {
        void this.#obtain(shared, false);
        continue;
      }
      this.#served.delete(channel);
      // Only a subscription of our own takes a position, a `last` or presence.
      if (this.#held.delete(channel)) commands.push({ type: 'unsubscribe', channel, id: this.#newId() });
      const id = this.#newId();
      this.#asked.set(id, shared);
      commands.push({ ...shared.asks(), id });
    }
    if (commands.length > 0) this.#send(commands);
  }

  /**
   * Has a token for a channel, and asks for the channel with it; where it is subscribed all the while, shows it before the last one ends.
   * @param {SharedChannel} shared @param {boolean} renew
   */
  async #obtain(shared, renew) {
    try {
      if (!(await shared.obtain(renew)) || !this.#isFollowed(shared)) return;
    } catch (error) {
      // What is subscribed ends with the token that it has, and is asked for again then.
      if (shared.active || !this.#isFollowed(shared)) return;
      shared.refused({ type: 'error', code: 'unauthorized', error: error instanceof Error ? error.message : String(error) });
      this.#askLater(0);
      return;
    }
    if (shared.lacksToken) {
      if (!shared.active) this.#end(shared, { type: 'unsubscribed', code: 'unauthorized', reason: 'There is no token for this channel' });
    } else if (this.#open && shared.active) {
      const id = this.#newId();
      this.#renewing.set(id, shared);
      const { type, channel, token } = shared.command();
      this.#send([{ type, channel, token, id }]);
    } else if (this.#open && ![...this.#asked.values()].includes(shared)) {
      this.#ask(shared);
    }
  }
}
