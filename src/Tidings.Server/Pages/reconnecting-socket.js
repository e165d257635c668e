import { backoff, slowBackoff } from './backoff.js';
import { DROPPED, verdictOn } from './close-codes.js';

/**
 * @typedef {'closed' | 'connecting' | 'open' | 'reconnecting'} SocketState
 *
 * @typedef {object} SocketStatus
 * @property {SocketState} state
 * @property {number} attempt   how often in a row it has tried to come back; 0 when it was not lost
 * @property {number} [dueAt]   in `reconnecting`: when the next attempt begins, on the clock of performance.now
 * @property {number} [code]    how the last connection ended
 * @property {string} [reason]
 * @property {boolean} [opened] whether that connection had been open at all
 * @property {boolean} [left]   this side asked for it
 *
 * @typedef {object} SocketHandlers
 * @property {(status: Readonly<SocketStatus>) => void} onState
 * @property {(text: string) => void} onText
 * @property {(direction: 'in' | 'out', data: string | ArrayBuffer) => void} onFrame
 * @property {(direction: 'in' | 'out', code: number, reason: string) => void} onClose  a connection that had been open
 */

const CONNECT_TIMEOUT = 15_000;

/** Refusals come after a completed handshake, so being open proves little: attempts count on until it has lasted this long. */
const STABLE_AFTER = 5_000;

/** A WebSocket that comes back by itself, as the table of close codes says. Callbacks come after the state has changed. */
export class ReconnectingSocket {
  #handlers;
  #random;
  #url = '';
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} Of the state: connect limit, stability or next attempt. */
  #timer;
  #attempt = 0;
  /** Closes by policy among the attempts: they have a slower clock of their own. */
  #refusals = 0;
  /** @type {SocketStatus} */
  #status = { state: 'closed', attempt: 0 };

  /**
   * @param {SocketHandlers} handlers
   * @param {import('./backoff.js').Random} [random]
   */
  constructor(handlers, random = Math.random) {
    this.#handlers = handlers;
    this.#random = random;
  }

  get status() {
    return this.#status;
  }

  /** Leaves whatever it was connected to. @param {string} url */
  connect(url) {
    this.#abandon(1000, 'Leaving');
    this.#url = url;
    this.#attempt = this.#refusals = 0;
    this.#open();
  }

  /** For good, until the next `connect`. */
  disconnect() {
    if (this.#status.state === 'closed') return;
    this.#abandon(1000, 'Leaving');
    this.#become({ state: 'closed', attempt: 0, left: true });
  }

  /** Ends the connection as if the network had; it comes back. @param {string} reason */
  drop(reason) {
    if (this.#status.state !== 'open') return;
    this.#abandon(DROPPED, reason);
    this.#lost(DROPPED, reason, true);
  }

  /** Doesn't wait for the rest of the delay. */
  retryNow() {
    if (this.#status.state === 'reconnecting') this.#open();
  }

  /** @param {string} text @returns {boolean} false when it isn't open */
  send(text) {
    if (this.#status.state !== 'open' || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    this.#handlers.onFrame('out', text);
    return true;
  }

  #open() {
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#become({ state: 'open', attempt: this.#attempt });
      this.#timer = setTimeout(() => (this.#attempt = this.#refusals = 0), STABLE_AFTER);
    };
    socket.onmessage = ({ data }) => {
      this.#handlers.onFrame('in', data);
      if (typeof data === 'string') this.#handlers.onText(data);
    };
    socket.onclose = ({ code, reason }) => {
      this.#socket = undefined;
      if (opened) this.#handlers.onClose('in', code, reason);
      this.#lost(code, reason, opened);
    };
    this.#socket = socket;
    this.#become({ state: 'connecting', attempt: this.#attempt });
    this.#timer = setTimeout(() => {
      this.#abandon(1000, '');
      this.#lost(1006, 'No answer', false);
    }, CONNECT_TIMEOUT);
  }

  /** @param {number} code @param {string} reason @param {boolean} opened */
  #lost(code, reason, opened) {
    const verdict = verdictOn(code);
    if (verdict === 'stay-away') {
      this.#become({ state: 'closed', attempt: 0, code, reason, opened });
      return;
    }
    const delay = verdict === 'come-back-slowly' ? slowBackoff(this.#refusals++, this.#random) : backoff(this.#attempt, this.#random);
    this.#attempt++;
    this.#become({ state: 'reconnecting', attempt: this.#attempt, dueAt: performance.now() + delay, code, reason, opened });
    this.#timer = setTimeout(() => this.#open(), delay);
  }

  /** The one place where the state changes: the timer belonged to the state before. @param {SocketStatus} status */
  #become(status) {
    clearTimeout(this.#timer);
    this.#status = status;
    this.#handlers.onState(status);
  }

  /** Closes without listening any longer: a dead network would let the close event wait for minutes. @param {number} code @param {string} reason */
  #abandon(code, reason) {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState === WebSocket.OPEN) this.#handlers.onClose('out', code, reason);
    socket.close(code, reason);
  }
}
