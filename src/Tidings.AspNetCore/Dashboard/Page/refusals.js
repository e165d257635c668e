import { ask } from './ask.js';
import { clock } from './dom.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { WholeList } from './whole-list.js';

/** @typedef {{ time: number, reason: string, address: string }} Row */

/** Who was not let in lately. */
export class Refusals {
  constructor() {
    const rows = new Rows('refusals-table', {
      key: (/** @type {Row & { key: string }} */ { key }) => key,
      cells: ({ time, reason, address }) => [{ text: clock(new Date(time)), class: 'short', title: new Date(time).toLocaleString() }, { text: reason }, { text: address }],
      empty: 'Nobody was refused.',
    });
    const list = new WholeList('refusals', rows, {
      texts: ({ reason, address }) => [reason, address],
      values: { time: ({ time }) => time, reason: ({ reason }) => reason, address: ({ address }) => address },
    });
    new Panel('refusals', async () => {
      const { refusals } = await ask('data/refusals');
      list.show(refusals.map((/** @type {Row} */ refusal, /** @type {number} */ i) => ({ ...refusal, key: `${refusal.time} ${refusal.reason} ${refusal.address} ${i}` })));
    });
  }
}
