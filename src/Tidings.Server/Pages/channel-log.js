import { byId, clock, make, trim } from './dom.js';
import { Follow } from './follow.js';

const MOST_LINES = 500;
/** Of each message. */
const MOST_CHARACTERS = 2_048;

/** A channel's messages with their offsets, and what happened to the subscription. */
export class ChannelLog {
  #list = byId('channel-messages', HTMLOListElement);
  #empty = byId('channel-empty', HTMLElement);
  #follow = new Follow(byId('channel-scroll', HTMLElement));

  /** @param {import('../tidings.js').Message} message */
  message({ offset, data, bytes, key, remove, from, time }) {
    const text = bytes ? `(${bytes.length} bytes)` : remove ? `(the key ${key} was taken out)` : typeof data === 'string' ? data : JSON.stringify(data);
    const body = make('p', { class: 'text', text: text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text, dir: 'auto' });
    body.lang = '';
    if (from) body.prepend(make('bdi', { class: 'voice', text: from, data: { voice: '0' } }), ': ');
    this.#add(make('li', { class: 'said' }, make('span', { class: 'offset', text: offset === undefined ? '·' : String(offset) }), body), new Date(time));
  }

  /** @param {string} text @param {'note' | 'error'} [kind] */
  notice(text, kind = 'note') {
    this.#add(make('li', { class: 'notice', data: { kind } }, make('span', { class: 'offset' }), make('p', { class: 'text', text })), new Date());
  }

  clear() {
    this.#list.replaceChildren();
    this.#empty.hidden = false;
  }

  /** @param {HTMLLIElement} line @param {Date} at */
  #add(line, at) {
    const time = make('time', { text: clock(at) });
    time.dateTime = at.toISOString();
    line.append(time);
    this.#empty.hidden = true;
    this.#list.append(line);
    trim(this.#list, MOST_LINES);
    this.#follow.added();
  }
}
