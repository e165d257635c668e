import { backoff, HELD_AFTER, LAST_ATTEMPT, slowBackoff } from '../base/backoff.js';
import { actionAfter, FINISHED } from '../base/close-codes.js';
import { askedWait } from '../base/waits.js';
import { next } from './state.js';

/** After the network is back or the page is seen again: not everybody at the same moment. In milliseconds. */
const WAKE_WITHIN = 1_000;

/**
 * How a connection ended.
 * @typedef {object} End
 * @property {number} code    a close code, or the one that stands for an HTTP status
 * @property {string} reason
 * @property {number} [after] how long the server asked to stay away, in milliseconds; five minutes are believed at most
 * @property {boolean} [final] the server said not to come back
 *
 * @typedef {object} StateChange
 * @property {import('./state.js').ConnectionState} state
 * @property {import('./state.js').ConnectionState} previous
 * @property {number} attempt   how often in a row it has tried to come back; 0 when nothing was lost
 * @property {number} [delay]   in `waiting`: milliseconds until the next attempt
 * @property {number} [code]    in `waiting` and `closed`: how the last connection ended
 * @property {string} [reason]
 *
 * @typedef {object} Dial
 * @property {boolean} renew      the token that was used last is of no use
 * @property {number} attempt     0 for the first
 * @property {() => void} opened
 * @property {(end: End) => void} ended  at most once, whether it had been opened or not
 *
 * @typedef {object} Line
 * @property {(why: import('../base/host.js').Wake) => void} wake  the network may have changed: find out whether the connection lives
 * @property {(code: number, reason: string) => void} hangUp  calls neither `opened` nor `ended` any more
 */

/** Makes a connection, and makes it again as the table of close codes says. It knows nothing of what the connection carries. */
export class Link {
  #host;
  #dial;
  #onChange;
  #maxRetries;
  #renewable;
  /** @type {import('./state.js').ConnectionState} */
  #state = 'idle';
  #attempt = 0;
  /** Refusals by policy among the attempts: they have a slower clock of their own. */
  #refusals = 0;
  /** Whether a new token has been asked for since a connection last held. */
  #renewed = false;
  #renewNext = false;
  /** Waiting after a refusal by policy: being seen again is no reason to come sooner. */
  #slow = false;
  /** Of the state: until the connection has held, or until the next attempt. */
  #cancelTimer = () => {};
  #stopWaking = () => {};
  /** @type {Line | undefined} */
  #line;

  /**
   * @param {import('../base/host.js').Host} host
   * @param {object} options
   * @param {(dial: Dial) => Line} options.dial  begins a connection
   * @param {(change: StateChange) => void} options.onChange  called after the state has changed
   * @param {number} options.maxRetries          attempts in a row before it stays away
   * @param {boolean} options.renewable          whether there is a way to another token
   */
  constructor(host, { dial, onChange, maxRetries, renewable }) {
    this.#host = host;
    this.#dial = dial;
    this.#onChange = onChange;
    this.#maxRetries = maxRetries;
    this.#renewable = renewable;
  }

  get state() {
    return this.#state;
  }

  /** Connects, unless it is about it already. */
  start() {
    if (this.#state !== 'idle' && this.#state !== 'closed') return;
    this.#attempt = this.#refusals = 0;
    this.#renewed = this.#renewNext = false;
    this.#stopWaking = this.#host.onWake((why) => this.#wake(why));
    this.#open('start');
  }

  /** For good, until `start`. */
  stop(code = FINISHED, reason = '') {
    if (this.#state === 'closed') return;
    this.#hangUp(code, reason);
    this.#end({ code, reason });
  }

  /** Ends the connection and comes back as after that code. @param {number} code @param {string} reason */
  drop(code, reason) {
    if (this.#state !== 'connected') return;
    this.#hangUp(code, reason);
    this.#ended({ code, reason });
  }

  /** Doesn't wait for the rest of the delay. */
  retryNow() {
    if (this.#state === 'waiting') this.#open('retry');
  }

  /** @param {'start' | 'retry'} cause */
  #open(cause) {
    this.#become(cause);
    const renew = this.#renewNext;
    this.#renewNext = false;
    let over = false;
    const line = this.#dial({
      renew,
      attempt: this.#attempt,
      opened: () => over || this.#opened(),
      ended: (end) => {
        if (over) return;
        over = true;
        this.#line = undefined;
        this.#ended(end);
      },
    });
    this.#line = {
      wake: (why) => line.wake(why),
      hangUp: (code, reason) => {
        over = true;
        line.hangUp(code, reason);
      },
    };
  }

  #opened() {
    this.#become('opened');
    this.#cancelTimer = this.#host.after(() => {
      this.#attempt = this.#refusals = 0;
      this.#renewed = false;
    }, HELD_AFTER);
  }

  /** @param {End} end */
  #ended(end) {
    const action = end.final ? 'stay-away' : actionAfter(end.code);
    const mayRenew = this.#renewable && !this.#renewed;
    const away = action === 'stay-away' || (action === 'ask-token-once' && !mayRenew) || (action === 'renew-and-come-back' && !this.#renewable);
    if (away || this.#attempt >= this.#maxRetries) {
      this.#end(end);
      return;
    }
    const asks = action === 'ask-token-once' || action === 'renew-and-come-back';
    const delay = Math.max(asks && mayRenew ? 0 : this.#delayAfter(action), askedWait(end.after));
    this.#renewNext = asks;
    this.#renewed ||= asks;
    this.#slow = action === 'come-back-slowly';
    this.#attempt++;
    this.#become('lost', { ...end, delay });
    this.#waitFor(delay);
  }

  /** @param {import('../base/close-codes.js').CloseAction} action */
  #delayAfter(action) {
    if (action === 'come-back-slowly') return slowBackoff(this.#refusals++, this.#host.random);
    // A page that nobody sees has time; it comes back sooner when it is looked at.
    return backoff(this.#host.isHidden() ? LAST_ATTEMPT : this.#attempt, this.#host.random);
  }

  /** @param {number} delay */
  #waitFor(delay) {
    this.#cancelTimer();
    this.#cancelTimer = this.#host.after(() => this.#host.isOnline() && this.#open('retry'), delay);
  }

  /** @param {import('../base/host.js').Wake} why */
  #wake(why) {
    if (this.#state !== 'waiting') this.#line?.wake(why);
    else if (!this.#slow) this.#waitFor(this.#host.random() * WAKE_WITHIN);
  }

  /** @param {number} code @param {string} reason */
  #hangUp(code, reason) {
    const line = this.#line;
    this.#line = undefined;
    line?.hangUp(code, reason);
  }

  /** @param {End} end */
  #end(end) {
    this.#stopWaking();
    this.#become('end', end);
  }

  /**
   * The one place where the state changes: the timer belonged to the state before.
   * @param {import('./state.js').StateCause} cause
   * @param {Partial<End> & { delay?: number }} [details]
   */
  #become(cause, { code, reason, delay } = {}) {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    const previous = this.#state;
    this.#state = next(previous, cause);
    this.#onChange({
      state: this.#state,
      previous,
      attempt: this.#attempt,
      ...(delay !== undefined && { delay }),
      ...(code !== undefined && { code, reason: reason ?? '' }),
    });
  }
}
