import { byId, clock, make, trim } from './dom.js';
import { Follow } from './follow.js';
import { splitName } from './room-text.js';

const MOST_LINES = 500;
const VOICES = 6;

/** @typedef {'note' | 'error'} NoticeKind */

/** What was said in the room, and what happened to the connection, in one list. */
export class Conversation {
  #list = byId('messages', HTMLOListElement);
  #empty = byId('empty', HTMLElement);
  #latest = byId('latest', HTMLButtonElement);
  #follow = new Follow(byId('conversation', HTMLElement), (strayed) => (this.#latest.hidden = !strayed));
  /** @type {{ text: string, count: number, body: HTMLElement } | undefined} */
  #lastNotice;

  constructor() {
    this.#latest.addEventListener('click', () => {
      this.#latest.hidden = true;
      this.#follow.toEnd();
    });
  }

  /** @param {string} text as somebody typed it */
  message(text) {
    const { name, rest } = splitName(text);
    // lang="" says that the language is unknown: the page's own is no guide to what people write.
    const body = make('p', { class: 'text', dir: 'auto' });
    body.lang = '';
    if (name) body.append(make('bdi', { class: 'voice', text: name, data: { voice: String(voice(name)) } }), ': ');
    body.append(rest);
    this.#empty.hidden = true;
    this.#lastNotice = undefined;
    this.#add(make('li', { class: 'said' }, body));
  }

  /** The same notice again is counted, not repeated. @param {string} text @param {NoticeKind} [kind] */
  notice(text, kind = 'note') {
    if (this.#lastNotice?.text === text) {
      this.#lastNotice.count++;
      this.#lastNotice.body.dataset.count = String(this.#lastNotice.count);
      return;
    }
    const body = make('p', { class: 'text', text });
    this.#lastNotice = { text, count: 1, body };
    this.#add(make('li', { class: 'notice', data: { kind } }, body));
  }

  /** Joining another room starts another conversation. */
  clear() {
    this.#list.replaceChildren();
    this.#lastNotice = undefined;
    this.#empty.hidden = false;
    this.#latest.hidden = true;
  }

  toEnd() {
    this.#follow.toEnd();
  }

  /** @param {HTMLLIElement} line */
  #add(line) {
    const now = new Date();
    const time = make('time', { text: clock(now) });
    time.dateTime = now.toISOString();
    line.append(time);
    this.#list.append(line);
    trim(this.#list, MOST_LINES);
    this.#follow.added();
  }
}

/** The same colour for the same name, on every screen. @param {string} name */
function voice(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % VOICES;
}
