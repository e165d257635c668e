import { reaches } from '../base/position.js';
import { KeyedState } from './keyed-state.js';
import { TokenSource } from '../base/token-source.js';

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('../base/position.js').StreamPosition} StreamPosition
 * @typedef {import('./subscription.js').Subscription} Subscription
 *
 * @typedef {{ since?: StreamPosition, last?: number, presence: boolean, occupancy: boolean, conflate: boolean, state: boolean, info?: any }} Wish
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
  #state = new KeyedState();
  /** What the server was asked for. @type {Wish} */
  #asked = { presence: false, occupancy: false, conflate: false, state: false };
  /** What others are shown of this client; undefined where nothing was said. @type {any} */
  #info;
  /** What waits behind a message that may be one's own. @type {Held[]} */
  #held = [];
  #cancelHold = () => {};
  /** Where tokens that grant it are from. @type {TokenSource | undefined} */
  #tokens;
  /** @type {string | undefined} */
  #token;
  #obtaining = false;
  #cancelRenewal = () => {};

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
    const { presence, occupancy, conflate, state } = this.#wanted();
    return (presence && !this.#asked.presence) || (occupancy && !this.#asked.occupancy) || (!conflate && this.#asked.conflate) || (state && !this.#asked.state);
  }

  /** The newest message of each key, where a subscription wants it. */
  get state() {
    return this.#state;
  }

  /** @param {Subscription} subscription */
  add(subscription) {
    this.#subscriptions.add(subscription);
    const { token, info } = subscription.options;
    if (info !== undefined) this.#info = info;
    if (token !== undefined) this.#tokens ??= new TokenSource(typeof token === 'function' ? () => token(this.channel) : token);
  }

  /** @param {any} info what others are shown of this client @returns {boolean} whether the server is to be told now, and not as it is asked */
  track(info) {
    this.#info = info ?? null;
    if (this.#active) this.#asked.info = this.#info;
    return this.#active;
  }

  /** What is to be said to a server that has subscribed it, and was told something else. @returns {any} undefined where there is nothing */
  takeUntold() {
    if (!this.#active || this.#info === undefined || this.#asked.info === this.#info) return undefined;
    return (this.#asked.info = this.#info);
  }

  /** Whether a token is to be had before it can be asked for. */
  get lacksToken() {
    return this.#tokens !== undefined && this.#token === undefined;
  }

  /** Whether there may be another token than the last. */
  get renewable() {
    return this.#tokens?.renewable === true;
  }

  /** Has a token for the next command. @param {boolean} renew whether the last one is of no use any more @returns {Promise<boolean>} false where that is being done already */
  async obtain(renew) {
    if (this.#obtaining) return false;
    this.#obtaining = true;
    try {
      this.#token = await /** @type {TokenSource} */ (this.#tokens).get(renew);
    } finally {
      this.#obtaining = false;
    }
    return true;
  }

  /** Calls back before the token ends. @param {unknown} expires in seconds, as `subscribed` says it @param {() => void} renew */
  onExpiring(expires, renew) {
    this.#cancelRenewal();
    if (typeof expires === 'number' && this.renewable) this.#cancelRenewal = this.#host.after(renew, 1_000 * (expires - Math.min(60, expires / 2)));
  }

  /** @param {Subscription} subscription @returns {boolean} whether it was the last one */
  remove(subscription) {
    this.#subscriptions.delete(subscription);
    if (this.#subscriptions.size > 0) return false;
    this.#cancelHold();
    this.#cancelRenewal();
    return true;
  }

  /** @returns {Frame} the command that (re)makes it */
  command() {
    const { since, last, presence, occupancy, conflate, state, info } = this.#wanted();
    return {
      type: 'subscribe',
      channel: this.channel,
      // What is undefined is not in the JSON.
      ...(since ? { since } : { last }),
      presence: presence || undefined,
      occupancy: occupancy || undefined,
      conflate: conflate || undefined,
      info: info ?? undefined,
      state: state || undefined,
      token: this.#token,
    };
  }

  /** @returns {Frame} the command, which is sent now */
  asks() {
    this.#asked = this.#wanted();
    if (this.#asked.state) this.#state.invalidate();
    return this.command();
  }

  /** The connection has ended. */
  suspend() {
    this.#active = false;
    this.#cancelRenewal();
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
    if (frame.recovered === false && !this.#asked.state) this.#missed();
    if (!reached) this.#position = { epoch, offset };
    if (!goesOn) this.#tell({ ...frame, beginsAs });
  }

  /** @param {Frame} frame a message, gap, join, leave or update, or what was removed */
  told(frame) {
    if (!this.#active || !this.#position) return;
    if (frame.type === 'message' && frame.offset !== undefined) {
      if (frame.offset <= this.#position.offset) return;
      this.#position = { ...this.#position, offset: frame.offset };
    } else if (frame.type === 'removed') {
      if (frame.offset > this.#position.offset) this.#position = { ...this.#position, offset: frame.offset };
    } else if (frame.type === 'gap') {
      // `recovered: false` has told it already.
      if (reaches(this.#position, frame)) return;
      this.#position = { epoch: frame.epoch, offset: frame.offset };
      this.#missed();
    }
    this.#tell(frame);
  }

  /** What the state was may be old: it is wanted anew. */
  #missed() {
    this.#state.invalidate();
    this.#asked = { ...this.#asked, state: false };
  }

  /** It cannot be had now, and will be asked for again. @param {Frame} frame */
  refused({ code, error }) {
    this.#tell({ type: 'error', code, error });
  }

  /** The server has refused or ended it. @param {Frame} frame */
  unsubscribed(frame) {
    for (const { frame: held, epoch } of this.#held.splice(0)) this.#deliver(held, epoch);
    this.#cancelHold();
    this.#cancelRenewal();
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
    const changes = this.#changesBy(frame);
    // Parts of a state are told as one.
    if (frame.type === 'state' && changes === undefined) return;
    if (frame.type === 'message' && this.#own.leavesOut(this.channel, epoch, frame.offset)) return;
    const told = frame.type === 'message' && this.#own.has(this.channel, epoch, frame.offset) ? { ...frame, own: true } : frame;
    for (const subscription of [...this.#subscriptions]) subscription.told(changes ? { ...told, changes } : told);
  }

  /** @param {Frame} frame @returns {import('./keyed-state.js').Change[] | undefined} what is different in the state by it */
  #changesBy(frame) {
    if (frame.type === 'state') return this.#state.take(frame);
    const change = frame.type === 'message' ? this.#state.apply(frame) : frame.type === 'removed' ? this.#state.erase(frame.offset) : undefined;
    return change && [change];
  }

  /** The first subscription says where it begins. @returns {Wish} */
  #wanted() {
    const all = [...this.#subscriptions].map(({ options }) => options);
    return {
      since: this.#position ?? all[0]?.since,
      last: all[0]?.last,
      presence: all.some(({ presence }) => presence),
      occupancy: all.some(({ occupancy }) => occupancy === true),
      conflate: all.every(({ conflate }) => conflate),
      info: this.#info,
      // What is here goes on with the messages.
      state: !this.#state.complete && all.some(({ state }) => state),
    };
  }
}
