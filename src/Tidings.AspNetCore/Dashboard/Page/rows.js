import { make } from './dom.js';

/** @typedef {{ text: string, class?: string, node?: Node, title?: string }} Cell */

/**
 * The rows of a table. What is shown again keeps its row, so that the focus stays where it is, and only cells change.
 * @template T
 */
export class Rows {
  #body;
  #labels;
  #keyOf;
  #cells;
  #nothing;
  #empty;
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();

  /**
   * @param {string} tableId
   * @param {{ key: (item: T) => string, cells: (item: T, row: HTMLTableRowElement) => Cell[], empty: string }} options
   *   `cells` gives a cell for each column; one with a `node` gets it when the row is made, and keeps it
   */
  constructor(tableId, { key, cells, empty }) {
    const table = /** @type {HTMLTableElement} */ (document.getElementById(tableId));
    this.#body = table.tBodies[0];
    this.#labels = [...table.querySelectorAll('thead th')].map((cell) => cell.textContent ?? '');
    this.#keyOf = key;
    this.#cells = cells;
    this.#nothing = empty;
    this.#empty = make('tr', {}, make('td', { text: empty }));
    this.#empty.cells[0].colSpan = this.#labels.length;
  }

  /** @param {readonly T[]} items @param {string} [empty] what is said where there are none, in place of the usual */
  show(items, empty = this.#nothing) {
    this.#empty.cells[0].textContent = empty;
    const rows = new Map();
    for (const item of items) {
      const key = this.#keyOf(item);
      const row = this.#rows.get(key) ?? make('tr', { data: { key } });
      this.#fill(row, item);
      rows.set(key, row);
    }
    this.#rows = rows;
    const wanted = rows.size > 0 ? [...rows.values()] : [this.#empty];
    for (const row of [...this.#body.rows]) if (!wanted.includes(row)) row.remove();
    wanted.forEach((row, i) => {
      if (this.#body.rows[i] !== row) this.#body.insertBefore(row, this.#body.rows[i] ?? null);
    });
  }

  /** @param {HTMLTableRowElement} row @param {T} item */
  #fill(row, item) {
    this.#cells(item, row).forEach(({ text, class: name, node, title }, i) => {
      const cell = row.cells[i] ?? row.insertCell();
      if (name) cell.className = name;
      if (title !== undefined) cell.title = title;
      cell.dataset.label = this.#labels[i];
      if (!node) {
        if (cell.textContent !== text) cell.textContent = text;
      } else if (cell.firstChild !== node) {
        cell.replaceChildren(node);
      }
    });
  }
}
