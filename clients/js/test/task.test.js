import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

const state = (status, progress, more) => ({ task_id: 'a', name: 'demo', status, progress, ...more });

async function watch() {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
  await settle();
  net.last.open();
  net.last.receive(connectedFrame());
  const task = tidings.task('a');
  const seen = [];
  const loop = (async () => {
    for await (const { status, progress } of task) seen.push(`${status} ${progress}`);
  })();
  await settle();
  let offset = 0;
  const subscribed = () => {
    const { id } = net.last.sent.filter(({ type }) => type === 'subscribe').at(-1);
    net.last.receive({ type: 'subscribed', id, channel: 'task:a', epoch: 'e', offset });
  };
  const tell = async (data) => {
    net.last.receive({ type: 'message', channel: 'task:a', offset: ++offset, data, time: 1 });
    await settle();
  };
  subscribed();
  return { net, tidings, task, seen, loop, tell };
}

test('A loop over a task has the present state, what follows, and ends with the final one', async () => {
  const { net, task, seen, loop, tell } = await watch();
  assert.deepEqual([net.last.sent[0].channel, net.last.sent[0].last], ['task:a', 1]);
  const result = task.result();
  await tell(state('running', 10));
  await tell(state('running', 50));
  await tell(state('completed', 100, { result: { rows: 7 } }));
  await loop;
  assert.deepEqual(seen, ['running 10', 'running 50', 'completed 100']);
  assert.deepEqual(await result, { rows: 7 });
  assert.equal(net.last.sent.at(-1).type, 'unsubscribe');
  assert.equal(task.state.status, 'completed');
  assert.deepEqual(await task.result(), { rows: 7 });
});

test('What goes back is not shown, whoever told it late', async () => {
  const { seen, loop, tell } = await watch();
  await tell(state('running', 50));
  await tell(state('running', 40));
  await tell(state('pending', 50));
  await tell(state('failed', 50, { error: 'no' }));
  await tell(state('completed', 100));
  await loop;
  assert.deepEqual(seen, ['running 50', 'failed 50']);
});

test('A result that will not come fails with why', async () => {
  const { task, tell } = await watch();
  const result = task.result();
  await tell(state('failed', 50, { error: 'The file is empty.' }));
  await assert.rejects(result, { code: 'failed', message: 'The file is empty.' });
});

test('A task that is not there fails its loops', async () => {
  const { net, tidings } = await watch();
  const result = tidings.task('none').result();
  await settle();
  net.last.receive({ type: 'error', id: net.last.sent.at(-1).id, code: 'not_allowed', error: 'Task not found' });
  await assert.rejects(result, { code: 'not_allowed', message: 'Task not found' });
});

test('Cancelling says so in the channel', async () => {
  const { net, task, loop, tell } = await watch();
  const cancelling = task.cancel();
  await settle();
  const { id, channel, data } = net.last.sent.at(-1);
  assert.deepEqual({ channel, data }, { channel: 'task:a', data: { type: 'cancel' } });
  net.last.receive({ type: 'published', id, channel: 'task:a' });
  await cancelling;
  await tell(state('cancelled', 0));
  await loop;
});

test('After a gap the newest state is fetched', async () => {
  const { net, seen, loop, tell } = await watch();
  await tell(state('running', 10));
  net.last.receive({ type: 'gap', channel: 'task:a', epoch: 'e2', offset: 9, from: 2, to: 1, reason: 'epoch' });
  await settle();
  const { id, type, last } = net.last.sent.at(-1);
  assert.deepEqual({ type, last }, { type: 'history', last: 1 });
  net.last.receive({ type: 'history', id, channel: 'task:a', epoch: 'e2', offset: 9, messages: [{ offset: 9, data: state('completed', 100), time: 1 }] });
  await loop;
  assert.deepEqual(seen, ['running 10', 'completed 100']);
});

test('A loop that is left lets the channel go; the next begins anew', async () => {
  const { net, task, loop, tell } = await watch();
  const second = task[Symbol.asyncIterator]();
  await tell(state('running', 10));
  assert.equal((await second.next()).value.progress, 10);
  await second.return();
  assert.equal(net.last.sent.some(({ type }) => type === 'unsubscribe'), false);
  await tell(state('cancelled', 10));
  await loop;
  assert.equal(net.last.sent.at(-1).type, 'unsubscribe');
});

test('A loop that is left while it waits lets the channel go at once', async () => {
  const { net, tidings } = await watch();
  const other = tidings.task('b');
  const states = other[Symbol.asyncIterator]();
  const next = states.next();
  await settle();
  net.last.receive({ type: 'subscribed', id: net.last.sent.at(-1).id, channel: 'task:b', epoch: 'e', offset: 0 });
  await settle();
  await states.return();
  assert.deepEqual(await next, { done: true, value: undefined });
  await settle();
  const { type, channel } = net.last.sent.at(-1);
  assert.deepEqual({ type, channel }, { type: 'unsubscribe', channel: 'task:b' });
});
