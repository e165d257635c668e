import { byId, make } from './dom.js';

/** Column headings by which a table is sorted: `<th data-sort="name">`, with `data-first="descending"` where the largest come first. Each is pressed for one direction, the other, and the list's own order. */
export class Sorting {
  /** @type {HTMLTableCellElement[]} */
  #headings;
  #changed;

  /** @param {string} tableId @param {() => void} changed */
  constructor(tableId, changed) {
    this.#headings = [...byId(tableId, HTMLTableElement).querySelectorAll('th')].filter(({ dataset }) => dataset.sort !== undefined);
    this.#changed = changed;
    for (const heading of this.#headings) {
      const button = make('button', { class: 'sort', text: heading.textContent ?? '' });
      button.type = 'button';
      button.addEventListener('click', () => this.#turn(heading));
      heading.replaceChildren(button);
    }
  }

  /** The column that is sorted by; undefined for the list's own order. */
  get by() {
    return this.#sorted?.dataset.sort;
  }

  /** @returns {'ascending' | 'descending' | undefined} */
  get order() {
    return /** @type {'ascending' | 'descending' | undefined} */ (this.#sorted?.ariaSort ?? undefined);
  }

  get #sorted() {
    return this.#headings.find(({ ariaSort }) => ariaSort !== null);
  }

  /** @param {HTMLTableCellElement} pressed */
  #turn(pressed) {
    const first = pressed.dataset.first ?? 'ascending';
    const next = pressed.ariaSort === null ? first : pressed.ariaSort === first ? (first === 'ascending' ? 'descending' : 'ascending') : null;
    for (const heading of this.#headings) heading.ariaSort = heading === pressed ? next : null;
    this.#changed();
  }
}

/**
 * The same in the order of a value, which is a number or a text.
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => number | string} valueOf
 * @param {'ascending' | 'descending'} order
 */
export function sorted(items, valueOf, order) {
  const sign = order === 'descending' ? -1 : 1;
  return [...items].sort((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true }));
  });
}
