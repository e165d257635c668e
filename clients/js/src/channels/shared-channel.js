import { reaches } from '../base/position.js';

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('../base/position.js').StreamPosition} StreamPosition
 * @typedef {import('./subscription.js').Subscription} Subscription
 *
 * @typedef {{ since?: StreamPosition, last?: number, presence: boolean, conflate: boolean }} Wish
 * @typedef {{ frame: Frame, epoch: string, candidates: number[], until: number }} Held
 */

/** How long a message is held that may be one's own, in milliseconds, and how much may wait behind it. */
const LONGEST_HOLD = 5_000;
const MOST_HELD = 1_000;

/** One channel of a connection, for all subscriptions of it that the application has: the server knows one. */
export class SharedChannel {
  #host;
  #own;
  /** @type {Set<Subscription>} */
  #subscriptions = new Set();
  /** The last that has come, told or held. @type {StreamPosition | undefined} */
  #position;
  #active = false;
  /** What the server was asked for. @type {Wish} */
  #asked = { presence: false, conflate: false };
  /** What waits behind a message that may be one's own. @type {Held[]} */
  #held = [];
  #cancelHold = () => {};

  /**
   * @param {string} channel
   * @param {import('../base/host.js').Host} host
   * @param {import('../commands/own-messages.js').OwnMessages} own
   */
  constructor(channel, host, own) {
    this.channel = channel;
    this.#host = host;
    this.#own = own;
  }

  /** Whether the present connection has answered. */
  get active() {
    return this.#active;
  }

  get position() {
    return this.#position;
  }

  /** Whether the server has to be asked anew for what the subscriptions want together. */
  get wantsOther() {
    const { presence, conflate } = this.#wanted();
    return (presence && !this.#asked.presence) || (!conflate && this.#asked.conflate);
  }

  /** @param {Subscription} subscription */
  add(subscription) {
    this.#subscriptions.add(subscription);
  }

  /** @param {Subscription} subscription @returns {boolean} whether it was the last one */
  remove(subscription) {
    this.#subscriptions.delete(subscription);
    if (this.#subscriptions.size > 0) return false;
    this.#cancelHold();
    return true;
  }

  /** @returns {Frame} the command that (re)makes it */
  command() {
    const { since, last, presence, conflate } = this.#wanted();
    return {
      type: 'subscribe',
      channel: this.channel,
      ...(since ? { since: { ...since } } : last !== undefined && { last }),
      ...(presence && { presence }),
      ...(conflate && { conflate }),
    };
  }

  /** @returns {Frame} the command, which is sent now */
  asks() {
    this.#asked = this.#wanted();
    return this.command();
  }

  /** The connection has ended. */
  suspend() {
    this.#active = false;
  }

  /** There will be no connection until the client is told to connect. @param {Error} error */
  stop(error) {
    for (const subscription of this.#subscriptions) subscription.stop(error);
  }

  /** There will be one. */
  start() {
    for (const subscription of this.#subscriptions) subscription.start();
  }

  /** @param {Frame} frame */
  subscribed(frame) {
    const { epoch, offset } = frame;
    const reached = reaches(this.#position, frame);
    // Asked anew in the midst of a connection: nothing has happened.
    const goesOn = this.#active && (reached || frame.recovered === true);
    // Who has not begun yet begins here, if this is what was asked for.
    const beginsAs = this.#position ? undefined : this.#asked;
    this.#active = true;
    if (!reached) this.#position = { epoch, offset };
    if (!goesOn) this.#tell({ ...frame, beginsAs });
  }

  /** @param {Frame} frame a message, gap, join or leave */
  told(frame) {
    if (!this.#active || !this.#position) return;
    if (frame.type === 'message' && frame.offset !== undefined) {
      if (frame.offset <= this.#position.offset) return;
      this.#position = { ...this.#position, offset: frame.offset };
    } else if (frame.type === 'gap') {
      // `recovered: false` has told it already.
      if (reaches(this.#position, frame)) return;
      this.#position = { epoch: frame.epoch, offset: frame.offset };
    }
    this.#tell(frame);
  }

  /** It cannot be had now, and will be asked for again. @param {Frame} frame */
  refused({ code, error }) {
    this.#tell({ type: 'error', code, error });
  }

  /** The server has refused or ended it. @param {Frame} frame */
  unsubscribed(frame) {
    for (const { frame: held, epoch } of this.#held.splice(0)) this.#deliver(held, epoch);
    this.#cancelHold();
    for (const subscription of this.#subscriptions) subscription.unsubscribed(frame);
  }

  /** A publish has its answer, or time has passed: tells what need not be held any longer. */
  release() {
    for (let first; (first = this.#held[0]) && !this.#holds(first); ) {
      this.#held.shift();
      this.#deliver(first.frame, first.epoch);
    }
    this.#cancelHold();
    const [next] = this.#held;
    if (next) this.#cancelHold = this.#host.after(() => this.release(), next.until - this.#host.now());
  }

  /** @param {Held} held */
  #holds({ frame, epoch, candidates, until }) {
    return this.#held.length <= MOST_HELD && this.#host.now() < until && this.#own.awaits(candidates) && !this.#own.has(this.channel, epoch, frame.offset);
  }

  /** In the order of coming. @param {Frame} frame */
  #tell(frame) {
    const { epoch } = /** @type {StreamPosition} */ (this.#position ?? { epoch: '' });
    const candidates = frame.type === 'message' ? this.#own.candidates(frame) : [];
    if (this.#held.length === 0 && candidates.length === 0) {
      this.#deliver(frame, epoch);
    } else {
      this.#held.push({ frame, epoch, candidates, until: this.#host.now() + LONGEST_HOLD });
      this.release();
    }
  }

  /** @param {Frame} frame @param {string} epoch */
  #deliver(frame, epoch) {
    if (frame.type === 'message' && this.#own.leavesOut(this.channel, epoch, frame.offset)) return;
    const told = frame.type === 'message' && this.#own.has(this.channel, epoch, frame.offset) ? { ...frame, own: true } : frame;
    for (const subscription of [...this.#subscriptions]) subscription.told(told);
  }

  /** The first subscription says where it begins. @returns {Wish} */
  #wanted() {
    const all = [...this.#subscriptions].map(({ options }) => options);
    return {
      since: this.#position ?? all[0]?.since,
      last: all[0]?.last,
      presence: all.some(({ presence }) => presence),
      conflate: all.every(({ conflate }) => conflate),
    };
  }
}
