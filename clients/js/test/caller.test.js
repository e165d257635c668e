import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

async function start() {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
  await settle();
  net.last.open();
  net.last.receive(connectedFrame());
  await settle();
  return { net, tidings };
}

for (const [call, params] of [
  [(t) => t.call.sum(1, 2), [1, 2]],
  [(t) => t.call.sum(1), [1]],
  [(t) => t.call.sum('text'), ['text']],
  [(t) => t.call.sum(null), [null]],
  [(t) => t.call.sum(), undefined],
  [(t) => t.call.sum(undefined, 2, undefined), [null, 2]],
  [(t) => t.call.sum(new Date(0)), [new Date(0).toJSON()]],
  [(t) => t.call.sum({ id: 1 }), { id: 1 }],
  [(t) => t.call.sum({ id: 1 }, undefined), [{ id: 1 }]],
  [(t) => t.call.sum([1, 2]), [1, 2]],
  [(t) => t.call('sum', [1, 2]), [1, 2]],
  [(t) => t.call('sum', { a: 1 }), { a: 1 }],
  [(t) => t.call('sum'), undefined],
]) {
  test(`A method as a method: ${String(call).slice(7)} has the params ${JSON.stringify(params)}`, async () => {
    const { net, tidings } = await start();
    const answer = call(tidings);
    await settle();
    const { id, ...command } = net.last.sent.at(-1);
    assert.deepEqual(command, { type: 'call', method: 'sum', ...(params !== undefined && { params }) });
    net.last.receive({ type: 'result', id, data: 3 });
    assert.equal(await answer, 3);
  });
}

test('What a function has is the function’s, and a promise of it is it', async () => {
  const { tidings } = await start();
  assert.equal(typeof tidings.call.bind(tidings), 'function');
  assert.equal(await Promise.resolve(tidings.call), tidings.call);
});

test('A channel by its name publishes, is subscribed, and is asked for what is kept', async () => {
  const { net, tidings } = await start();
  const lobby = tidings.channel('chat:lobby');
  assert.equal(lobby.name, 'chat:lobby');
  const sent = () => net.last.sent.at(-1);
  assert.equal(net.last.sent.filter(({ type }) => type === 'subscribe').length, 0);
  assert.equal(lobby.subscribe({ last: 2 }).channel, 'chat:lobby');
  await settle();
  assert.deepEqual([sent().type, sent().channel, sent().last], ['subscribe', 'chat:lobby', 2]);
  lobby.publish('hello', { key: 'k' }).catch(() => {});
  assert.deepEqual([sent().type, sent().data, sent().key], ['publish', 'hello', 'k']);
  lobby.history({ last: 1 }).catch(() => {});
  assert.deepEqual([sent().type, sent().last], ['history', 1]);
  lobby.presence({ limit: 3 }).catch(() => {});
  assert.deepEqual([sent().type, sent().limit], ['presence', 3]);
  tidings.close();
});
