/** A server that sends no heartbeat is asked for a sign of life this often. In milliseconds. */
const OWN_INTERVAL = 30_000;
/** How long a connection has to answer after the network may have changed. */
const WAKE_LIMIT = 5_000;

/** Notices a connection that died without a word: after one interval and a quarter of silence it asks, after two it gives up. */
export class Heartbeat {
  #host;
  #interval;
  #probe;
  #onSilence;
  #heardAt;
  #asked = false;
  #cancel = () => {};

  /**
   * @param {import('./host.js').Host} host
   * @param {object} options
   * @param {number} options.interval  in milliseconds; 0 where the server has none
   * @param {() => void} options.probe asks for a sign of life
   * @param {() => void} options.onSilence called once
   */
  constructor(host, { interval, probe, onSilence }) {
    this.#host = host;
    this.#interval = interval || OWN_INTERVAL;
    this.#probe = probe;
    this.#onSilence = onSilence;
    this.#heardAt = host.now();
    this.#check();
  }

  /** Anything has come. */
  heard() {
    this.#heardAt = this.#host.now();
    this.#asked = false;
  }

  /** The network may have changed: asks at once, and doesn't wait long. */
  wake() {
    const asked = this.#host.now();
    this.#probe();
    this.#cancel();
    this.#cancel = this.#host.after(() => (this.#heardAt < asked ? this.#onSilence() : this.#check()), WAKE_LIMIT);
  }

  stop() {
    this.#cancel();
  }

  #check() {
    const silent = this.#host.now() - this.#heardAt;
    if (this.#asked && silent >= 2 * this.#interval) {
      this.#onSilence();
      return;
    }
    if (!this.#asked && silent >= 1.25 * this.#interval) {
      this.#asked = true;
      this.#probe();
    }
    const limit = this.#asked ? Math.max(2 * this.#interval - silent, 0.75 * this.#interval) : 1.25 * this.#interval - silent;
    this.#cancel = this.#host.after(() => this.#check(), limit);
  }
}
