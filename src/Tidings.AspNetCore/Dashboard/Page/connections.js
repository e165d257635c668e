import { ask } from './ask.js';
import { confirm } from './dialog.js';
import { byId, make, plural } from './dom.js';
import { Follow } from './follow.js';
import { bytes, count, duration } from './format.js';
import { Pages } from './pages.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { Sorting } from './sorting.js';

const PER_PAGE = 50;

/** @typedef {{ number: string, id?: string, name: string, user?: string, purpose?: string, protocol: string, transport: string, address: string, since: number, queuedBytes: number, subscriptions: number }} Row */

/** @type {Readonly<Record<string, string>>} */
const transports = { websocket: 'WebSocket', sse: 'SSE', poll: 'Request' };

/** The connections of this node, with buttons to follow and to end each. */
export class Connections {
  #text = byId('connections-text', HTMLInputElement);
  #protocols = byId('connections-protocols', HTMLElement);
  #rows;
  #pages;
  #sorting;
  #panel;
  #follow = new Follow();

  constructor() {
    this.#rows = new Rows('connections-table', {
      key: (/** @type {Row} */ { number }) => number,
      cells: (row, element) => [
        { text: row.id ?? `#${row.number}` },
        { text: row.user ?? '' },
        { text: row.purpose ?? (row.id ? plural(row.subscriptions, 'channel') : '') },
        { text: row.protocol },
        { text: transports[row.transport] ?? row.transport },
        { text: row.address },
        { text: duration(Date.now() - row.since), class: 'number', title: new Date(row.since).toLocaleString() },
        { text: bytes(row.queuedBytes), class: 'number' },
        { text: '', class: 'action', node: element.cells[8]?.firstChild ?? this.#actions(row) },
      ],
      empty: 'Nobody is connected.',
    });
    this.#pages = new Pages(byId('connections-pages', HTMLElement), () => void this.#panel.refresh());
    this.#sorting = new Sorting('connections-table', () => this.#begin());
    this.#panel = new Panel('connections', () => this.#load());
    byId('connections-search', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#begin();
    });
  }

  #begin() {
    this.#pages.reset();
    void this.#panel.refresh();
  }

  async #load() {
    const { connections, protocols, next } = await ask('data/connections', {
      query: { search: this.#text.value.trim(), sort: this.#sorting.by, order: this.#sorting.order, skip: this.#pages.begin, limit: PER_PAGE },
    });
    this.#rows.show(connections);
    this.#pages.shown(next === undefined ? undefined : String(next));
    this.#protocols.textContent = Object.entries(protocols).map(([protocol, many]) => `${protocol} ${count(many)}`).join(' · ');
  }

  /** @param {Row} row */
  #actions(row) {
    const actions = make('div', { class: 'actions' });
    actions.append(
      this.#button('Follow', () => this.#follow.open(row.name, [row.user, row.protocol, row.address].filter(Boolean).join(', '))),
      this.#button('Disconnect', () => void this.#end(row)),
    );
    return actions;
  }

  /** @param {string} text @param {() => void} act */
  #button(text, act) {
    const button = make('button', { class: 'quiet', text });
    button.type = 'button';
    button.addEventListener('click', act);
    return button;
  }

  /** @param {Row} row */
  async #end({ number, id, user, address }) {
    const name = [id ?? `#${number}`, user, address].filter(Boolean).join(', ');
    const told = await confirm({ title: 'Disconnect?', text: name, yes: 'Disconnect', closes: true });
    if (!told) return;
    try {
      const { connections } = await ask('data/disconnect', { method: 'POST', body: { number, ...told } });
      this.#panel.note(connections > 0 ? `Disconnected ${name}.` : `${name} has gone already.`);
    } catch (error) {
      this.#panel.note(String(/** @type {Error} */ (error).message), 'error');
    }
    await this.#panel.refresh();
  }
}
