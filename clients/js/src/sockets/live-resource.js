import { textOf } from '../base/application-code.js';
import { Emitter } from '../base/emitter.js';
import { parseInexactAsText } from '../base/exact-json.js';
import { TidingsError } from '../base/tidings-error.js';
import { TokenSource } from '../base/token-source.js';
import { ReconnectingWebSocket } from './reconnecting-web-socket.js';

/**
 * @typedef {object} ResourceOptions
 * @property {Record<string, unknown>} [filter]  members and the values that rows must have
 * @property {string | URL} [url]                the feed's address, where it is not `ws/<name>` beside `/connect`
 *
 * @typedef {string | number} RowId  A whole number that JavaScript cannot hold (over 2⁵³) comes as text, digit by digit, and so it stands in its row.
 * @typedef {Record<string, any>} Row
 */

/**
 * Without `row` it is gone.
 * @template [T=Row]
 * @typedef {{ type: 'create' | 'update' | 'delete', id: RowId, row?: T, previous?: T }} RowChange
 */

/**
 * @template [T=Row]
 * @typedef {object} ResourceEvents
 * @property {RowChange<T>} change               one row has changed
 * @property {{ rows: T[] }} reset               all rows are there, for the first time or anew
 * @property {{ state: 'connecting' | 'connected' | 'waiting' | 'closed', code?: number, reason?: string, delay?: number }} state
 * @property {{ error: string, details?: { field: string, message: string }[] }} error  what the server had to object to, or that the token could not be had
 */

/**
 * The rows of a resource as they are on the server, for as long as it is open. It comes back after a broken connection and goes on where it was;
 * where that cannot be, all rows come anew.
 * @template [T=Row]
 * @extends {Emitter<ResourceEvents<T>>}
 */
export class LiveResource extends Emitter {
  #name;
  #filter;
  #token;
  #socket;
  /** By their keys as text. @type {Map<string, any>} */
  #rows = new Map();
  /** @type {[string, Row][]} of an `initial` that has more parts to come */
  #parts = [];
  /** The member that is the key. */
  #key = '';
  /** @type {{ epoch: string, offset: number } | undefined} */
  #since;
  /** @type {string | undefined} */
  #snapshot;
  /** @type {{ resolve: (rows: T[]) => void, reject: (error: Error) => void } | undefined} */
  #waiting;
  #renew = false;

  /** Ends with the rows, as soon as they are there for the first time; fails when the server refuses the filter, or the connection stays away. @type {Promise<T[]>} */
  ready;

