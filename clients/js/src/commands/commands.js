import { TidingsError } from '../base/tidings-error.js';
import { askedWait } from '../base/waits.js';

/** What may wait for an answer, sent or not. A single command may be longer. */
const MOST_WAITING = 1_000;
const MOST_CHARACTERS = 1_048_576;
/** How many may be on their way at once. */
const WINDOW = 32;
/** The server knows an idempotency key for five minutes at least. In milliseconds, with some to spare. */
const REPEATABLE_FOR = 240_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * @typedef {Record<string, any> & { type: string }} Frame  One JSON object of the protocol, in either direction.
 *
 * @typedef {object} Entry
 * @property {Frame} command
 * @property {number} characters
 * @property {boolean} repeatable  sending it again does nothing twice
 * @property {number} [sentAt]     when it was sent first
 * @property {(reply: Frame) => void} resolve
 * @property {(error: TidingsError) => void} reject
 */

/**
 * Commands that are answered, in order: they wait while there is no connection, and a connection that ends takes none with it that can be repeated.
 */
export class Commands {
  #host;
  #send;
  /** @type {Entry[]} */
  #waiting = [];
  /** In the order in which they were sent. @type {Map<number, Entry>} */
  #sent = new Map();
  #characters = 0;
  #open = false;
  #window = WINDOW;
  #pause = FIRST_PAUSE;
  #paused = false;
  #cancelPause = () => {};
  #newId;
  #own;
  /** Why there is no connection to wait for. @type {TidingsError | undefined} */
  #closed;

  /**
   * @param {import('../base/host.js').Host} host
   * @param {() => number} newId
   * @param {(commands: Frame[]) => void} send
   * @param {import('./own-messages.js').OwnMessages} own  told what becomes of publishes
   */
  constructor(host, newId, send, own) {
    this.#host = host;
    this.#newId = newId;
    this.#send = send;
    this.#own = own;
  }

  /**
   * @param {Frame} command without an id
   * @param {{ repeatable: boolean, keep?: boolean }} how `keep: false` for what is not worth waiting for a connection
   * @returns {Promise<Frame>} the reply; rejected with a TidingsError
   */
  run(command, { repeatable, keep = true }) {
    const characters = JSON.stringify(command).length;
    if (this.#closed) return Promise.reject(this.#closed);
    if (!keep && !this.#open) return Promise.reject(new TidingsError('unavailable', 'There is no connection.'));
    const count = this.#waiting.length + this.#sent.size;
    if (count >= MOST_WAITING || (count > 0 && this.#characters + characters > MOST_CHARACTERS)) {
      return Promise.reject(new TidingsError('queue_full', 'Too much is waiting already.'));
    }
    return new Promise((resolve, reject) => {
      this.#characters += characters;
      this.#waiting.push({ command: { ...command, id: this.#newId() }, characters, repeatable, resolve, reject });
      this.#pump();
    });
  }

  opened() {
    this.#open = true;
    this.#window = WINDOW;
    this.#resume();
  }

  /** The connection has ended. */
  lost() {
    this.#open = false;
    this.#cancelPause();
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    this.#waiting.unshift(...sent.filter((entry) => entry.repeatable));
    for (const entry of sent) {
      if (!entry.repeatable) this.#fail(entry, unknownOutcome());
    }
  }

  /** There will be no connection. @param {TidingsError} error */
  closed(error) {
    this.lost();
    this.#closed = error;
    for (const entry of this.#waiting.splice(0)) this.#fail(entry, error);
  }

  /** There will be one. */
  started() {
    this.#closed = undefined;
  }

  /** @param {Frame} frame @returns {boolean} false when it is no answer to a command that waits */
  answered(frame) {
    const entry = this.#sent.get(frame.id);
    if (entry === undefined) return false;
    this.#sent.delete(frame.id);
    if (frame.type === 'error' && frame.code === 'rate_limited') {
      this.#own.settled(entry.command);
      this.#holdBack(entry, askedWait(frame.retryAfter));
      return true;
    }
    this.#window = WINDOW;
    this.#pause = FIRST_PAUSE;
    if (frame.type === 'error') {
      this.#fail(entry, new TidingsError(frame.code, frame.error, frame.details));
    } else {
      this.#characters -= entry.characters;
      this.#own.settled(entry.command, frame);
      entry.resolve(frame);
    }
    this.#pump();
    return true;
  }

  /** Refused without being carried out: it is sent again, one at a time, more slowly. @param {Entry} entry @param {number} least in milliseconds */
  #holdBack(entry, least) {
    entry.sentAt = undefined;
    const later = this.#waiting.findIndex((other) => other.command.id > entry.command.id);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, entry);
    this.#window = 1;
    if (this.#paused) return;
    this.#paused = true;
    this.#cancelPause = this.#host.after(() => this.#resume(), Math.max(least, this.#pause));
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  #resume() {
    this.#cancelPause();
    this.#paused = false;
    this.#pump();
  }

  #pump() {
    if (!this.#open || this.#paused) return;
    const now = this.#host.now();
    const batch = [];
    while (this.#sent.size < this.#window) {
      const entry = this.#waiting.shift();
      if (entry === undefined) break;
      if (entry.sentAt !== undefined && now - entry.sentAt > REPEATABLE_FOR) {
        this.#fail(entry, unknownOutcome());
        continue;
      }
      entry.sentAt ??= now;
      this.#sent.set(entry.command.id, entry);
      this.#own.sent(entry.command);
      batch.push(entry.command);
    }
    if (batch.length > 0) this.#send(batch);
  }

  /** @param {Entry} entry @param {TidingsError} error */
  #fail(entry, error) {
    this.#characters -= entry.characters;
    this.#own.settled(entry.command);
    entry.reject(error);
  }
}

function unknownOutcome() {
  return new TidingsError('connection_lost', 'The connection ended before the answer came: it may have been carried out or not.');
}
