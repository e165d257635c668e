import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

async function start(user = null) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', {}, host);
  const room = tidings.subscribe('chat:a');
  const told = [];
  room.on('message', ({ data, own }) => told.push(own ? `own ${data}` : data));
  room.on('gap', () => told.push('gap'));
  room.on('unsubscribed', () => told.push('unsubscribed'));
  await settle();
  const open = () => {
    net.last.open();
    net.last.receive(connectedFrame({ user, pingInterval: 3_600_000 }));
    const { id, since } = net.last.sent.find(({ type }) => type === 'subscribe');
    net.last.receive({ type: 'subscribed', id, channel: 'chat:a', epoch: 'e', offset: since?.offset ?? 0, ...(since && { recovered: true }) });
  };
  open();
  const say = (offset, more) => net.last.receive({ type: 'message', channel: 'chat:a', offset, data: offset, time: 1, ...more });
  const published = async (offset, index = -1) => {
    net.last.receive({ type: 'published', id: net.last.sent.filter(({ type }) => type === 'publish').at(index).id, channel: 'chat:a', epoch: 'e', offset });
    await settle();
  };
  return { net, host, tidings, room, told, open, say, published };
}

test('A message whose position the answer gave is one’s own', async () => {
  const { room, told, say, published } = await start();
  const answer = room.publish('hi');
  await published(1);
  assert.equal((await answer).offset, 1);
  say(1);
  say(2);
  assert.deepEqual(told, ['own 1', 2]);
});

test('One that comes before its answer is held until the answer, and what follows stays behind it', async () => {
  const { net, room, told, say, published } = await start();
  void room.publish('hi');
  say(1);
  say(2);
  net.last.receive({ type: 'gap', channel: 'chat:a', epoch: 'e', offset: 5, from: 3, to: 5, reason: 'slow' });
  assert.deepEqual(told, []);
  assert.deepEqual(room.position, { epoch: 'e', offset: 0 });
  await published(2);
  assert.deepEqual(told, [1, 'own 2', 'gap']);
});

test('It is held for five seconds at most', async () => {
  const { host, room, told, say, published } = await start();
  void room.publish('hi');
  say(1);
  await host.pass(3_000);
  say(2);
  await host.pass(1_999);
  assert.deepEqual(told, []);
  await host.pass(1);
  assert.deepEqual(told, [1]);
  await host.pass(3_000);
  assert.deepEqual(told, [1, 2]);
  await published(3);
  say(3);
  assert.deepEqual(told, [1, 2, 'own 3']);
});

test('Nobody else’s message waits: of another user, another channel, said in passing, or before anything was sent', async () => {
  const { net, host, tidings, room, told, say } = await start('ann');
  void room.publish('hi');
  say(1, { from: 'bob' });
  say(undefined, { data: 'passing' });
  assert.deepEqual(told, [1, 'passing']);
  net.last.end(1006);
  void tidings.publish('chat:b', 1);
  assert.deepEqual(host.timers.filter(({ due }) => due === host.time + 5_000), []);
});

test('A publish that was refused holds nothing any longer', async () => {
  const { net, room, told, say } = await start();
  room.publish('hi').catch(() => {});
  say(1);
  net.last.receive({ type: 'error', id: net.last.sent.at(-1).id, code: 'not_allowed', error: 'Not allowed' });
  assert.deepEqual(told, [1]);
  void room.publish('much');
  net.last.receive({ type: 'error', id: net.last.sent.at(-1).id, code: 'rate_limited', error: 'Rate limit exceeded' });
  say(2);
  assert.deepEqual(told, [1, 2]);
});

test('What is sent later cannot be what has come already', async () => {
  const { room, told, say, published } = await start();
  void room.publish('one');
  say(1);
  void room.publish('two');
  await published(7, 0);
  assert.deepEqual(told, [1]);
});

test('A message that broke the connection before its answer is known after the recovery', async () => {
  const { net, tidings, room, told, open, say, published } = await start();
  void room.publish('hi');
  say(1);
  net.last.end(1006);
  tidings.connect();
  await settle();
  open();
  assert.deepEqual(net.last.sent.find(({ type }) => type === 'subscribe').since, { epoch: 'e', offset: 1 });
  say(2);
  await published(1);
  assert.deepEqual(told, ['own 1', 2]);
});

test('All subscriptions of the channel and the history know it', async () => {
  const { net, tidings, room, told, say, published } = await start();
  const other = tidings.subscribe('chat:a');
  const heard = [];
  other.on('message', ({ own }) => heard.push(own));
  void room.publish('hi');
  await published(1);
  say(1);
  assert.deepEqual([told, heard], [['own 1'], [true]]);
  const history = room.history();
  net.last.receive({ type: 'history', id: net.last.sent.at(-1).id, channel: 'chat:a', epoch: 'e', offset: 2, messages: [{ offset: 1, data: 1, time: 1 }, { offset: 2, data: 2, time: 1 }] });
  assert.deepEqual((await history).messages.map(({ own }) => own), [true, undefined]);
});

test('A subscription that ends tells first what it holds, and one that was unsubscribed nothing', async () => {
  const { net, room, told, say } = await start();
  room.publish('hi').catch(() => {});
  say(1);
  net.last.receive({ type: 'unsubscribed', channel: 'chat:a', code: 'expired', reason: 'Expired' });
  assert.deepEqual(told, [1, 'unsubscribed']);
  const second = await start();
  second.room.publish('hi').catch(() => {});
  second.say(1);
  second.room.unsubscribe();
  await second.host.pass(10_000);
  assert.deepEqual(second.told, []);
});

test('What is remembered is bounded', async () => {
  const { room, told, say, published } = await start();
  for (let offset = 1; offset <= 1_001; offset++) {
    void room.publish('hi');
    await published(offset);
  }
  for (let offset = 1; offset <= 1_001; offset++) say(offset);
  assert.deepEqual([told[0], told[1], told.at(-1)], [1, 'own 2', 'own 1001']);
});
