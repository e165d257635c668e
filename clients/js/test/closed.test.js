import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReconnectingWebSocket } from '../src/sockets/reconnecting-web-socket.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

const closed = { code: 'closed' };

for (const [how, close] of [
  ['was closed', (tidings) => tidings.close()],
  ['was closed twice', (tidings) => (tidings.close(), tidings.close())],
  ['stays away', (_, net) => net.last.end(4003, 'Forbidden')],
]) {
  test(`Whatever is asked of a client that ${how} is answered, until it connects again`, async () => {
    const net = fakeSockets();
    const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
    const room = tidings.subscribe('chat:a');
    await settle();
    net.last.open();
    net.last.receive(connectedFrame());
    close(tidings, net);
    assert.equal(tidings.state, 'closed');
    const late = tidings.subscribe('chat:b');
    await assert.rejects(tidings.publish('chat:a', 1), closed);
    await assert.rejects(tidings.publish('chat:a', 1, { ephemeral: true }), closed);
    await assert.rejects(tidings.call('pay'), closed);
    await assert.rejects(tidings.send('ann', 1), closed);
    await assert.rejects(tidings.history('chat:a'), closed);
    await assert.rejects(tidings.presence('chat:a'), closed);
    await assert.rejects(tidings.ping(), closed);
    await assert.rejects(tidings.task('a').result(), closed);
    for (const subscription of [room, late]) await assert.rejects(subscription[Symbol.asyncIterator]().next(), closed);

    tidings.connect();
    await settle();
    net.last.open();
    net.last.receive(connectedFrame());
    assert.deepEqual(net.last.sent.map(({ type, channel }) => `${type} ${channel}`), ['subscribe chat:a', 'subscribe chat:b']);
    const answer = tidings.publish('chat:a', 1);
    net.last.receive({ type: 'published', id: net.last.sent.at(-1).id, channel: 'chat:a', epoch: 'e', offset: 1 });
    assert.equal((await answer).offset, 1);
    const next = late[Symbol.asyncIterator]().next();
    net.last.receive({ type: 'subscribed', id: net.last.sent[1].id, channel: 'chat:b', epoch: 'e', offset: 0 });
    net.last.receive({ type: 'message', channel: 'chat:b', offset: 1, data: 'one', time: 1 });
    assert.equal((await next).value.data, 'one');
  });
}

test('A subscription that was reading when the client closed begins anew with it', async () => {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
  tidings.subscribe('chat:a');
  const open = async (reply) => {
    await settle();
    net.last.open();
    net.last.receive(connectedFrame());
    net.last.receive({ type: 'subscribed', id: net.last.sent[0].id, channel: 'chat:a', epoch: 'e', offset: 5, ...reply });
    await settle();
  };
  await open();
  const late = tidings.subscribe('chat:a', { last: 1 });
  const heard = [];
  for (const event of ['message', 'error', 'subscribed']) late.on(event, () => heard.push(event));
  tidings.close();
  await settle();
  assert.deepEqual(heard, []);
  tidings.connect();
  await open({ recovered: true });
  const { id } = net.last.sent.find(({ type }) => type === 'history');
  net.last.receive({ type: 'history', id, channel: 'chat:a', epoch: 'e', offset: 5, messages: [{ offset: 5, data: 5, time: 1 }] });
  await settle();
  assert.deepEqual(heard, ['subscribed', 'message']);
});

test('What a socket refuses to be closed with is thrown before anything has changed', async () => {
  const net = fakeSockets();
  const socket = new ReconnectingWebSocket('ws://localhost/ws/a', [], {}, new FakeHost(net));
  const seen = [];
  socket.onmessage = ({ data }) => seen.push(data);
  socket.onclose = ({ code }) => seen.push(code);
  await settle();
  net.last.open();
  for (const code of [0, 1, 999, 1001, 1006, 2_999, 5_000, NaN, -1]) assert.throws(() => socket.close(code), { name: 'InvalidAccessError' });
  assert.throws(() => socket.close(3_000, 'ü'.repeat(62)), { name: 'SyntaxError' });
  assert.equal(socket.readyState, socket.OPEN);
  net.last.receive('still here');
  socket.send('and heard');
  assert.deepEqual([seen, net.last.sent, net.last.closedWith], [['still here'], ['and heard'], undefined]);
  socket.close(4_999, 'x'.repeat(123));
  socket.close();
  assert.deepEqual([seen, net.last.closedWith.code], [['still here', 4_999], 4_999]);
});

test('A resource is closed as often as one likes', async () => {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
  const items = tidings.resource('items');
  items.close();
  items.close();
  await assert.rejects(items.ready, closed);
});
