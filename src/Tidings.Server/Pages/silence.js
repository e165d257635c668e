/** Two and a half of the usual 30 s. */
const SHORTEST = 75_000;

/**
 * Notices a connection that died without a word, as phones' do when they change network.
 * It learns the server's ping interval first, so a server that doesn't ping, or seldom, is never suspected.
 */
export class SilenceWatch {
  #onSilence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {number | undefined} */
  #lastPing;
  #interval = 0;

  /** @param {() => void} onSilence */
  constructor(onSilence) {
    this.#onSilence = onSilence;
  }

  /** A text ping has come. */
  pinged() {
    const now = performance.now();
    // The longest gap seen: a page that slept gets several pings in one go.
    if (this.#lastPing !== undefined) this.#interval = Math.max(this.#interval, now - this.#lastPing);
    this.#lastPing = now;
    this.heard();
  }

  /** Anything has come. */
  heard() {
    if (this.#interval === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, Math.max(SHORTEST, 2.5 * this.#interval));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#lastPing = undefined;
    this.#interval = 0;
  }
}
