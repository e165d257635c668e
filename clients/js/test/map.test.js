import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { eventually } from './support/fake-server.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';
import { FaultProxy } from './support/fault-proxy.js';
import { ServerProcess } from './support/server-process.js';

const entry = (key, offset, data = offset) => ({ key, offset, data, time: offset });

/** What a map tells, in short. */
function listen(map) {
  const told = [];
  map.on('ready', ({ size }) => told.push(`ready ${size}`));
  map.on('change', ({ key, value, previous, removed }) => told.push(`${key} ${previous ?? '-'}>${removed ? 'x' : value}`));
  for (const event of ['unsubscribed', 'error']) map.on(event, ({ code }) => told.push(`${event} ${code}`));
  return told;
}

describe('A map and what the server says', () => {
  async function start() {
    const net = fakeSockets();
    const host = new FakeHost(net);
    const tidings = new Tidings('ws://localhost/connect', {}, host);
    const open = async () => {
      await settle();
      net.last.open();
      net.last.receive(connectedFrame());
      await settle();
    };
    await open();
    const say = async (...frames) => {
      for (const frame of frames) net.last.receive({ channel: 'board:1', ...frame });
      await settle();
    };
    const asked = () => net.last.sent.filter(({ type }) => type === 'subscribe').map(({ id: _, ...command }) => command);
    const answer = (more) => say({ type: 'subscribed', id: net.last.sent.filter(({ type }) => type === 'subscribe').at(-1).id, epoch: 'e', ...more });
    return { net, host, tidings, open, say, asked, answer };
  }

  test('The state comes in parts and is told as one, then each change', async () => {
    const { tidings, say, asked, answer } = await start();
    const map = tidings.map('board:1');
    const told = listen(map);
    assert.deepEqual(asked(), [{ type: 'subscribe', channel: 'board:1', state: true }]);
    await answer({ offset: 5 });
    await say({ type: 'state', entries: [entry('a', 1)], more: true });
    assert.deepEqual([told, map.ready, map.size], [[], false, 0]);
    await say({ type: 'state', entries: [entry('b', 4)], more: false });
    assert.deepEqual(told.splice(0), ['a ->1', 'b ->4', 'ready 2']);
    await say({ type: 'message', ...entry('a', 6) }, { type: 'message', key: 'b', offset: 7, remove: true, time: 7 }, { type: 'message', ...entry('c', 8) }, { type: 'message', key: 'c', data: 'in passing', time: 8 });
    assert.deepEqual(told.splice(0), ['a 1>6', 'b 4>x', 'c ->8']);
    assert.deepEqual([[...map], map.get('a'), map.has('b'), map.entry('c')], [[['a', 6], ['c', 8]], 6, false, { value: 8, offset: 8, time: 8 }]);
    await say({ type: 'removed', offset: 8 });
    assert.deepEqual([told, [...map.keys()]], [['c 8>x'], ['a']]);
  });

  test('What is erased while the state is on its way is not in it', async () => {
    const { tidings, say, answer } = await start();
    const map = tidings.map('board:1');
    const told = listen(map);
    await answer({ offset: 5 });
    await say({ type: 'state', entries: [entry('a', 1), entry('b', 2)], more: true }, { type: 'removed', offset: 2 }, { type: 'removed', offset: 4 });
    await say({ type: 'state', entries: [entry('c', 5)], more: false });
    assert.deepEqual([told, [...map.keys()]], [['a ->1', 'c ->5', 'ready 2'], ['a', 'c']]);
  });

  test('Who comes back goes on after the last message, and asks for the state where that is gone', async () => {
    const { tidings, host, open, say, asked, answer, net } = await start();
    const map = tidings.map('board:1');
    const told = listen(map);
    await answer({ offset: 2 });
    await say({ type: 'state', entries: [entry('a', 1), entry('b', 2)], more: false });
    told.length = 0;
    net.last.end();
    await settle();
    await host.pass(2_000);
    await open();
    assert.deepEqual(asked(), [{ type: 'subscribe', channel: 'board:1', since: { epoch: 'e', offset: 2 } }]);
    await answer({ offset: 2, recovered: true });
    await say({ type: 'message', ...entry('a', 3) });
    assert.deepEqual([told.splice(0), map.ready], [['a 1>3'], true]);
    net.last.end();
    await settle();
    await host.pass(2_000);
    await open();
    await answer({ offset: 9, recovered: false });
    assert.equal(map.ready, false);
    assert.deepEqual(asked().at(-1), { type: 'subscribe', channel: 'board:1', since: { epoch: 'e', offset: 9 }, state: true });
    await answer({ offset: 9, recovered: true });
    await say({ type: 'state', entries: [entry('a', 3), entry('c', 9)], more: false });
    assert.deepEqual([told, map.ready], [['b 2>x', 'c ->9', 'ready 2'], true]);
  });

  test('A gap, and an answer that was cut in its midst, have the state loaded again', async () => {
    const { tidings, host, open, say, asked, answer, net } = await start();
    const map = tidings.map('board:1');
    const told = listen(map);
    await answer({ offset: 2 });
    await say({ type: 'state', entries: [entry('old', 1)], more: true });
    net.last.end();
    await settle();
    await host.pass(2_000);
    await open();
    assert.deepEqual(asked(), [{ type: 'subscribe', channel: 'board:1', since: { epoch: 'e', offset: 2 }, state: true }]);
    await answer({ offset: 3, recovered: true });
    await say({ type: 'state', entries: [entry('a', 2)], more: false });
    assert.deepEqual(told.splice(0), ['a ->2', 'ready 1']);
    await say({ type: 'gap', epoch: 'f', offset: 0, from: 4, to: 3, reason: 'cleared' }, { type: 'message', ...entry('lost', 1) });
    assert.deepEqual([asked().at(-1), map.ready], [{ type: 'subscribe', channel: 'board:1', since: { epoch: 'f', offset: 0 }, state: true }, false]);
    await answer({ epoch: 'f', offset: 0, recovered: true });
    await say({ type: 'state', entries: [], more: false });
    assert.deepEqual(told, ['a 2>x', 'ready 0']);
  });

  test('Beside a subscription, and twice, the server knows one', async () => {
    const { tidings, say, asked, answer } = await start();
    const messages = [];
    tidings.subscribe('board:1').on('message', (message) => messages.push(message));
    await answer({ offset: 1 });
    const first = tidings.map('board:1');
    const told = listen(first);
    assert.deepEqual(asked().at(-1), { type: 'subscribe', channel: 'board:1', since: { epoch: 'e', offset: 1 }, state: true });
    await answer({ offset: 1, recovered: true });
    await say({ type: 'state', entries: [entry('a', 1)], more: false });
    const second = listen(tidings.map('board:1'));
    await settle();
    assert.equal(asked().length, 2);
    assert.deepEqual([told, second], [['a ->1', 'ready 1'], ['a ->1', 'ready 1']]);
    await say({ type: 'message', key: 'a', offset: 2, remove: true, time: 2 });
    assert.deepEqual(messages, [{ channel: 'board:1', offset: 2, data: undefined, key: 'a', remove: true, time: 2 }]);
    first.close();
    await say({ type: 'message', ...entry('a', 3) });
    assert.deepEqual([told.at(-1), second.at(-1)], ['a 1>x', 'a ->3']);
  });

  test('Values are published with their key, and taken out', async () => {
    const { tidings, net, say } = await start();
    const map = tidings.map('board:1');
    const [set, gone] = [map.set('a', { x: 1 }, { durable: true }), map.delete('b')];
    const [first, second] = net.last.sent.filter(({ type }) => type === 'publish');
    assert.deepEqual([first.key, first.data, first.durable, second.key, second.remove, 'data' in second], ['a', { x: 1 }, true, 'b', true, false]);
    await say({ type: 'published', id: first.id, epoch: 'e', offset: 1 }, { type: 'error', id: second.id, code: 'not_allowed', error: 'Not allowed' });
    assert.equal((await set).offset, 1);
    await assert.rejects(gone, { code: 'not_allowed' });
  });
});

