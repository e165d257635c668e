import { textOf } from '../base/application-code.js';
import { BROKEN } from '../base/close-codes.js';
import { TokenSource } from '../base/token-source.js';
import { TransportChoice } from './transport-choice.js';

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('../transports/transport.js').Transport} Transport
 * @typedef {import('../transports/transport.js').TransportKind} TransportKind
 * @typedef {import('../transports/transport.js').TransportContext} TransportContext
 *
 * @typedef {object} ConnectionOptions
 * @property {string} url
 * @property {{ name: string, version: string }} client
 * @property {import('../base/token-source.js').TokenOption} [token]
 * @property {readonly import('../transports/transport.js').Way[]} ways  to try, best first
 * @property {boolean} [binary]
 * @property {TransportContext['subscribes']} subscribes
 * @property {TransportContext['served']} served
 * @property {(frame: Frame) => void} onConnected   the first frame, once for each connection
 * @property {(frame: Frame) => void} onFrame       all others
 * @property {(direction: 'in' | 'out', text: string, transport: TransportKind) => void} onTrace
 * @property {(reason: string) => void} onNoToken   the token could not be had
 */

/** One connection after the other to the same server: with a token, by the transport that gets through. */
export class Connection {
  #host;
  #options;
  #tokens;
  #choice;
  /** @type {Transport | undefined} */
  #transport;
  /** @type {TransportKind | undefined} */
  #kind;

  /** @param {import('../base/host.js').Host} host @param {ConnectionOptions} options */
  constructor(host, options) {
    this.#host = host;
    this.#options = options;
    this.#tokens = new TokenSource(options.token);
    this.#choice = new TransportChoice(host, options.url, options.ways);
  }

  /** What carries it; undefined when there is none. */
  get transport() {
    return this.#kind;
  }

  /** Whether there is a way to another token than the last. */
  get renewable() {
    return this.#tokens.renewable;
  }

  /** @param {Frame[]} commands */
  send(commands) {
    this.#transport?.send(commands);
  }

  /** It has ended. */
  lost() {
    this.#transport = this.#kind = undefined;
  }

  /** @param {import('../link/link.js').Dial} dial @returns {import('../link/link.js').Line} */
  dial({ renew, attempt, opened, ended }) {
    let giveUp = () => {};
    let over = false;
    const begin = (/** @type {string | undefined} */ token) => {
      if (over) return;
      const { url, client, binary, subscribes, served, onConnected, onFrame, onTrace } = this.#options;
      giveUp = this.#choice.open(
        { host: this.#host, url, token, client, binary, subscribes, served },
        (kind) => ({ receive: onFrame, ended, trace: (direction, text) => onTrace(direction, text, kind) }),
        attempt,
        {
          won: (kind, transport, frame) => {
            this.#kind = kind;
            this.#transport = transport;
            opened();
            onConnected(frame);
          },
          failed: ended,
        },
      );
    };
    const fail = (/** @type {string} */ reason) => over || ended({ code: BROKEN, reason });
    this.#tokens.get(renew).then(begin, (error) => fail(this.#noToken(error))).catch((error) => fail(textOf(error)));
    return {
      wake: (why) => {
        if (why === 'online') this.#choice.forget();
        this.#transport?.wake(why);
      },
      hangUp: (code, reason) => {
        over = true;
        giveUp();
        this.#transport?.close(code, reason);
      },
    };
  }

  /** The token expires: goes on with another, where there is a way to one. */
  async renew() {
    const transport = this.#transport;
    try {
      const token = this.#tokens.renewable ? await this.#tokens.get(true) : undefined;
      if (token !== undefined && transport === this.#transport) transport?.renew(token);
    } catch (error) {
      this.#noToken(error);
    }
  }

  /** @param {unknown} error @returns {string} */
  #noToken(error) {
    const reason = `No token: ${textOf(error)}`;
    this.#options.onNoToken(reason);
    return reason;
  }
}
