import { byId, make } from './dom.js';
import { bytes, count, duration, milliseconds, percent } from './format.js';
import { Rows } from './rows.js';
import { WholeList } from './whole-list.js';

/** @typedef {import('./feed.js').Report} Report */

/** The nodes as their reports say, and the choice of one whose figures are shown. */
export class Nodes {
  #choice = byId('node', HTMLSelectElement);
  #list = new WholeList('nodes', new Rows('nodes-table', {
    key: (/** @type {Report} */ { node }) => node,
    cells: (report) => [
      { text: report.name, title: report.node },
      { text: stateOf(report) },
      { text: report.version },
      { text: duration(report.time - report.started), class: 'number' },
      { text: count(connectionsOf(report)), class: 'number' },
      { text: count(report.channels), class: 'number' },
      { text: `${count(report.received)}, ${count(report.sent)}`, class: 'number' },
      { text: bytes(report.memory), class: 'number' },
      { text: percent(report.cpu), class: 'number' },
      { text: directoryOf(report), title: 'Bytes in segments, and how long the newest group of records took to be on disk', class: 'number' },
    ],
    empty: 'No node has reported yet.',
  }), {
    texts: (report) => [report.name, report.node, report.version, stateOf(report)],
    values: {
      node: ({ name }) => name, state: stateOf, version: ({ version }) => version, age: ({ time, started }) => time - started, connections: connectionsOf, channels: ({ channels }) => channels,
      sent: ({ sent }) => sent ?? 0, memory: ({ memory }) => memory, cpu: ({ cpu }) => cpu, directory: ({ directory }) => directory?.bytes ?? 0,
    },
  });

  /** @param {() => void} chosen */
  constructor(chosen) {
    this.#choice.addEventListener('change', chosen);
  }

  /** The node whose figures are wanted; empty for all. */
  get chosen() {
    return this.#choice.value;
  }

  /** @param {Report[]} reports */
  show(reports) {
    this.#list.show(reports);
    const [all, ...options] = this.#choice.options;
    const names = reports.map(({ node }) => node);
    for (const option of options) if (!names.includes(option.value)) option.remove();
    for (const { node, name } of reports) {
      if (options.some(({ value }) => value === node)) continue;
      const option = make('option', { text: name });
      option.value = node;
      this.#choice.add(option);
    }
    if (this.#choice.selectedIndex < 0) all.selected = true;
  }
}

/** @param {Report} report */
function connectionsOf({ connections }) {
  return Object.values(connections).reduce((a, b) => a + b, 0);
}

/** @param {Report} report */
function directoryOf({ directory }) {
  if (!directory) return '–';
  return `${bytes(directory.bytes)} in ${count(directory.segments)}, ${milliseconds(directory.commitTime)}`;
}

/** @param {Report} report */
function stateOf({ available, draining, short, directory }) {
  if (!available) return 'cannot reach Redis';
  if (directory && !directory.writable) return 'cannot write its directory';
  if (draining) return 'draining';
  return short ? `short of ${short}` : 'up';
}
