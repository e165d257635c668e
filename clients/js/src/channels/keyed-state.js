/** @typedef {import('../commands/commands.js').Frame} Frame */

/**
 * @template [T=any]
 * @typedef {{ value: T, offset: number, time: number, event?: string, from?: string }} Entry
 */

/**
 * `removed` where the key is gone; there is then no value.
 * @template [T=any]
 * @typedef {{ key: string, value?: T, previous?: T, removed?: true }} Change
 */

/** The newest message of each key of one channel, as the server has it. */
export class KeyedState {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** What has come of a state that is on its way. @type {Map<string, Entry> | undefined} */
  #coming;
  #complete = false;

  /** @returns {ReadonlyMap<string, Entry>} */
  get entries() {
    return this.#entries;
  }

  /** Whether it has all, up to what was told last. */
  get complete() {
    return this.#complete;
  }

  /** Something was missed: what is here may be old. */
  invalidate() {
    this.#complete = false;
    this.#coming = undefined;
  }

  /** @param {Frame} frame a part of the state @returns {Change[] | undefined} what is different now; undefined while further parts follow */
  take({ entries, more }) {
    this.#coming ??= new Map();
    for (const entry of entries) this.#coming.set(entry.key, entryOf(entry));
    if (more) return undefined;
    const [before, now] = [this.#entries, this.#coming];
    this.#entries = now;
    this.#coming = undefined;
    this.#complete = true;
    /** @type {Change[]} */
    const changes = [];
    for (const [key, { value }] of before) if (!now.has(key)) changes.push({ key, previous: value, removed: true });
    for (const [key, entry] of now) {
      const old = before.get(key);
      if (old?.offset !== entry.offset || old.time !== entry.time) changes.push({ key, value: entry.value, ...(old && { previous: old.value }) });
    }
    return changes;
  }

  /** @param {Frame} message @returns {Change | undefined} what is different now */
  apply(message) {
    const { key, offset, remove } = message;
    if (!this.#complete || key === undefined || offset === undefined) return undefined;
    if (remove) return this.#remove(key);
    const old = this.#entries.get(key);
    const entry = entryOf(message);
    this.#entries.set(key, entry);
    return { key, value: entry.value, ...(old && { previous: old.value }) };
  }

  /** A message was erased. @param {number} offset @returns {Change | undefined} */
  erase(offset) {
    for (const [key, entry] of this.#coming ?? []) if (entry.offset === offset) this.#coming?.delete(key);
    for (const [key, entry] of this.#entries) if (entry.offset === offset) return this.#remove(key);
    return undefined;
  }

  /** @param {string} key @returns {Change | undefined} */
  #remove(key) {
    const old = this.#entries.get(key);
    return old && this.#entries.delete(key) ? { key, previous: old.value, removed: true } : undefined;
  }
}

/** @param {Frame} message @returns {Entry} */
function entryOf({ data, bytes, offset, time, event, from }) {
  return { value: bytes ?? data, offset, time, ...(event !== undefined && { event }), ...(from !== undefined && { from }) };
}
