import { ask } from './ask.js';
import { make } from './dom.js';
import { count } from './format.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { WholeList } from './whole-list.js';

/** @typedef {{ id: string, events: number, failures: number, why: string, again: number }} Refused */
/** @typedef {{ state: string, why?: string, refused: Refused[] }} Delivery */
/** @typedef {{ id: string, name: string, waiting: number, trimmed: number, delivery?: Delivery }} Receiver */
/** @typedef {{ key: string, receiver: string, of: { name: string, state: string, waiting: number, trimmed: number }, cells: string[], waits: boolean }} Row */

/** Back ends and handlers that are told of events, each with what it did not take. */
export class Receivers {
  #panel;

  constructor() {
    const rows = new Rows('receivers-table', {
      key: (/** @type {Row} */ { key }) => key,
      cells: (one, row) => [...one.cells.map((text, i) => ({ text, class: i === 2 || i === 3 ? 'number' : '' })), { text: '', class: 'action', node: this.#sender(one, row.cells[5]?.firstChild) }],
      empty: 'Nobody is told of events.',
    });
    // What one did not take stays below it, however they are sorted.
    const list = new WholeList('receivers', rows, {
      texts: ({ receiver, of, cells }) => [receiver, of.name, ...cells],
      values: { receiver: ({ of }) => of.name, state: ({ of }) => of.state, waiting: ({ of }) => of.waiting, dropped: ({ of }) => of.trimmed },
    });
    this.#panel = new Panel('receivers', async () => {
      const { receivers } = await ask('data/receivers');
      list.show(receivers.flatMap((/** @type {Receiver} */ receiver) => rowsOf(receiver)));
    });
  }

  /** @param {Row} row @param {Node | null | undefined} present */
  #sender(row, present) {
    const button = present instanceof HTMLButtonElement ? present : make('button', { class: 'quiet', text: 'Send again' });
    if (button !== present) {
      button.type = 'button';
      button.addEventListener('click', () => void this.#sendAgain(row));
    }
    button.hidden = !row.waits;
    return button;
  }

  /** @param {Row} row */
  async #sendAgain({ receiver }) {
    try {
      await ask('data/receivers/retry', { method: 'POST', body: { receiver } });
      this.#panel.note('What waits is sent again within two seconds.');
    } catch (error) {
      this.#panel.note(String(/** @type {Error} */ (error).message), 'error');
    }
    await this.#panel.refresh();
  }
}

/** @param {Receiver} receiver @returns {Row[]} */
function rowsOf({ id, name, waiting, trimmed, delivery }) {
  const { state = 'starting', why = '', refused = [] } = delivery ?? {};
  const of = { name, state, waiting, trimmed };
  return [
    { key: id, receiver: id, of, cells: [name, state, count(waiting), count(trimmed), why], waits: state === 'away' || refused.length > 0 },
    ...refused.map((batch) => ({
      key: `${id} ${batch.id}`,
      receiver: id,
      of,
      cells: [batch.id, `refused ${batch.failures} ×`, count(batch.events), '', `${batch.why}; again in ${Math.ceil(batch.again / 1000)} s`],
      waits: false,
    })),
  ];
}
