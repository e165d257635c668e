import { byId, clock, make, trim } from './dom.js';
import { count } from './format.js';
import { live } from './live.js';

const SHOWN = 200;

/** @typedef {{ time: number, direction: 'in' | 'out', kind: string, length: number, text?: string, cut?: boolean, hex?: string, code?: number }} Frame */

/** One connection: what it says and gets, for as long as the dialog is open. */
export class Follow {
  #dialog = byId('follow', HTMLDialogElement);
  #title = byId('follow-title', HTMLElement);
  #who = byId('follow-who', HTMLElement);
  #frames = byId('follow-frames', HTMLElement);
  #note = byId('follow-note', HTMLElement);
  /** @type {HTMLElement[]} */
  #waiting = [];
  #end = new AbortController();

  constructor() {
    this.#dialog.addEventListener('close', () => this.#end.abort());
  }

  /** @param {string} name @param {string} who */
  open(name, who) {
    this.#end.abort();
    this.#end = new AbortController();
    this.#title.textContent = name;
    this.#who.textContent = who;
    this.#waiting = [];
    this.#frames.replaceChildren();
    this.#say('');
    this.#dialog.showModal();
    void this.#follow(name, this.#end.signal);
  }

  /** @param {string} name @param {AbortSignal} signal */
  async #follow(name, signal) {
    try {
      for await (const { name: kind, data } of live(`api/connections/${encodeURIComponent(name)}/frames`, signal)) {
        if (kind === 'following') this.#say(`Live until ${clock(new Date(JSON.parse(data).until))}.`);
        if (kind === 'frame') this.#add(line(JSON.parse(data)));
        if (kind === 'skipped') this.#add(make('li', { data: { kind: 'gap' } }, make('span'), make('span', { class: 'text', text: `${count(JSON.parse(data).skipped)} more came too fast to be shown.` })));
        if (kind === 'end') return this.#say(ended(JSON.parse(data)));
      }
      this.#say('The server has stopped.', true);
    } catch (error) {
      if (!signal.aborted) this.#say(String(/** @type {Error} */ (error).message), true);
    }
  }

  /** Many may come between two pictures of the screen: only those are drawn that stay. @param {HTMLElement} item */
  #add(item) {
    if (this.#waiting.push(item) === 1) requestAnimationFrame(() => this.#draw());
    if (this.#waiting.length > SHOWN) this.#waiting.shift();
  }

  #draw() {
    const list = this.#frames;
    const atEnd = list.scrollTop + list.clientHeight > list.scrollHeight - 24;
    list.append(...this.#waiting);
    this.#waiting = [];
    trim(list, SHOWN);
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  /** @param {string} text @param {boolean} [isError] */
  #say(text, isError = false) {
    this.#note.textContent = text;
    this.#note.dataset.kind = isError ? 'error' : 'note';
  }
}

/** @param {Frame} frame */
function line({ time, direction, kind, length, text = '', cut = false, hex, code }) {
  const bytes = `${count(length)} bytes`;
  const shown = {
    text: cut ? `${text}… (${bytes})` : text,
    binary: [text, hex === undefined ? '' : `${hex}…`, `(${bytes}, binary)`].filter(Boolean).join(' '),
    close: `(close${code === undefined ? '' : ` ${code}`}) ${text}`,
    oversized: '(longer than a message may be)',
  }[kind];
  return make(
    'li',
    { data: { kind, direction } },
    make('span', { class: 'offset', text: direction }),
    make('span', { class: 'text mono', text: shown ?? `(${kind})` }),
    make('time', { text: clock(new Date(time), true) }),
  );
}

/** @param {{ why: string, code?: number, reason?: string }} end */
function ended({ why, code, reason }) {
  return why === 'time' ? 'One look lasts ten minutes at most: follow it again to see more.' : `The connection has ended: ${[code, reason].filter(Boolean).join(' ')}.`;
}
