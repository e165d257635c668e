import { TidingsError } from '../base/tidings-error.js';

/** How far an iteration may lag behind. */
const MOST_WAITING = 1_000;

/**
 * Messages for one `for await` loop. Whoever lags too far gets an error after what has waited: nothing is left out in silence.
 * @template T
 * @implements {AsyncIterableIterator<T>}
 */
export class MessageStream {
  /** @type {T[]} */
  #messages = [];
  /** @type {{ resolve: (result: IteratorResult<T, undefined>) => void, reject: (error: Error) => void }[]} */
  #readers = [];
  #ended = false;
  /** @type {Error | undefined} */
  #error;
  #onReturn;

  /** @param {(stream: MessageStream<T>) => void} onReturn called when the loop is left */
  constructor(onReturn) {
    this.#onReturn = onReturn;
  }

  /** @param {T} message */
  push(message) {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ value: message, done: false });
    else if (this.#messages.length < MOST_WAITING) this.#messages.push(message);
    else this.end(new TidingsError('slow', 'The loop reads more slowly than the channel speaks.'));
  }

  /** @param {Error} [error] thrown by the loop after what has waited */
  end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (this.#error) reject(this.#error);
      else resolve({ value: undefined, done: true });
      this.#error = undefined;
    }
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  next() {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve({ value: message, done: false });
    if (!this.#ended) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const error = this.#error;
    this.#error = undefined;
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  return() {
    this.#messages = [];
    this.end();
    this.#onReturn(this);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