describe('Maps of a server, through a proxy that cuts', () => {
  /** @type {ServerProcess} */
  let server;
  /** @type {FaultProxy} */
  let proxy;
  /** @type {Tidings[]} */
  let clients = [];

  before(async () => {
    const settings = { Pattern: 'board:*', Publish: 'anyone', State: 'true', History: '20' };
    server = await ServerProcess.start('--demo', ...Object.entries(settings).map(([name, value]) => `Tidings__Channels__0__${name}=${value}`));
    proxy = await FaultProxy.start(server.port);
  });

  after(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  const connect = (transport, port = proxy.port) => {
    const tidings = new Tidings(`http://127.0.0.1:${port}/connect`, { WebSocket, transports: [transport] });
    clients.push(tidings);
    return tidings;
  };

  for (const transport of ['websocket', 'sse']) {
    test(`over ${transport} every map ends as the truth is, and its changes lead there`, async () => {
      const seed = Date.now() % 1_000_000;
      let state = seed;
      const random = (most) => ((state = (state * 48_271) % 2_147_483_647), state % most);
      const channel = `board:${transport}`;
      const truth = new Map();
      const writer = connect('websocket', server.port);
      const maps = [];
      const join = () => {
        const map = connect(transport).map(channel);
        const shadow = new Map();
        map.on('change', ({ key, value, previous, removed }) => {
          assert.deepEqual(shadow.get(key), previous, `seed ${seed}: the value of ${key} before`);
          if (removed) assert.ok(shadow.delete(key), `seed ${seed}: ${key} was there`);
          else shadow.set(key, value);
        });
        maps.push({ map, shadow });
      };
      join();
      for (let round = 0; round < 200; round++) {
        const key = `k${random(8)}`;
        if (random(4) === 0) {
          truth.delete(key);
          await writer.removeKey(channel, key);
        } else {
          truth.set(key, round);
          await writer.publish(channel, round, { key });
        }
        if (round % 25 === 10) join();
        if (round % 60 === 45) proxy.cut();
      }
      const sorted = (map) => JSON.stringify([...map].sort());
      for (const { map, shadow } of maps) {
        await eventually(() => map.ready && sorted(map) === sorted(truth), 20_000);
        assert.equal(sorted(shadow), sorted(truth), `seed ${seed}`);
      }
    });
  }

  test('over polling it is refused by name', async () => {
    const told = listen(connect('polling').map('board:polling'));
    await eventually(() => told.length > 0);
    assert.deepEqual(told, ['unsubscribed bad_request']);
  });

  test('where the kind keeps no state it is refused by name', async () => {
    const told = listen(connect('websocket').map('chat:1'));
    await eventually(() => told.length > 0);
    assert.deepEqual(told, ['unsubscribed bad_request']);
  });
});
