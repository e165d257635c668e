// The output of a task, against a server, through a proxy that cuts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Tidings } from '../tidings.js';
import { FaultProxy } from './support/fault-proxy.js';
import { ServerProcess } from './support/server-process.js';

let server;

before(async () => {
  server = await ServerProcess.start('--demo');
});

after(() => server.stop());

const send = async (method, path, body, type = 'application/json') => {
  const response = await server.get(path, { method, body, headers: { 'content-type': type } });
  assert.ok(response.ok, `${response.status} ${await response.clone().text()}`);
  return response.json();
};

const start = (id) => send('POST', '/api/tasks', JSON.stringify({ name: 'outside', task_id: id }));

test('A loop over an output has each character once, whatever is cut meanwhile, and ends with the task', async () => {
  await start('cut');
  const proxy = await FaultProxy.start(server.port);
  const tidings = new Tidings(`ws://127.0.0.1:${proxy.port}/connect`);
  let text = '';
  const reading = (async () => {
    for await (const chunk of tidings.task('cut').output()) text += chunk;
  })();
  let written = '';
  let offset = 0;
  for (let i = 0; i < 60; i++) {
    const chunk = `${i} ä€😀\r\n"`;
    written += chunk;
    ({ offset } = await send('POST', `/api/tasks/cut/output?offset=${offset}`, chunk, 'text/plain'));
    if (i % 15 === 7) proxy.cut();
    await delay(10);
  }
  await send('PUT', '/api/tasks/cut', JSON.stringify({ status: 'completed' }));
  await reading;
  assert.equal(text, written);
  let late = '';
  for await (const chunk of tidings.task('cut').output({ offset: offset - 1 })) late += chunk;
  assert.equal(late, '"');
  assert.equal(tidings.state, 'idle');
  tidings.close();
  await proxy.stop();
});

test('An output of bytes comes as bytes', async () => {
  await start('bytes');
  await send('POST', '/api/tasks/bytes/output', new Uint8Array([0, 255, 128]), 'application/octet-stream');
  await send('PUT', '/api/tasks/bytes', JSON.stringify({ status: 'failed', error: 'no' }));
  const tidings = new Tidings(`ws://127.0.0.1:${server.port}/connect`);
  const chunks = [];
  for await (const chunk of tidings.task('bytes').output()) chunks.push(...chunk);
  assert.deepEqual(chunks, [0, 255, 128]);
  tidings.close();
});

test('What is not there, or has not so many bytes, fails the loop', async () => {
  await start('short');
  const tidings = new Tidings(`ws://127.0.0.1:${server.port}/connect`);
  const read = async (id, options) => {
    for await (const _ of tidings.task(id).output(options));
  };
  await assert.rejects(read('none'), { code: 'not_allowed', message: 'Task not found' });
  await assert.rejects(read('short', { offset: 5 }), { code: 'not_allowed' });
  tidings.close();
});

test('A loop that is left ends its request', async () => {
  await start('left');
  await send('POST', '/api/tasks/left/output', 'x', 'text/plain');
  const tidings = new Tidings(`ws://127.0.0.1:${server.port}/connect`);
  for await (const chunk of tidings.task('left').output()) {
    assert.equal(chunk, 'x');
    break;
  }
  await send('POST', '/api/tasks/left/output', 'y', 'text/plain');
  tidings.close();
});
