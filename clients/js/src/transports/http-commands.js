import { BROKEN, codeOfStatus } from '../base/close-codes.js';

/** How many commands go up in one request. */
const MOST_COMMANDS = 50;
const LIMIT = 30_000;

/** @typedef {import('../commands/commands.js').Frame} Frame */

/** Commands of a connection that only comes down: one request at a time, so that they stay in order. */
export class HttpCommands {
  #context;
  #headers;
  #connection;
  #ended;
  /** @type {Frame[]} */
  #waiting = [];
  #busy = false;
  #stopped = false;
  #request = new AbortController();

  /**
   * @param {import('./transport.js').TransportContext} context
   * @param {() => Record<string, string>} headers
   * @param {() => string | null} connection the stream that hears what is said, by its id
   * @param {(end: import('../link/link.js').End) => void} ended
   */
  constructor(context, headers, connection, ended) {
    this.#context = context;
    this.#headers = headers;
    this.#connection = connection;
    this.#ended = ended;
  }

  /** @param {Frame[]} commands */
  send(commands) {
    this.#waiting.push(...commands);
    if (!this.#busy) void this.#pump();
  }

  stop() {
    this.#stopped = true;
    this.#waiting = [];
    this.#request.abort();
  }

  async #pump() {
    this.#busy = true;
    // What is said in one go travels in one request.
    await undefined;
    while (this.#waiting.length > 0) {
      const end = await this.#post(this.#waiting.splice(0, MOST_COMMANDS));
      if (end && !this.#stopped) this.#ended(end);
    }
    this.#busy = false;
  }

  /** @param {Frame[]} batch @returns {Promise<import('../link/link.js').End | undefined>} */
  async #post(batch) {
    const { host, url, trace, receive } = this.#context;
    const request = (this.#request = new AbortController());
    const cancel = host.after(() => request.abort(), LIMIT);
    try {
      const connection = this.#connection();
      const body = JSON.stringify(batch);
      trace('out', body);
      const response = await /** @type {typeof fetch} */ (host.fetch)(connection === null ? url : `${url}?connection=${encodeURIComponent(connection)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...this.#headers() },
        body,
        signal: request.signal,
      });
      const text = await response.text();
      if (this.#stopped) return undefined;
      if (response.ok) {
        trace('in', text);
        for (const reply of JSON.parse(text)) if (typeof reply?.type === 'string') receive(reply);
        return undefined;
      }
      const refusal = refusalOf(response.status, text);
      if (refusal === undefined) return { code: codeOfStatus(response.status), reason: `HTTP ${response.status}` };
      for (const { id } of batch) receive({ type: 'error', id, ...refusal });
      return undefined;
    } catch (error) {
      return { code: BROKEN, reason: error instanceof Error ? error.message : '' };
    } finally {
      cancel();
    }
  }
}

/**
 * @param {number} status
 * @param {string} text
 * @returns {{ code: string, error: string } | undefined} undefined where it isn't the commands that are refused
 */
function refusalOf(status, text) {
  if (![400, 413, 415, 429].includes(status)) return undefined;
  try {
    const { code, title } = JSON.parse(text);
    return { code: typeof code === 'string' ? code : 'bad_request', error: String(title ?? `HTTP ${status}`) };
  } catch {
    return { code: status === 413 ? 'too_large' : status === 429 ? 'rate_limited' : 'bad_request', error: `HTTP ${status}` };
  }
}
