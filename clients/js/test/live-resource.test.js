import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../tidings.js';
import { FaultProxy } from './support/fault-proxy.js';
import { ServerProcess } from './support/server-process.js';

let server;
before(async () => (server = await ServerProcess.start('--demo', '--limits', 'none')));
after(() => server.stop());

const write = (method, path, body) => server.get(path, { method, headers: { 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) });

/** Waits until something holds, at most ten seconds. */
async function until(condition, what) {
  for (let i = 0; i < 1_000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(what);
}

test('A collection is what the table is, through changes and a broken connection', async () => {
  const proxy = await FaultProxy.start(server.port);
  const client = new Tidings(`http://127.0.0.1:${proxy.port}/connect`, { WebSocket });
  const items = client.resource('items');
  const told = [];
  items.on('change', ({ type, id, row, previous }) => told.push([type, id, row?.name, previous?.name]));
  items.on('reset', ({ rows }) => told.push(['reset', rows.length]));
  try {
    assert.deepEqual(await items.ready, []);
    const { id } = await (await write('POST', '/items', { name: 'apple', price: 10.5 })).json();
    await until(() => items.size === 1, 'create');
    assert.deepEqual(items.get(id), { id, name: 'apple', price: 10.5 });
    await write('PATCH', `/items/${id}`, { name: 'orange' });
    await until(() => items.get(id)?.name === 'orange', 'update');

    proxy.cut();
    await write('POST', '/items', { name: 'pear', price: 1 });
    await write('DELETE', `/items/${id}`);
    await until(() => items.size === 1 && [...items][0].name === 'pear', 'what was missed');
    assert.deepEqual(told.map(([type]) => type), ['reset', 'create', 'update', 'create', 'delete']);
    assert.deepEqual(told.at(-1), ['delete', id, undefined, 'orange']);
  } finally {
    items.close();
    client.close();
    await proxy.stop();
  }
});

test('A filter shows its rows alone, and a wrong one is told', async () => {
  const client = new Tidings(`http://127.0.0.1:${server.port}/connect`, { WebSocket });
  await write('POST', '/items', { name: 'fig', price: 3 });
  const figs = client.resource('items', { filter: { name: 'fig' } });
  const wrong = client.resource('items', { filter: { secret: 1 } });
  try {
    const refused = new Promise((resolve) => wrong.on('error', resolve));
    const ended = new Promise((resolve) => wrong.on('state', ({ state }) => state === 'closed' && resolve(undefined)));
    assert.deepEqual((await figs.ready).map(({ name }) => name), ['fig']);
    assert.equal((await refused).details[0].field, 'filter.secret');
    await assert.rejects(wrong.ready, { name: 'TidingsError', code: 'bad_request', details: (await refused).details });
    await ended;
  } finally {
    figs.close();
    wrong.close();
    client.close();
  }
});

test('Whoever wants resources alone opens no other connection, until something else is asked for', async () => {
  const proxy = await FaultProxy.start(server.port);
  const client = new Tidings(`http://127.0.0.1:${proxy.port}/connect`, { WebSocket });
  const items = client.resource('items');
  try {
    await items.ready;
    assert.equal(client.state, 'idle');
    assert.equal(proxy.accepted, 1);
    assert.equal((await client.publish('chat:alone', 1)).channel, 'chat:alone');
    assert.equal(client.state, 'connected');

    const listening = new Tidings(`http://127.0.0.1:${proxy.port}/connect`, { WebSocket });
    const others = listening.resource('items');
    await new Promise((resolve) => listening.on('connected', resolve));
    others.close();
    listening.close();
  } finally {
    items.close();
    client.close();
    await proxy.stop();
  }
});
