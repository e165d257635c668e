// The dashboard: what the nodes report each second as charts, and panels with what is there.
//
// Tests and scripts may rely on these ids:
//   #state[data-state]       live, connecting or refused, with the words for it; #sign-out
//   #who[data-role]          who has signed in at a provider, as viewer or operator; empty for a holder of the admin key
//   #node                    whose figures the charts show: a node's, or with an empty value those of all
//   #chart-connections #chart-messages #chart-latency #chart-memory #chart-queue #chart-cpu    each with `.values b`, an svg and a `.plot` whose aria-valuetext says the figures of the moment that is pointed to
//   #tab-… #panel-…          channels, connections, tasks, nodes, receivers, refusals; each with a table #…-table whose rows bear data-key, and but nodes a #…-note
//   th[data-sort] button     sorts by that column; its th says aria-sort
//   #tasks-text #nodes-text #receivers-text #refusals-text    what is looked for, as it is typed
//   #channels-prefix #connections-text    what is looked for (Enter); #connections-protocols: how many speak each protocol
//   #channel-name #channel-open    opens a channel; #channel-messages: one <li data-kind="message|gap"> each, with `.offset` and `.text`
//   #publish-data #publish-ephemeral #publish #publish-note
//   #follow #follow-title #follow-frames #follow-note #follow-stop    one connection that is followed: one <li data-kind="text|binary|ping|pong|close|oversized|gap" data-direction="in|out"> each, with `.text`
//   #dialog #dialog-code #dialog-reason #dialog-yes #dialog-no    asks before anything is ended

import { ask } from './ask.js';
import { Channel } from './channel.js';
import { Channels } from './channels.js';
import { Chart } from './chart.js';
import { Connections } from './connections.js';
import { byId } from './dom.js';
import { Feed } from './feed.js';
import { Figures } from './figures.js';
import { bytes, count, milliseconds, percent } from './format.js';
import { Nodes } from './nodes.js';
import { Receivers } from './receivers.js';
import { Refusals } from './refusals.js';
import { Tabs } from './tabs.js';
import { Tasks } from './tasks.js';

/** @param {string} name @param {string} title @param {{ key: string, label: string }[]} lines @param {(value: number | undefined) => string} format */
const chart = (name, title, lines, format) => new Chart(byId(`chart-${name}`, HTMLElement), title, lines, format);

const charts = [
  chart('connections', 'Connections', [{ key: 'websocket', label: 'WebSocket' }, { key: 'overHttp', label: 'SSE and polls' }], count),
  chart('messages', 'Messages per second', [{ key: 'received', label: 'in' }, { key: 'sent', label: 'out' }], count),
  chart('latency', 'Publish to write', [{ key: 'p50', label: 'p50' }, { key: 'p99', label: 'p99' }], milliseconds),
  chart('memory', 'Memory', [{ key: 'memory', label: 'process' }, { key: 'heap', label: 'heap' }], bytes),
  chart('queue', 'Waiting for readers', [{ key: 'queue', label: 'in queues' }], bytes),
  chart('cpu', 'CPU', [{ key: 'cpu', label: 'of one processor' }], percent),
];

const figures = new Figures();
const nodes = new Nodes(draw);
const state = byId('state', HTMLElement);

function draw() {
  const now = performance.now();
  for (const one of charts) one.draw(figures.samples(nodes.chosen), now);
}

setInterval(() => {
  const now = performance.now();
  figures.tick(now);
  nodes.show(figures.nodes(now));
  if (!document.hidden) draw();
}, 1_000);

new Feed(
  (report) => figures.add(report, performance.now()),
  (name, text) => {
    if (state.textContent === text) return;
    state.dataset.state = name;
    state.textContent = text;
  },
);

/** Who has signed in; a viewer is shown nothing that would be refused. */
ask('data/session').then(
  ({ user, mayAct }) => {
    const who = byId('who', HTMLElement);
    document.body.dataset.role = who.dataset.role = mayAct ? 'operator' : 'viewer';
    who.textContent = user === undefined ? '' : `${user} · ${who.dataset.role}`;
  },
  () => {},
);

new Tabs('tabs');
const channel = new Channel();
new Channels((name) => channel.open(name));
new Connections();
new Tasks();
new Receivers();
new Refusals();
