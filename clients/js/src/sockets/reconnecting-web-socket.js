import { call, textOf } from '../base/application-code.js';
import { SILENT } from '../base/close-codes.js';
import { hostOf } from '../base/host.js';
import { SilenceWatch } from '../base/silence-watch.js';
import { Link } from '../link/link.js';

/** What may be sent while there is no connection. */
const MOST_WAITING = 1_000;
const MOST_CHARACTERS = 1_048_576;
const CONNECT_LIMIT = 15_000;
/** What a close frame holds besides the code, in bytes. */
const LONGEST_REASON = 123;

/**
 * @typedef {object} ReconnectingWebSocketOptions
 * @property {number} [maxRetries]  attempts in a row before it stays away
 * @property {any} [WebSocket]      the class to use where there is no global one
 */

/**
 * In the place of the browser's WebSocket for plain text rooms: the same properties, methods and events, but it comes back as the table of close
 * codes says. `open` comes each time; `close` once, when it stays away; `reconnecting` in between, with how the connection ended and how long it
 * waits as `detail`; `connecting` when an attempt begins, with its number. Heartbeats are answered and told as `ping`, not as messages. What is sent meanwhile waits; what was under way when the
 * connection broke may be lost, and so is what others said: rooms have no positions.
 */
export class ReconnectingWebSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  CONNECTING = 0;
  OPEN = 1;
  CLOSING = 2;
  CLOSED = 3;

  /** @type {((event: Event) => void) | null} */
  onopen = null;
  /** @type {((event: MessageEvent) => void) | null} */
  onmessage = null;
  /** @type {((event: Event) => void) | null} */
  onerror = null;
  /** @type {((event: CloseEvent) => void) | null} */
  onclose = null;
  /** @type {BinaryType} */
  binaryType = 'blob';

  #host;
  #address;
  #protocols;
  #link;
  #url = '';
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {(string | ArrayBufferLike | Blob | ArrayBufferView)[]} */
  #waiting = [];
  #waitingSize = 0;
  #silence;

  /**
   * @param {string | URL | (() => string | URL | Promise<string | URL>)} url  a function is asked before each attempt, for tokens that change
   * @param {string | string[]} [protocols]
   * @param {ReconnectingWebSocketOptions} [options]
   * @param {import('../base/host.js').Host} [host] for tests
   */
  constructor(url, protocols = [], options = {}, host = hostOf(options)) {
    super();
    this.#host = host;
    this.#address = url;
    this.#protocols = protocols;
    this.#silence = new SilenceWatch(host, () => this.#link.drop(SILENT, 'Silent'));
    this.#link = new Link(host, {
      dial: (dial) => this.#dial(dial),
      onChange: (change) => this.#changed(change),
      maxRetries: options.maxRetries ?? Infinity,
      renewable: typeof url === 'function',
    });
    queueMicrotask(() => this.#link.state === 'idle' && this.#link.start());
  }

  get url() {
    return this.#url;
  }

  get protocol() {
    return this.#socket?.protocol ?? '';
  }

  get extensions() {
    return this.#socket?.extensions ?? '';
  }

  get bufferedAmount() {
    return this.#waitingSize + (this.#socket?.bufferedAmount ?? 0);
  }

  get readyState() {
    const { state } = this.#link;
    return state === 'connected' ? this.OPEN : state === 'closed' ? this.CLOSED : this.CONNECTING;
  }

  /**
   * Waits while there is no connection.
   * @param {string | ArrayBufferLike | Blob | ArrayBufferView} data
   * @throws {Error} when too much is waiting already
   */
  send(data) {
    if (this.readyState === this.CLOSED) return;
    if (this.readyState === this.OPEN) {
      this.#socket?.send(/** @type {any} */ (data));
      return;
    }
    const size = sizeOf(data);
    if (this.#waiting.length >= MOST_WAITING || (this.#waiting.length > 0 && this.#waitingSize + size > MOST_CHARACTERS)) {
      throw new Error('Too much is waiting to be sent.');
    }
    this.#waiting.push(data);
    this.#waitingSize += size;
  }

  /**
   * For good; a second time it changes nothing.
   * @param {number} [code]    1000, or from 3000 to 4999
   * @param {string} [reason]  at most 123 bytes
   * @throws {DOMException} when code or reason cannot be sent: it then goes on as before
   */
  close(code = 1000, reason = '') {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException(`A socket may be closed with 1000 or 3000 to 4999, not with ${code}.`, 'InvalidAccessError');
    if (new TextEncoder().encode(reason).length > LONGEST_REASON) throw new DOMException(`A reason has at most ${LONGEST_REASON} bytes.`, 'SyntaxError');
    this.#link.stop(code, reason);
  }

  /**
   * Of a listener that throws or rejects the error is reported; the others are called all the same.
   * @param {string} type
   * @param {EventListenerOrEventListenerObject | null} listener
   * @param {boolean | AddEventListenerOptions} [options]
   * @override
   */
  addEventListener(type, listener, options) {
    super.addEventListener(type, guarded(listener), options);
  }

  /**
   * @param {string} type
   * @param {EventListenerOrEventListenerObject | null} listener
   * @param {boolean | EventListenerOptions} [options]
   * @override
   */
  removeEventListener(type, listener, options) {
    super.removeEventListener(type, guarded(listener), options);
  }

  /** Doesn't wait for the rest of the delay. */
  retryNow() {
    this.#link.retryNow();
  }

  /** Ends the connection as if the network had; it comes back. */
  drop() {
    this.#link.drop(SILENT, 'Dropped on purpose');
  }

  /** @param {import('../link/link.js').Dial} dial @returns {import('../link/link.js').Line} */
  #dial({ opened, ended }) {
    let over = false;
    const end = (/** @type {number} */ code, /** @type {string} */ reason) => {
      if (over) return;
      over = true;
      cancelLimit();
      ended({ code, reason });
    };
    const cancelLimit = this.#host.after(() => {
      this.#release()?.close();
      end(1006, 'No answer');
    }, CONNECT_LIMIT);
    const begin = (/** @type {string | URL} */ url) => {
      if (over) return;
      this.#url = String(url);
      const socket = new /** @type {any} */ (this.#host.WebSocket)(this.#url, this.#protocols);
      this.#socket = socket;
      socket.binaryType = this.binaryType;
      socket.onopen = () => {
        cancelLimit();
        opened();
      };
      socket.onmessage = (/** @type {MessageEvent} */ event) => this.#received(event);
      socket.onerror = () => this.#tell(new Event('error'));
      socket.onclose = (/** @type {CloseEvent} */ { code, reason }) => {
        this.#release();
        end(code, reason);
      };
    };
    const address = this.#address;
    Promise.resolve().then(() => (typeof address === 'function' ? address() : address)).then(begin).catch((error) => end(1006, textOf(error)));
    return {
      wake: () => {},
      hangUp: (code, reason) => {
        over = true;
        cancelLimit();
        this.#release()?.close(code, reason);
      },
    };
  }

  /** Listens to the socket no longer. */
  #release() {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#silence.stop();
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => {};
    }
    return socket;
  }

  /** @param {import('../link/link.js').StateChange} change */
  #changed({ state, code = 1006, reason = '', delay, attempt }) {
    switch (state) {
      case 'connecting':
        this.#tell(new CustomEvent('connecting', { detail: { attempt } }));
        break;
      case 'connected':
        this.#waitingSize = 0;
        for (const data of this.#waiting.splice(0)) this.send(data);
        this.#tell(new Event('open'));
        break;
      case 'waiting':
        this.#tell(new CustomEvent('reconnecting', { detail: { code, reason, delay, attempt } }));
        break;
      case 'closed':
        this.#waiting = [];
        this.#waitingSize = 0;
        this.#tell(closeEvent(code, reason));
        break;
    }
  }

  /** @param {MessageEvent} event */
  #received({ data, origin }) {
    this.#silence.heard();
    if (typeof data === 'string' && isPing(data)) {
      this.#silence.pinged();
      this.#socket?.send('{"type":"pong"}');
      this.#tell(new CustomEvent('ping', { detail: data }));
    } else {
      this.#tell(new MessageEvent('message', { data, origin }));
    }
  }

  /** @param {Event} event */
  #tell(event) {
    const handler = { open: this.onopen, message: this.onmessage, error: this.onerror, close: this.onclose }[event.type];
    if (typeof handler === 'function') call(/** @type {(event: Event) => void} */ (handler).bind(this), event);
    this.dispatchEvent(event);
  }
}

