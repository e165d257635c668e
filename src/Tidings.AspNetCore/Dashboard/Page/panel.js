import { byId } from './dom.js';

const EVERY = 3_000;

/** A panel that asks the server for something: when it is opened, every three seconds while it can be seen, and when it is told to. */
export class Panel {
  #panel;
  #note;
  #load;
  #asking = false;
  #again = false;

  /** @param {string} name @param {() => Promise<void>} load */
  constructor(name, load) {
    this.#panel = byId(`panel-${name}`, HTMLElement);
    this.#note = byId(`${name}-note`, HTMLElement);
    this.#load = load;
    byId(`tab-${name}`, HTMLElement).addEventListener('click', () => void this.refresh());
    new MutationObserver(() => this.#isSeen && void this.refresh()).observe(this.#panel, { attributeFilter: ['hidden'] });
    setInterval(() => this.#isSeen && void this.refresh(), EVERY);
    if (this.#isSeen) void this.refresh();
  }

  get #isSeen() {
    return !this.#panel.hidden && !document.hidden;
  }

  /** One question at a time; who asks meanwhile is answered by one more. */
  async refresh() {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    do {
      this.#again = false;
      try {
        await this.#load();
        if (this.#note.dataset.kind === 'error') this.note('');
      } catch (error) {
        this.note(String(/** @type {Error} */ (error).message), 'error');
      }
    } while (this.#again);
    this.#asking = false;
  }

  /** @param {string} text @param {'note' | 'error'} [kind] */
  note(text, kind = 'note') {
    this.#note.textContent = text;
    this.#note.dataset.kind = kind;
  }
}
