import { Emitter } from './emitter.js';
import { ReconnectingWebSocket } from './reconnecting-web-socket.js';
import { TidingsError } from './tidings-error.js';
import { TokenSource } from './token-source.js';

/**
 * @typedef {object} ResourceOptions
 * @property {Record<string, unknown>} [filter]  members and the values that rows must have
 * @property {string | URL} [url]                the feed's address, where it is not `ws/<name>` beside `/connect`
 *
 * @typedef {string | number} RowId
 * @typedef {Record<string, any>} Row
 * @typedef {{ type: 'create' | 'update' | 'delete', id: RowId, row?: Row, previous?: Row }} RowChange  Without `row` it is gone.
 *
 * @typedef {object} ResourceEvents
 * @property {RowChange} change                  one row has changed
 * @property {{ rows: Row[] }} reset             all rows are there, for the first time or anew
 * @property {{ state: 'connecting' | 'connected' | 'waiting' | 'closed', code?: number, reason?: string, delay?: number }} state
 * @property {{ error: string, details?: { field: string, message: string }[] }} error  what the server had to object to
 */

/**
 * The rows of a resource as they are on the server, for as long as it is open. It comes back after a broken connection and goes on where it was;
 * where that cannot be, all rows come anew.
 * @extends {Emitter<ResourceEvents>}
 */
export class LiveResource extends Emitter {
  #name;
  #filter;
  #token;
  #socket;
  /** @type {Map<RowId, Row>} */
  #rows = new Map();
  /** @type {Row[]} of an `initial` that has more parts to come */
  #parts = [];
  /** @type {{ epoch: string, offset: number } | undefined} */
  #since;
  /** @type {string | undefined} */
  #snapshot;
  /** @type {{ resolve: (rows: Row[]) => void, reject: (error: Error) => void } | undefined} */
  #waiting;
  #renew = false;

  /** Ends with the rows, as soon as they are there for the first time; fails when the connection stays away. @type {Promise<Row[]>} */
  ready;

  /**
   * @param {string} name
   * @param {string} url of the feed
   * @param {ResourceOptions & { token?: import('./token-source.js').TokenOption, maxRetries?: number, WebSocket?: any }} options
   * @param {import('./host.js').Host} host
   */
  constructor(name, url, options, host) {
    super();
    this.#name = name;
    this.#filter = options.filter;
    this.#token = options.token === undefined ? undefined : new TokenSource(options.token);
    this.ready = new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
    this.ready.catch(() => {});
    /** @type {string | undefined} */
    let token;
    const address = async () => {
      token = await this.#token?.get(this.#renew);
      this.#renew = false;
      return url;
    };
    const socket = new ReconnectingWebSocket(this.#token?.renewable ? address : url, [], options, host);
    this.#socket = socket;
    socket.addEventListener('connecting', () => this.emit('state', { state: 'connecting' }));
    socket.addEventListener('open', async () => {
      if (this.#token) socket.send(JSON.stringify({ type: 'auth', token: token ?? (await this.#token.get(false)) }));
      socket.send(JSON.stringify(this.#command()));
      this.emit('state', { state: 'connected' });
    });
    socket.addEventListener('message', (event) => this.#received(JSON.parse(/** @type {MessageEvent} */ (event).data)));
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

  /** All rows, in the order in which they came. @returns {Row[]} */
  get rows() {
    return [...this.#rows.values()];
  }

  /** @param {RowId} id @returns {Row | undefined} */
  get(id) {
    return this.#rows.get(id);
  }

  [Symbol.iterator]() {
    return this.#rows.values();
  }

  /** Ends it. The rows stay as they are. */
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
      ...(this.#filter && { filter: this.#filter }),
      ...(this.#since && { since: this.#since }),
      ...(this.#since && this.#snapshot && { snapshot: this.#snapshot }),
    };
  }

  /** @param {any} frame */
  #received(frame) {
    switch (frame.type) {
      case 'initial':
        this.#parts.push(...frame.data);
        if (!frame.more) this.#reset(frame);
        break;
      case 'create':
      case 'update':
      case 'delete':
        this.#change(frame);
        break;
      case 'token_expiring':
        void this.#token?.get(true).then((token) => this.#socket.send(JSON.stringify({ type: 'auth', token })));
        break;
      default:
        if (frame.error !== undefined) this.emit('error', frame);
    }
  }

  /** @param {{ key: string, epoch: string, offset: number, snapshot?: string }} frame the last part */
  #reset({ key, epoch, offset, snapshot }) {
    this.#rows = new Map(this.#parts.map((row) => [row[key], row]));
    this.#parts = [];
    this.#since = { epoch, offset };
    this.#snapshot = snapshot;
    const { rows } = this;
    this.#waiting?.resolve(rows);
    this.emit('reset', { rows });
  }

  /** @param {{ type: 'create' | 'update' | 'delete', id: RowId, data?: Row, offset: number }} frame */
  #change({ type, id, data, offset }) {
    const previous = this.#rows.get(id);
    if (this.#since) this.#since = { ...this.#since, offset };
    if (data === undefined) this.#rows.delete(id);
    else this.#rows.set(id, data);
    this.emit('change', { type, id, ...(data && { row: data }), ...(previous && { previous }) });
  }
}
