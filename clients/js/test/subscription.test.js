import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

async function follow(options) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', {}, host);
  const room = tidings.subscribe('chat:a', options);
  await settle();
  net.last.open();
  net.last.receive(connectedFrame());
  net.last.receive({ type: 'subscribed', id: net.last.sent[0].id, channel: 'chat:a', epoch: 'e', offset: 0 });
  const say = (offset, data = offset) => net.last.receive({ type: 'message', channel: 'chat:a', offset, data, time: 1 });
  return { net, host, tidings, room, say };
}

test('A loop gets each message once, across a reconnect, and ends with the subscription', async () => {
  const { net, tidings, room, say } = await follow();
  const seen = [];
  const loop = (async () => {
    for await (const { data } of room) seen.push(data);
  })();
  say(1);
  net.last.end(1006);
  tidings.connect();
  await settle();
  net.last.open();
  net.last.receive(connectedFrame());
  net.last.receive({ type: 'subscribed', id: net.last.sent[0].id, channel: 'chat:a', epoch: 'e', offset: 1, recovered: true });
  say(1);
  say(2);
  room.unsubscribe();
  await loop;
  assert.deepEqual(seen, [1, 2]);
});

test('Two loops get all messages each; one that is left stops nobody', async () => {
  const { room, say } = await follow();
  const first = room[Symbol.asyncIterator]();
  const second = room[Symbol.asyncIterator]();
  say(1);
  assert.equal((await first.next()).value.data, 1);
  await first.return();
  say(2);
  assert.deepEqual([(await second.next()).value.data, (await second.next()).value.data], [1, 2]);
  assert.equal((await first.next()).done, true);
});

test('A loop that lags too far gets what has waited and then an error', async () => {
  const { room, say } = await follow();
  const stream = room[Symbol.asyncIterator]();
  for (let offset = 1; offset <= 1_001; offset++) say(offset);
  for (let offset = 1; offset <= 1_000; offset++) assert.equal((await stream.next()).value.offset, offset);
  await assert.rejects(stream.next(), { code: 'slow' });
});

test('A loop over what is refused throws', async () => {
  const { net, tidings } = await follow();
  const refused = tidings.subscribe('user:eve');
  const reading = refused[Symbol.asyncIterator]().next();
  net.last.receive({ type: 'error', id: net.last.sent.at(-1).id, code: 'not_allowed', error: 'Not allowed' });
  await assert.rejects(reading, { code: 'not_allowed' });
  assert.equal(refused.ended, true);
});

test('A listener that throws disturbs nobody else', async (context) => {
  const { room, say } = await follow();
  const thrown = [];
  context.mock.method(console, 'error', (error) => thrown.push(error.message));
  const seen = [];
  room.on('message', () => {
    throw new Error('mine');
  });
  room.on('message', ({ data }) => seen.push(data));
  say(1);
  assert.deepEqual([seen, thrown], [[1], ['mine']]);
});

test('Listening stops', async () => {
  const { room, say } = await follow();
  const seen = [];
  const stop = room.on('message', ({ data }) => seen.push(data));
  say(1);
  stop();
  say(2);
  assert.deepEqual(seen, [1]);
});


test('A position kept elsewhere is gone on from', async () => {
  const { net } = await follow({ since: { epoch: 'e', offset: 12 }, last: 5 });
  assert.deepEqual(net.last.sent[0].since, { epoch: 'e', offset: 12 });
  assert.equal('last' in net.last.sent[0], false);
});

test('A subscription that cannot be had now is asked for again on the same connection', async () => {
  const { net, host, tidings } = await follow();
  tidings.subscribe('chat:b');
  net.last.receive({ type: 'error', id: net.last.sent.at(-1).id, code: 'rate_limited', error: 'Rate limit exceeded' });
  await host.pass(499);
  assert.equal(net.last.sent.filter(({ channel }) => channel === 'chat:b').length, 1);
  await host.pass(1);
  assert.equal(net.last.sent.filter(({ channel }) => channel === 'chat:b').length, 2);
});

test('Rubbish from the server changes nothing', async () => {
  const { net, room, tidings } = await follow();
  for (const text of ['', 'x', '{', 'null', '[]', '1', '{"type":5}', '{"type":"message"}', '{"type":"subscribed","id":99}', '{"type":"__proto__"}', '{"type":"message","channel":"constructor","offset":1}']) net.last.receive(text);
  assert.equal(tidings.state, 'connected');
  assert.deepEqual(room.position, { epoch: 'e', offset: 0 });
});
