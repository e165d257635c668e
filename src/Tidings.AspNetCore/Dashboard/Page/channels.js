import { ask } from './ask.js';
import { byId, make } from './dom.js';
import { count } from './format.js';
import { Pages } from './pages.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { sorted, Sorting } from './sorting.js';

const PER_PAGE = 15;

/** As many the server lists at once, by name. */
const MOST_SORTED = 1_000;

/** @typedef {{ channel: string, subscribers: number }} Row */

/** The channels that somebody is subscribed to, on all nodes, by name. */
export class Channels {
  #prefix = byId('channels-prefix', HTMLInputElement);
  #rows;
  #pages;
  #sorting;
  #panel;

  /** @param {(channel: string) => void} open */
  constructor(open) {
    this.#rows = new Rows('channels-table', {
      key: (/** @type {Row} */ { channel }) => channel,
      cells: ({ channel, subscribers }, row) => [
        { text: channel, node: row.cells[0]?.firstChild ?? opener(channel, open) },
        { text: count(subscribers), class: 'number' },
      ],
      empty: 'Nobody is subscribed to anything here.',
    });
    this.#pages = new Pages(byId('channels-pages', HTMLElement), () => void this.#panel.refresh());
    this.#sorting = new Sorting('channels-table', () => this.#begin());
    this.#panel = new Panel('channels', () => this.#load());
    byId('channels-search', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#begin();
    });
  }

  #begin() {
    this.#pages.reset();
    this.#panel.note('');
    void this.#panel.refresh();
  }

  async #load() {
    const prefix = this.#prefix.value.trim();
    const { by, order } = this.#sorting;
    const query = order === undefined ? { prefix, after: this.#pages.begin, limit: PER_PAGE } : { prefix, limit: MOST_SORTED };
    const { channels, next, missing } = await ask('api/channels', { query });
    if (order === undefined) {
      this.#rows.show(channels);
      this.#pages.shown(next);
    } else {
      const all = sorted(/** @type {Row[]} */ (channels), (row) => (by === 'subscribers' ? row.subscribers : row.channel), order);
      const begin = Number(this.#pages.begin ?? 0);
      this.#rows.show(all.slice(begin, begin + PER_PAGE));
      this.#pages.shown(begin + PER_PAGE < all.length ? String(begin + PER_PAGE) : undefined);
      if (next !== undefined) this.#panel.note(`Sorted are the first ${count(MOST_SORTED)} by name: what they begin with finds others.`);
    }
    if (missing) this.#panel.note(`These nodes did not answer, and their subscribers are not counted: ${missing.join(', ')}.`, 'error');
  }
}

/** @param {string} channel @param {(channel: string) => void} open */
function opener(channel, open) {
  const button = make('button', { class: 'link', text: channel, dir: 'auto' });
  button.type = 'button';
  button.addEventListener('click', () => open(channel));
  return button;
}
