import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

/** @param {(() => any)[]} states what `load` gives, one after the other */
async function start(states, options = {}) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', {}, host);
  let loads = 0;
  const load = async () => states[Math.min(loads++, states.length - 1)]();
  const room = tidings.subscribe('chat:a', { load, ...options });
  const told = [];
  room.on('loaded', ({ rows }) => told.push(`loaded ${rows}`));
  room.on('message', ({ data }) => told.push(data));
  room.on('gap', ({ reason }) => told.push(`gap ${reason}`));
  room.on('error', ({ code }) => told.push(code));
  await settle();
  net.last.open();
  net.last.receive(connectedFrame({ pingInterval: 3_600_000 }));
  await settle();
  const asked = () => net.last.sent.filter(({ type }) => type === 'subscribe').at(-1);
  const subscribed = (more) => net.last.receive({ type: 'subscribed', id: asked().id, channel: 'chat:a', epoch: 'e', ...more });
  const say = (offset) => net.last.receive({ type: 'message', channel: 'chat:a', offset, data: offset, time: 1 });
  return { net, host, tidings, room, told, asked, subscribed, say, loads: () => loads };
}

const at = (offset, rows = `up to ${offset}`) => ({ rows, position: { epoch: 'e', offset } });

test('The state comes first, then what follows its position', async () => {
  const { room, told, asked, subscribed, say } = await start([() => at(7)]);
  assert.deepEqual(asked().since, { epoch: 'e', offset: 7 });
  subscribed({ offset: 7, recovered: true });
  say(8);
  assert.deepEqual(told, ['loaded up to 7', 8]);
  assert.deepEqual(room.position, { epoch: 'e', offset: 8 });
  assert.equal(room.active, true);
});

test('What cannot be followed is loaded again, and messages that are part of the new state do not come', async () => {
  const { host, told, asked, subscribed, say, loads } = await start([() => at(7), () => at(40)]);
  subscribed({ offset: 30, recovered: false });
  say(31);
  assert.deepEqual(told, ['loaded up to 7', 'gap trimmed']);
  await host.pass(1_000);
  assert.equal(loads(), 2);
  assert.deepEqual(asked().since, { epoch: 'e', offset: 40 });
  subscribed({ offset: 40, recovered: true });
  say(41);
  assert.deepEqual(told, ['loaded up to 7', 'gap trimmed', 'loaded up to 40', 41]);
});

test('A gap in the midst is loaded over', async () => {
  const { net, host, told, subscribed, say } = await start([() => at(7), () => at(12)]);
  subscribed({ offset: 7, recovered: true });
  say(8);
  net.last.receive({ type: 'gap', channel: 'chat:a', epoch: 'e', offset: 11, from: 9, to: 11, reason: 'slow' });
  say(12);
  await host.pass(1_000);
  subscribed({ offset: 12, recovered: true });
  say(13);
  assert.deepEqual(told, ['loaded up to 7', 8, 'gap slow', 'loaded up to 12', 13]);
});

test('A state that cannot be loaded is told, and tried again more and more slowly', async () => {
  const fail = () => {
    throw new Error('down');
  };
  const { host, told, loads, asked } = await start([fail, fail, () => ({ rows: 'without a position' }), () => at(3)]);
  for (let i = 0; i < 40 && loads() < 4; i++) await host.pass(1_000);
  assert.deepEqual(told, ['load_failed', 'load_failed', 'load_failed', 'loaded up to 3']);
  assert.deepEqual(asked().since, { epoch: 'e', offset: 3 });
});

test('Who leaves while the state is loaded is not subscribed', async () => {
  let give = (/** @type {any} */ _) => {};
  const { net, room, told } = await start([() => new Promise((resolve) => (give = resolve))]);
  room.unsubscribe();
  give(at(1));
  await settle();
  assert.deepEqual([told, room.ended, net.last.sent.some(({ type }) => type === 'subscribe')], [[], true, false]);
});

test('A loop gets the messages, and ends with the client', async () => {
  const { tidings, room, subscribed, say } = await start([() => at(7)]);
  const heard = [];
  const loop = (async () => {
    for await (const { data } of room) heard.push(data);
  })();
  subscribed({ offset: 7, recovered: true });
  say(8);
  await settle();
  tidings.close();
  await assert.rejects(loop, { code: 'closed' });
  assert.deepEqual(heard, [8]);
});

test('Other subscriptions of the channel go on while one loads', async () => {
  const { net, tidings, room, told, subscribed, say } = await start([() => at(7)]);
  subscribed({ offset: 7, recovered: true });
  const other = tidings.subscribe('chat:a');
  const heard = [];
  other.on('message', ({ data }) => heard.push(data));
  await settle();
  say(8);
  room.unsubscribe();
  say(9);
  assert.deepEqual([told, heard], [['loaded up to 7', 8], [8, 9]]);
  assert.equal(net.last.sent.some(({ type }) => type === 'unsubscribe'), false);
});
