import { ask } from './ask.js';
import { byId, make } from './dom.js';
import { count } from './format.js';
import { Pages } from './pages.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';

const PER_PAGE = 15;

/** The channels that somebody is subscribed to, on all nodes, by name. */
export class Channels {
  #prefix = byId('channels-prefix', HTMLInputElement);
  #rows;
  #pages;
  #panel;

  /** @param {(channel: string) => void} open */
  constructor(open) {
    this.#rows = new Rows('channels-table', {
      key: (/** @type {{ channel: string, subscribers: number }} */ { channel }) => channel,
      cells: ({ channel, subscribers }, row) => [
        { text: channel, node: row.cells[0]?.firstChild ?? opener(channel, open) },
        { text: count(subscribers), class: 'number' },
      ],
      empty: 'Nobody is subscribed to anything here.',
    });
    this.#pages = new Pages(byId('channels-pages', HTMLElement), () => void this.#panel.refresh());
    this.#panel = new Panel('channels', () => this.#load());
    byId('channels-search', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#pages.reset();
      void this.#panel.refresh();
    });
  }

  async #load() {
    const prefix = this.#prefix.value.trim();
    const { channels, next, missing } = await ask('api/channels', { query: { prefix, after: this.#pages.begin, limit: PER_PAGE } });
    this.#rows.show(channels);
    this.#pages.shown(next);
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
