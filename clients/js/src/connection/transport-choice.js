import { textOf } from '../base/application-code.js';
import { actionAfter, BROKEN } from '../base/close-codes.js';

/** How long one transport is alone before the next one tries as well: the third has begun after two seconds. */
const HEAD_START = 1_000;
/** When nothing has answered. */
const CONNECT_LIMIT = 15_000;
/** After so many failures in a row what is remembered is no longer trusted alone: it isn't the server that is away, but the way to it. */
const TRUSTED_ATTEMPTS = 1;

/**
 * @typedef {import('../transports/transport.js').Transport} Transport
 * @typedef {import('../transports/transport.js').TransportKind} TransportKind
 * @typedef {import('../transports/transport.js').TransportContext} TransportContext
 * @typedef {import('../transports/transport.js').Way} Way
 * @typedef {import('../link/link.js').End} End
 *
 * @typedef {object} Chosen
 * @property {(kind: TransportKind, transport: Transport, connected: import('../commands/commands.js').Frame) => void} won
 * @property {(end: End) => void} failed  nothing could be opened
 */

/** Finds what gets through, and remembers it. */
export class TransportChoice {
  #host;
  #key;
  #ways;
  /** @type {string | null} */
  #remembered;

  /**
   * @param {import('../base/host.js').Host} host
   * @param {string} url
   * @param {readonly Way[]} ways to try, best first
   */
  constructor(host, url, ways) {
    this.#host = host;
    this.#key = `tidings:transport:${url}`;
    this.#ways = ways;
    this.#remembered = host.memory.get(this.#key);
  }

  /** The network is another one: what got through the old one says nothing of it. */
  forget() {
    this.#remembered = null;
  }

  /**
   * Begins with the remembered one; each of the others begins when those before it have failed, or a moment later. The first that is connected stays.
   * @param {Omit<TransportContext, 'receive' | 'ended' | 'trace'>} base
   * @param {(kind: TransportKind) => Pick<TransportContext, 'receive' | 'ended' | 'trace'>} told  what the one that wins tells
   * @param {number} attempt
   * @param {Chosen} chosen
   * @returns {() => void} gives up
   */
  open(base, told, attempt, { won, failed }) {
    const order = this.#order();
    const trusted = order[0]?.kind === this.#remembered && attempt < TRUSTED_ATTEMPTS;
    /** @type {Set<Transport>} */
    const contenders = new Set();
    let begun = 0;
    let over = false;
    let cancelTimer = () => {};
    /** @type {End} */
    let lastEnd = { code: BROKEN, reason: 'No transport' };

    const finish = (/** @type {Transport} */ winner) => {
      over = true;
      cancelTimer();
      for (const contender of contenders) if (contender !== winner) contender.close(1000, '');
    };
    const fail = (/** @type {End} */ end) => {
      finish(/** @type {any} */ (undefined));
      failed(end);
    };
    const begin = () => {
      cancelTimer();
      const entry = order[begun++];
      if (entry === undefined) return;
      const { kind, open } = entry;
      cancelTimer = begun < order.length ? this.#host.after(begin, HEAD_START) : this.#host.after(() => fail({ code: BROKEN, reason: 'No answer' }), CONNECT_LIMIT);
      const tells = told(kind);
      let isWinner = false;
      /** @type {Transport} */
      let transport;
      const context = {
        ...base,
        trace: tells.trace,
        receive: (/** @type {import('../commands/commands.js').Frame} */ frame) => {
          if (isWinner) tells.receive(frame);
          if (over || frame.type !== 'connected') return;
          isWinner = true;
          this.#remembered = kind;
          this.#host.memory.set(this.#key, kind);
          finish(transport);
          won(kind, transport, frame);
        },
        ended: (/** @type {End} */ end) => {
          if (isWinner) tells.ended(end);
          if (over) return;
          contenders.delete(transport);
          lastEnd = end;
          // Who has been answered in earnest need not ask in another way.
          const inEarnest = end.final || actionAfter(end.code) !== 'come-back';
          if (inEarnest || (contenders.size === 0 && (begun === order.length || (trusted && begun === 1)))) fail(lastEnd);
          else if (begun < order.length) begin();
        },
      };
      try {
        transport = open(context);
        contenders.add(transport);
      } catch (error) {
        lastEnd = { code: BROKEN, reason: textOf(error) };
        if (begun < order.length) begin();
        else if (contenders.size === 0) queueMicrotask(() => over || fail(lastEnd));
      }
    };
    if (order.length > 0) begin();
    else queueMicrotask(() => over || fail(lastEnd));
    return () => {
      if (!over) finish(/** @type {any} */ (undefined));
    };
  }

  #order() {
    const { WebSocket, fetch } = this.#host;
    const usable = this.#ways.filter(({ kind }) => (kind === 'websocket' ? WebSocket : fetch));
    return usable.sort((a, b) => Number(b.kind === this.#remembered) - Number(a.kind === this.#remembered));
  }
}
