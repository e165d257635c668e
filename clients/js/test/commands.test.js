import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

async function start() {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', { transports: ['websocket'] }, host);
  await settle();
  return { net, host, tidings, open: () => open(net), back: () => back(net, tidings) };
}

function open(net) {
  net.last.open();
  net.last.receive(connectedFrame());
}

async function back(net, tidings) {
  tidings.connect();
  await settle();
  open(net);
}

function publishes(net) {
  return net.last.sent.filter(({ type }) => type === 'publish');
}

test('What is published before there is a connection goes out once, in order', async () => {
  const { net, tidings, open } = await start();
  for (let i = 0; i < 5; i++) void tidings.publish('chat:a', i);
  open();
  assert.deepEqual(publishes(net).map(({ data }) => data), [0, 1, 2, 3, 4]);
});

test('A publish without an answer goes out again with the same key and before what came later', async () => {
  const { net, tidings, open, back } = await start();
  open();
  const first = tidings.publish('chat:a', 'first');
  const [sent] = publishes(net);
  net.last.end(1006);
  void tidings.publish('chat:a', 'second');
  await back();
  assert.deepEqual(publishes(net)[0], sent);
  assert.equal(publishes(net)[1].data, 'second');
  net.last.receive({ type: 'published', id: sent.id, channel: 'chat:a', epoch: 'e', offset: 9 });
  assert.deepEqual(await first, { channel: 'chat:a', epoch: 'e', offset: 9 });
});

test('A publish whose key the server may have forgotten is not sent again', async () => {
  const { host, tidings, net, open, back } = await start();
  open();
  const lost = tidings.publish('chat:a', 1);
  const kept = (net.last.end(1006), tidings.publish('chat:a', 2));
  host.online = false;
  await host.pass(300_000);
  host.online = true;
  await back();
  await assert.rejects(lost, { code: 'connection_lost' });
  assert.deepEqual(publishes(net).map(({ data }) => data), [2]);
  void kept;
});

test('A publish is sent again for as long as the server knows its key, to the millisecond', async () => {
  for (const [away, again] of [[240_000, 1], [240_001, 0]]) {
    const { host, tidings, net, open, back } = await start();
    open();
    tidings.publish('chat:a', 1).catch(() => {});
    net.last.end(1006);
    host.online = false;
    await host.pass(away);
    host.online = true;
    await back();
    assert.equal(publishes(net).length, again);
    tidings.close();
  }
});

test('A call or direct message that was under way fails; one that was not waits', async () => {
  const { net, tidings, open, back } = await start();
  open();
  const under = tidings.call('pay', 1);
  net.last.end(1006);
  const waiting = tidings.send('ann', 'hello');
  await assert.rejects(under, { code: 'connection_lost' });
  await back();
  assert.deepEqual(net.last.sent.map(({ type }) => type), ['send']);
  net.last.receive({ type: 'sent', id: net.last.sent[0].id, delivered: 1 });
  assert.deepEqual(await waiting, { delivered: 1 });
});

test('What is said in passing fails where there is no connection', async () => {
  const { tidings } = await start();
  await assert.rejects(tidings.publish('chat:a', 'typing', { ephemeral: true }), { code: 'unavailable' });
  await assert.rejects(tidings.ping(), { code: 'unavailable' });
});

test('At most a thousand commands wait, and at most a million characters', async () => {
  const { tidings } = await start();
  const rejected = [];
  for (let i = 0; i < 1_001; i++) tidings.publish('chat:a', i).catch((error) => rejected.push(error.code));
  await settle();
  assert.deepEqual(rejected, ['queue_full']);
  const other = await start();
  const big = 'x'.repeat(600_000);
  other.tidings.publish('chat:a', big).catch(() => {});
  await assert.rejects(other.tidings.publish('chat:a', big), { code: 'queue_full' });
});

test('No more than 32 commands are on their way at once', async () => {
  const { net, tidings, open } = await start();
  for (let i = 0; i < 50; i++) void tidings.publish('chat:a', i);
  open();
  assert.equal(publishes(net).length, 32);
  net.last.receive({ type: 'published', id: publishes(net)[0].id, channel: 'chat:a', epoch: 'e', offset: 1 });
  assert.equal(publishes(net).length, 33);
});

test('What the rate limit refuses goes out again, more slowly and in order', async () => {
  const { net, host, tidings, open } = await start();
  open();
  const answers = [0, 1, 2].map((i) => tidings.publish('chat:a', i));
  for (const { id } of publishes(net)) net.last.receive({ type: 'error', id, code: 'rate_limited', error: 'Rate limit exceeded' });
  assert.equal(publishes(net).length, 3);
  await host.pass(100);
  assert.deepEqual(publishes(net).slice(3).map(({ data }) => data), [0]);
  for (let i = 0; i < 3; i++) net.last.receive({ type: 'published', id: publishes(net)[3 + i].id, channel: 'chat:a', epoch: 'e', offset: i + 1 });
  assert.deepEqual((await Promise.all(answers)).map(({ offset }) => offset), [1, 2, 3]);
});

test('What is refused again waits twice as long each time, and an answer makes it quick again', async () => {
  const { net, host, tidings, open } = await start();
  open();
  void tidings.publish('chat:a', 0);
  const refuse = () => net.last.receive({ type: 'error', id: publishes(net).at(-1).id, code: 'rate_limited', error: 'Rate limit exceeded' });
  for (const pause of [100, 200, 400]) {
    const before = publishes(net).length;
    refuse();
    await host.pass(pause - 1);
    assert.equal(publishes(net).length, before);
    await host.pass(1);
    assert.equal(publishes(net).length, before + 1);
  }
  net.last.receive({ type: 'published', id: publishes(net).at(-1).id, channel: 'chat:a', epoch: 'e', offset: 1 });
  void tidings.publish('chat:a', 1);
  refuse();
  const before = publishes(net).length;
  await host.pass(100);
  assert.equal(publishes(net).length, before + 1);
});

test('Closing fails what waits', async () => {
  const { tidings } = await start();
  const waiting = tidings.publish('chat:a', 1);
  tidings.close();
  await assert.rejects(waiting, { code: 'closed' });
});

test('Latency is the way there and back', async () => {
  const { net, host, tidings, open } = await start();
  open();
  const latency = tidings.ping();
  await host.pass(42);
  net.last.receive({ type: 'pong', id: net.last.sent[0].id });
  assert.equal(await latency, 42);
});