  /**
   * @param {string} name
   * @param {string} url of the feed
   * @param {ResourceOptions & { token?: import('../base/token-source.js').TokenOption, maxRetries?: number, WebSocket?: any }} options
   * @param {import('../base/host.js').Host} host
   */
  constructor(name, url, options, host) {
    super();
    this.#name = name;
    this.#filter = options.filter;
    JSON.stringify(this.#filter);
    this.#token = options.token === undefined ? undefined : new TokenSource(options.token);
    this.ready = new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
    this.ready.catch(() => {});
    let token = typeof options.token === 'string' ? options.token : undefined;
    const address = async () => {
      try {
        token = await this.#token?.get(this.#renew);
      } catch (error) {
        this.#noToken(error);
        throw error;
      }
      this.#renew = false;
      return url;
    };
    const socket = new ReconnectingWebSocket(this.#token?.renewable ? address : url, [], options, host);
    this.#socket = socket;
    socket.addEventListener('connecting', () => this.emit('state', { state: 'connecting' }));
    socket.addEventListener('open', () => {
      if (token !== undefined) socket.send(JSON.stringify({ type: 'auth', token }));
      socket.send(JSON.stringify(this.#command()));
      this.emit('state', { state: 'connected' });
    });
    socket.addEventListener('message', (event) => this.#hear(/** @type {MessageEvent} */ (event).data));
    socket.addEventListener('reconnecting', (event) => {
      const { code, reason, delay } = /** @type {CustomEvent} */ (event).detail;
      this.#parts = [];
      this.#renew = code === 4001 || code === 4002;
      this.emit('state', { state: 'waiting', code, reason, delay });
    });
    socket.addEventListener('close', (event) => {
      const { code, reason } = /** @type {CloseEvent} */ (event);
      this.#waiting?.reject(new TidingsError('closed', `The connection is closed (${code}${reason ? ` ${reason}` : ''}).`));
      this.emit('state', { state: 'closed', code, reason });
    });
  }

  get name() {
    return this.#name;
  }

  /** How many rows there are. */
  get size() {
    return this.#rows.size;
  }

  /** All rows, in the order in which they came. @returns {T[]} */
  get rows() {
    return [...this.#rows.values()];
  }

  /** @param {RowId | bigint} id @returns {T | undefined} */
  get(id) {
    return this.#rows.get(String(id));
  }

  /** @returns {MapIterator<T>} */
  [Symbol.iterator]() {
    return this.#rows.values();
  }

  /** Ends it; a second time it changes nothing. The rows stay as they are. */
  close() {
    this.#socket.close();
  }

  /** Ends the connection as if the network had; it comes back. For tests and demonstrations. */
  drop() {
    this.#socket.drop();
  }

  #command() {
    return {
      type: 'subscribe',
      filter: this.#filter || undefined,
      since: this.#since,
      snapshot: this.#since && this.#snapshot,
    };
  }

  /** @param {string} text */
  #hear(text) {
    try {
      this.#received(JSON.parse(text), parseInexactAsText(text));
    } catch {
      // Nothing of the feed: it begins anew where it was.
      this.drop();
    }
  }

  /** @param {any} frame @param {any} exact the same where it has numbers that JavaScript cannot hold, these as text */
  #received(frame, exact) {
    switch (frame.type) {
      case 'initial':
        this.#key = frame.key;
        for (const [i, row] of frame.data.entries()) this.#parts.push([this.#keyed(row, exact?.data[i]), row]);
        if (!frame.more) this.#reset(frame);
        break;
      case 'create':
      case 'update':
      case 'delete':
        if (frame.data) this.#keyed(frame.data, exact?.data);
        this.#change({ ...frame, id: exact?.id ?? frame.id });
        break;
      case 'token_expiring':
        if (this.#token?.renewable) void this.#goOn(this.#token);
        break;
      default:
        if (frame.error !== undefined) this.#refused(frame);
    }
  }

  /**
   * With details it is what was asked for that the server objects to: it would always end like this.
   * @param {{ error: string, details?: { field: string, message: string }[] }} frame
   */
  #refused(frame) {
    if (frame.details !== undefined) {
      this.#waiting?.reject(new TidingsError('bad_request', `The subscription is refused: ${frame.error}`, frame.details));
      this.close();
    }
    this.emit('error', frame);
  }

  /** @param {Row} row @param {Row} [exact] @returns {string} its key */
  #keyed(row, exact) {
    const key = exact?.[this.#key];
    if (typeof key === 'string') row[this.#key] = key;
    return String(row[this.#key]);
  }

  /** With another token. @param {TokenSource} source */
  async #goOn(source) {
    try {
      const token = await source.get(true);
      if (token !== undefined && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify({ type: 'auth', token }));
    } catch (error) {
      this.#noToken(error);
    }
  }

  /** @param {unknown} error */
  #noToken(error) {
    this.emit('error', { error: `No token: ${textOf(error)}` });
  }

  /** @param {{ epoch: string, offset: number, snapshot?: string }} frame the last part */
  #reset({ epoch, offset, snapshot }) {
    this.#rows = new Map(this.#parts);
    this.#parts = [];
    this.#since = { epoch, offset };
    this.#snapshot = snapshot;
    const { rows } = this;
    this.#waiting?.resolve(rows);
    this.emit('reset', { rows });
  }

  /** @param {{ type: 'create' | 'update' | 'delete', id: RowId, data?: Row, offset: number }} frame */
  #change({ type, id, data, offset }) {
    const key = String(id);
    const previous = this.#rows.get(key);
    if (this.#since) this.#since = { ...this.#since, offset };
    if (data === undefined) this.#rows.delete(key);
    else this.#rows.set(key, data);
    this.emit('change', { type, id, ...(data && { row: data }), ...(previous && { previous }) });
  }
}
