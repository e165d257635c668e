/**
 * @typedef {import('./commands.js').Frame} Frame
 */

/** How many positions of one's own messages are kept: the newest. */
const MOST = 1_000;

/** Which messages are this client's own, by the positions that `published` gave. */
export class OwnMessages {
  #onSettled;
  /** @type {Set<string>} */
  #positions = new Set();
  /** Those that the application does not want to hear. @type {Set<string>} */
  #unwanted = new Set();
  /** Whether these are left out here: over HTTP, where requests are not the connection that hears. */
  leavesOutUnwanted = false;
  /** Publishes that were sent and have no answer: id and channel. @type {Map<number, string>} */
  #unanswered = new Map();
  /** Who is connected; null for somebody anonymous, and where it is not known. @type {string | null} */
  user = null;

  /** @param {(channel: string) => void} onSettled  called when less is unanswered in a channel */
  constructor(onSettled) {
    this.#onSettled = onSettled;
  }

  /** @param {Frame} command that is sent now */
  sent({ type, id, channel, ephemeral }) {
    if (type === 'publish' && !ephemeral) this.#unanswered.set(id, channel);
  }

  /** @param {Frame} command that will not be answered, or was not carried out @param {Frame} [reply] its answer */
  settled({ id, channel, except }, reply) {
    if (!this.#unanswered.delete(id)) return;
    if (reply?.offset !== undefined) {
      const key = keyOf(channel, reply.epoch, reply.offset);
      this.#positions.add(key);
      if (except && this.leavesOutUnwanted) this.#unwanted.add(key);
      if (this.#positions.size > MOST) {
        const oldest = /** @type {string} */ (this.#positions.values().next().value);
        this.#positions.delete(oldest);
        this.#unwanted.delete(oldest);
      }
    }
    this.#onSettled(channel);
  }

  /** @param {string} channel @param {string} epoch @param {number} offset */
  has(channel, epoch, offset) {
    return this.#positions.has(keyOf(channel, epoch, offset));
  }

  /** @param {string} channel @param {string} epoch @param {number} offset of a live message */
  leavesOut(channel, epoch, offset) {
    return this.#unwanted.has(keyOf(channel, epoch, offset));
  }

  /** @param {Frame} message @returns {number[]} the ids of the publishes that may turn out to be this message */
  candidates({ channel, offset, from }) {
    if (offset === undefined || this.#unanswered.size === 0 || (from !== undefined && this.user !== null && from !== this.user)) return [];
    return [...this.#unanswered.keys()].filter((id) => this.#unanswered.get(id) === channel);
  }

  /** @param {number[]} ids @returns {boolean} whether one of them has no answer yet */
  awaits(ids) {
    return ids.some((id) => this.#unanswered.has(id));
  }
}

/** @param {string} channel @param {string} epoch @param {number} offset */
function keyOf(channel, epoch, offset) {
  return `${offset} ${epoch} ${channel}`;
}
