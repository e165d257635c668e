import { ReconnectingWebSocket } from '../tidings.js';
import { DROPPED } from './close-codes.js';
import { toCloseFrame, toFrame } from './frames-log.js';
import { roomUrl } from './routes.js';

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
 * @typedef {object} RoomHandlers
 * @property {(status: Readonly<SocketStatus>) => void} onStatus  after the status has changed
 * @property {(text: string) => void} onText
 * @property {() => void} onPing
 * @property {(frame: import('./frames-log.js').Frame) => void} onFrame
 */

/** One room's connection, from joining to leaving, as a status in words that the page shows. */
export class RoomSocket {
  #name;
  #handlers;
  #socket;
  /** @type {SocketStatus} */
  #status = { state: 'connecting', attempt: 0 };
  #attempt = 0;
  #opened = false;
  #left = false;

  /** @param {string} name @param {RoomHandlers} handlers */
  constructor(name, handlers) {
    this.#name = name;
    this.#handlers = handlers;
    const socket = (this.#socket = new ReconnectingWebSocket(roomUrl(name)));
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('connecting', (event) => this.#connecting(/** @type {CustomEvent} */ (event).detail));
    socket.addEventListener('open', () => this.#open());
    socket.addEventListener('message', (event) => this.#received(/** @type {MessageEvent} */ (event).data));
    socket.addEventListener('ping', (event) => this.#pinged(/** @type {CustomEvent} */ (event).detail));
    socket.addEventListener('reconnecting', (event) => this.#lost(/** @type {CustomEvent} */ (event).detail));
    socket.addEventListener('close', (event) => this.#closed(/** @type {CloseEvent} */ (event)));
  }

  get status() {
    return this.#status;
  }

  /** For good. */
  leave() {
    this.#left = true;
    this.#socket.close(1000, 'Leaving');
  }

  /** Ends the connection as if the network had; it comes back. */
  drop() {
    this.#socket.drop();
  }

  retryNow() {
    this.#socket.retryNow();
  }

  /** @param {string} text @returns {boolean} false when it isn't open */
  send(text) {
    if (this.#status.state !== 'open') return false;
    this.#socket.send(text);
    this.#handlers.onFrame(toFrame('out', this.#name, text));
    return true;
  }

  /** @param {{ attempt: number }} detail */
  #connecting({ attempt }) {
    this.#attempt = attempt;
    this.#opened = false;
    this.#become({ state: 'connecting', attempt });
  }

  #open() {
    this.#opened = true;
    this.#become({ state: 'open', attempt: this.#attempt });
  }

  /** @param {string | ArrayBuffer} data */
  #received(data) {
    this.#handlers.onFrame(toFrame('in', this.#name, data));
    if (typeof data === 'string') this.#handlers.onText(data);
  }

  /** @param {string} text the client has answered already */
  #pinged(text) {
    this.#handlers.onFrame(toFrame('in', this.#name, text));
    this.#handlers.onFrame(toFrame('out', this.#name, '{"type":"pong"}'));
    this.#handlers.onPing();
  }

  /** @param {{ code: number, reason: string, delay: number, attempt: number }} detail */
  #lost({ code, reason, delay, attempt }) {
    const opened = this.#opened;
    if (opened) this.#handlers.onFrame(toCloseFrame(code === DROPPED ? 'out' : 'in', this.#name, code, reason));
    this.#become({ state: 'reconnecting', attempt, dueAt: performance.now() + delay, code, reason, opened });
  }

  /** @param {CloseEvent} event */
  #closed({ code, reason }) {
    const opened = this.#opened;
    if (opened) this.#handlers.onFrame(toCloseFrame(this.#left ? 'out' : 'in', this.#name, code, reason));
    this.#become(this.#left ? { state: 'closed', attempt: 0, left: true } : { state: 'closed', attempt: 0, code, reason, opened });
  }

  /** @param {SocketStatus} status */
  #become(status) {
    this.#status = status;
    this.#handlers.onStatus(status);
  }
}