/** @type {WeakMap<object, (event: Event) => void>} */
const guards = new WeakMap();

/** @param {EventListenerOrEventListenerObject | null} listener @returns {((event: Event) => void) | null} always the same for the same */
function guarded(listener) {
  if (listener === null) return null;
  const guard = guards.get(listener) ?? ((event) => call(typeof listener === 'function' ? listener.bind(event.currentTarget) : listener.handleEvent.bind(listener), event));
  guards.set(listener, guard);
  return guard;
}

/** @param {string} text @returns {boolean} whether it is the server's ping, whatever its white space */
function isPing(text) {
  if (text.length > 64 || !text.trimStart().startsWith('{')) return false;
  try {
    return JSON.parse(text).type === 'ping';
  } catch {
    return false;
  }
}

/** @param {string | ArrayBufferLike | Blob | ArrayBufferView} data */
function sizeOf(data) {
  return typeof data === 'string' ? data.length : 'size' in data ? data.size : data.byteLength;
}

/** Node has no CloseEvent before version 23. @param {number} code @param {string} reason */
function closeEvent(code, reason) {
  if (typeof CloseEvent === 'function') return new CloseEvent('close', { code, reason, wasClean: code === 1000 });
  return Object.assign(new Event('close'), { code, reason, wasClean: code === 1000 });
}
