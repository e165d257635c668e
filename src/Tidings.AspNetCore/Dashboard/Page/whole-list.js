import { byId } from './dom.js';
import { Pages } from './pages.js';
import { sorted, Sorting } from './sorting.js';

const PER_PAGE = 50;

/**
 * A list that is here as a whole: searched, sorted and shown page by page without asking the server.
 * Its search is `#name-text`, its table `#name-table`, its pages `#name-pages`.
 * @template T
 */
export class WholeList {
  #text;
  #rows;
  #pages;
  #sorting;
  #texts;
  #values;
  /** @type {readonly T[]} */
  #items = [];

  /**
   * @param {string} name
   * @param {import('./rows.js').Rows<T>} rows
   * @param {{ texts: (item: T) => string[], values: Record<string, (item: T) => number | string> }} of
   *   what is searched, and by each column what is sorted by
   */
  constructor(name, rows, { texts, values }) {
    this.#text = byId(`${name}-text`, HTMLInputElement);
    this.#rows = rows;
    this.#texts = texts;
    this.#values = values;
    this.#pages = new Pages(byId(`${name}-pages`, HTMLElement), () => this.#draw());
    this.#sorting = new Sorting(`${name}-table`, () => this.#begin());
    this.#text.addEventListener('input', () => this.#begin());
  }

  /** @param {readonly T[]} items */
  show(items) {
    this.#items = items;
    this.#draw();
  }

  #begin() {
    this.#pages.reset();
    this.#draw();
  }

  #draw() {
    const text = this.#text.value.trim().toLowerCase();
    const found = text === '' ? this.#items : this.#items.filter((item) => this.#texts(item).some((one) => one.toLowerCase().includes(text)));
    const { by, order } = this.#sorting;
    const all = by !== undefined && order !== undefined ? sorted(found, this.#values[by], order) : found;
    if (Number(this.#pages.begin ?? 0) >= all.length) this.#pages.reset();
    const begin = Number(this.#pages.begin ?? 0);
    this.#rows.show(all.slice(begin, begin + PER_PAGE), text === '' ? undefined : 'Nothing here has that in it.');
    this.#pages.shown(begin + PER_PAGE < all.length ? String(begin + PER_PAGE) : undefined);
  }
}
