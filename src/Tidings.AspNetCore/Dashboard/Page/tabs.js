import { byId } from './dom.js';

/** As wide as this there is room for the frames beside the others: no tab then. The same as in page.css. */
const WIDE = '(width >= 62rem)';

/** Tabs as the ARIA practices describe them: arrow keys move between them, and one alone is in the order of the Tab key. */
export class Tabs {
  #tabs;
  #wide = matchMedia(WIDE);

  /** @param {string} listId of the element with role tablist */
  constructor(listId) {
    const list = byId(listId, HTMLElement);
    this.#tabs = /** @type {HTMLButtonElement[]} */ ([...list.querySelectorAll('[role=tab]')]);
    list.addEventListener('click', (event) => {
      const tab = this.#tabs.find((candidate) => candidate.contains(/** @type {Node} */ (event.target)));
      if (tab) this.#select(tab);
    });
    list.addEventListener('keydown', (event) => this.#keyPressed(event));
    this.#wide.addEventListener('change', () => this.#fit());
    this.#fit();
  }

  get #shown() {
    return this.#tabs.filter((tab) => !tab.hidden);
  }

  get #selected() {
    return this.#tabs.find((tab) => tab.getAttribute('aria-selected') === 'true') ?? this.#tabs[0];
  }

  #fit() {
    for (const tab of this.#tabs) if (tab.dataset.beside !== undefined) tab.hidden = this.#wide.matches;
    this.#select(this.#selected.hidden ? this.#shown[0] : this.#selected);
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const shown = this.#shown;
    const at = shown.indexOf(this.#selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + shown.length, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = shown[to % shown.length];
    this.#select(tab);
    tab.focus();
  }

  /** @param {HTMLButtonElement} selected */
  #select(selected) {
    for (const tab of this.#tabs) {
      const isSelected = tab === selected;
      tab.setAttribute('aria-selected', String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      byId(tab.getAttribute('aria-controls') ?? '', HTMLElement).hidden = !isSelected && !tab.hidden;
    }
  }
}
