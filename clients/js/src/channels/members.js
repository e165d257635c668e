import { Emitter } from '../base/emitter.js';

/**
 * @typedef {import('./contract.js').Member} Member
 * @typedef {import('./contract.js').Presence} Presence
 * @typedef {'join' | 'leave' | 'update'} MemberEvent
 * @typedef {{ members: Members, joined: Member[], left: Member[], updated: Member[] }} MembersChange
 */

/**
 * Who is there, as far as a subscription with `presence` was told: the first hundred that the server lists, and all who came after.
 * `for (const { user, info } of channel.members)`; `change` tells each difference, also those of an absence.
 * @extends {Emitter<{ change: MembersChange }>}
 */
export class Members extends Emitter {
  /** @type {Map<string, Member>} */
  #members = new Map();
  #count = 0;

  /** How many are there, listed or not. */
  get count() {
    return this.#count;
  }

  /** @param {string} user @param {string} [connection] where each connection is a member @returns {Member | undefined} */
  get(user, connection) {
    return this.#members.get(keyOf({ user, connection }));
  }

  /** @returns {IterableIterator<Member>} */
  [Symbol.iterator]() {
    return this.#members.values();
  }

  /** Those who are there now. @param {Presence} presence @internal */
  set({ members, count }) {
    const before = this.#members;
    this.#members = new Map(members.map((member) => [keyOf(member), member]));
    this.#count = count;
    this.#changed(
      members.filter((member) => !before.has(keyOf(member))),
      [...before].flatMap(([key, member]) => (this.#members.has(key) ? [] : [member])),
      members.filter((member) => before.has(keyOf(member)) && !isSame(before.get(keyOf(member)), member)),
    );
  }

  /** @param {MemberEvent} event @param {Member} member @internal */
  told(event, member) {
    const key = keyOf(member);
    const known = this.#members.get(key);
    if (event === 'leave') {
      this.#members.delete(key);
      this.#count = Math.max(this.#members.size, this.#count - 1);
      this.#changed([], [member], []);
      return;
    }
    this.#members.set(key, member);
    if (event === 'join' && !known) this.#count++;
    this.#count = Math.max(this.#count, this.#members.size);
    if (!known) this.#changed(event === 'join' ? [member] : [], [], event === 'join' ? [] : [member]);
    else if (!isSame(known, member)) this.#changed([], [], [member]);
  }

  /** @param {Member[]} joined @param {Member[]} left @param {Member[]} updated */
  #changed(joined, left, updated) {
    if (joined.length + left.length + updated.length > 0) this.emit('change', { members: this, joined, left, updated });
  }
}

/** No id has such a character. @param {{ user: string, connection?: string }} member */
function keyOf({ user, connection }) {
  return connection === undefined ? user : `${user}\u0001${connection}`;
}

/** @param {Member | undefined} one @param {Member} other */
function isSame(one, other) {
  return JSON.stringify([one?.info, one?.user_info]) === JSON.stringify([other.info, other.user_info]);
}
