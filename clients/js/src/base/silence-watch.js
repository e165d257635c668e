/** Two and a half of the usual interval of heartbeats, in milliseconds: nobody is suspected sooner. */
const SHORTEST = 75_000;
/** And nobody is waited for longer than two and a half of the longest interval that a server can have. */
const LONGEST = 9_000_000;

/** Notices that a server which used to ping has fallen silent. Its interval is learned from its pings: one that doesn't ping, or seldom, is never suspected. */
export class SilenceWatch {
  #host;
  #onSilence;
  /** @type {number | undefined} */
  #lastPing;
  #interval = 0;
  #cancel = () => {};

  /** @param {import('./host.js').Host} host @param {() => void} onSilence */
  constructor(host, onSilence) {
    this.#host = host;
    this.#onSilence = onSilence;
  }

  pinged() {
    const now = this.#host.now();
    // The longest seen: a page that slept gets several in one go.
    if (this.#lastPing !== undefined) this.#interval = Math.max(this.#interval, now - this.#lastPing);
    this.#lastPing = now;
    this.heard();
  }

  /** Anything has come. */
  heard() {
    if (this.#interval === 0) return;
    this.#cancel();
    this.#cancel = this.#host.after(this.#onSilence, Math.min(LONGEST, Math.max(SHORTEST, 2.5 * this.#interval)));
  }

  /** The connection has ended. */
  stop() {
    this.#cancel();
    this.#lastPing = undefined;
    this.#interval = 0;
  }
}
