import { make } from './dom.js';

/** Pages of a list that is asked for one page after the other: where each begins is known by the one before. */
export class Pages {
  /** @type {(string | undefined)[]} where the pages up to this one begin */
  #begins = [undefined];
  /** @type {string | undefined} */
  #next;
  #back = make('button', { class: 'quiet', text: 'Back' });
  #on = make('button', { class: 'quiet', text: 'More' });

  /** @param {HTMLElement} place @param {() => void} turned */
  constructor(place, turned) {
    this.#back.type = this.#on.type = 'button';
    this.#back.addEventListener('click', () => {
      this.#begins.pop();
      turned();
    });
    this.#on.addEventListener('click', () => {
      this.#begins.push(this.#next);
      turned();
    });
    place.append(this.#back, this.#on);
    this.shown(undefined);
  }

  /** Where the page begins that is to be shown; undefined for the first. */
  get begin() {
    return this.#begins.at(-1);
  }

  /** Goes back to the first. */
  reset() {
    this.#begins = [undefined];
  }

  /** @param {string | undefined} next where the next page begins, if there is one */
  shown(next) {
    this.#next = next;
    this.#back.hidden = this.#begins.length === 1;
    this.#on.hidden = next === undefined;
  }
}
