import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { ReconnectingWebSocket, Tidings } from '../tidings.js';
import { eventually } from './support/fake-server.js';
import { FaultProxy } from './support/fault-proxy.js';
import { listen, numbers } from './support/listening.js';
import { ServerProcess } from './support/server-process.js';

/** @type {ServerProcess} */
let server;
/** @type {FaultProxy} */
let proxy;
/** @type {{ close(): void }[]} */
let clients = [];
let channels = 0;

before(async () => {
  server = await ServerProcess.start('--demo', 'Tidings__Send=anyone');
});

after(() => server?.stop());

beforeEach(async () => {
  proxy = await FaultProxy.start(server.port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await proxy.stop();
});

function connectTo({ url = `ws://127.0.0.1:${proxy.port}/connect`, ...options } = {}) {
  const tidings = new Tidings(url, { WebSocket, ...options });
  clients.push(tidings);
  return tidings;
}

function newChannel() {
  return `chat:js-${++channels}`;
}

async function publish(channel, from, to) {
  for (const i of numbers(from, to)) await server.publish(channel, i);
}

for (const kind of /** @type {const} */ (['websocket', 'sse', 'polling'])) describe(`Over ${kind}, to a server`, () => {
  const connect = (options = {}) => connectTo({ transports: [kind], ...options });

  test('two clients talk, with history and presence', async () => {
    const channel = newChannel();
    const [ann, bob] = [connect(), connect()];
    const annHeard = listen(ann.subscribe(channel));
    const bobs = bob.subscribe(channel);
    const bobHeard = listen(bobs);
    await eventually(() => bobs.active && ann.subscribe(channel).active);
    assert.equal((await bobs.publish({ text: 'grüße 👋' })).offset, 1);
    await eventually(() => annHeard.data.length === 1 && bobHeard.data.length === 1);
    assert.deepEqual(annHeard.data, [{ text: 'grüße 👋' }]);
    assert.deepEqual((await bobs.history({ last: 10 })).messages.map(({ data }) => data), [{ text: 'grüße 👋' }]);
    if (ann.connection !== null) {
      const direct = new Promise((resolve) => ann.on('direct', resolve));
      assert.deepEqual(await bob.send(ann.connection, 'psst'), {});
      const { from, connection, data } = await direct;
      assert.deepEqual([from, data], [undefined, 'psst']);
      if (kind === 'websocket') assert.equal(connection, bob.connection);
    }
    await assert.rejects(bob.call('nothing'), { code: 'not_allowed' });
    assert.ok((await bob.ping()) < 1_000);
  });

  test('events come by name, and not to who excepts itself', async () => {
    const channel = newChannel();
    const [ann, bob] = [connect(), connect()];
    const [anns, bobs] = [ann.subscribe(channel), bob.subscribe(channel)];
    const [annHeard, bobHeard] = [listen(anns), listen(bobs)];
    /** @type {any[]} */
    const paid = [];
    bobs.on('event:paid', ({ event, data }) => paid.push([event, data]));
    await eventually(() => anns.active && bobs.active);
    for (const i of numbers(1, 6)) await anns.publish(i, { ...(i % 3 === 0 && { event: 'paid' }), except: i % 2 === 0 });
    await anns.publish(7);
    await eventually(() => annHeard.data.at(-1) === 7 && bobHeard.data.length === 7);
    assert.deepEqual(annHeard.data, [1, 3, 5, 7]);
    assert.deepEqual(bobHeard.data, numbers(1, 7));
    assert.deepEqual(paid, [['paid', 3], ['paid', 6]]);
    assert.deepEqual([...annHeard.gaps, ...bobHeard.gaps], []);
    await assert.rejects(anns.publish(8, { event: 'a\nb' }), { code: 'bad_request' });
  });

  test('the own state comes first, and again where it cannot be followed any more', async () => {
    const channel = newChannel();
    await publish(channel, 1, 3);
    const tidings = connect();
    let rows = 3;
    const load = async () => {
      const { epoch, offset } = await tidings.history(channel, { limit: 0 });
      return { rows, position: { epoch, offset } };
    };
    const room = tidings.subscribe(channel, { load });
    /** @type {any[]} */
    const told = [];
    room.on('loaded', ({ rows }) => told.push(`${rows} rows`));
    room.on('message', ({ data }) => told.push(data));
    await eventually(() => room.active);
    await publish(channel, 4, 5);
    await eventually(() => told.length === 3);
    assert.deepEqual(told, ['3 rows', 4, 5]);
    rows = 0;
    await server.erase(channel);
    await eventually(() => told.length === 4);
    await eventually(() => room.active);
    await publish(channel, 6, 6);
    await eventually(() => told.length === 5);
    assert.deepEqual(told, ['3 rows', 4, 5, '0 rows', 6]);
  });

  test('what was erased is told, and is a place without content in the history', async () => {
    const channel = newChannel();
    const tidings = connect();
    const room = tidings.subscribe(channel);
    const heard = listen(room);
    /** @type {number[]} */
    const removed = [];
    room.on('removed', ({ offset }) => removed.push(offset));
    await eventually(() => room.active);
    await publish(channel, 1, 3);
    await eventually(() => heard.data.length === 3);
    const { epoch } = await room.history({ limit: 0 });
    assert.equal(await server.erase(channel, { epoch, offset: 2 }), 1);
    // A poll is told only while it waits.
    if (kind !== 'polling') await eventually(() => removed.length === 1);
    assert.deepEqual((await room.history()).messages.map(({ data, removed }) => removed ?? data), [1, true, 3]);
    const [late, lateRemoved] = [[], []];
    const second = connect().subscribe(channel, { since: { epoch, offset: 0 } });
    second.on('message', ({ data }) => late.push(data));
    second.on('removed', ({ offset }) => lateRemoved.push(offset));
    await eventually(() => late.length === 2);
    assert.deepEqual([late, lateRemoved], [[1, 3], [2]]);
    await publish(channel, 4, 4);
    await eventually(() => heard.data.at(-1) === 4 && late.at(-1) === 4);
    assert.equal(await server.erase(channel), 4);
    await eventually(() => heard.gaps.length === 1);
    if (kind !== 'polling') assert.equal(heard.gaps[0].reason, 'cleared');
    await publish(channel, 5, 5);
    await eventually(() => heard.data.at(-1) === 5);
  });

  test('a cut connection comes back: what was said meanwhile comes once and in order', async () => {
    const channel = newChannel();
    const tidings = connect();
    const room = tidings.subscribe(channel);
    const heard = listen(room);
    await eventually(() => room.active);
    await publish(channel, 1, 3);
    proxy.refusing = true;
    proxy.cut();
    await eventually(() => tidings.state === 'waiting');
    await publish(channel, 4, 53);
    proxy.refusing = false;
    tidings.connect();
    await eventually(() => heard.data.length >= 53, 15_000);
    assert.deepEqual(heard.data, numbers(1, 53));
    assert.equal(heard.recovered.at(-1), true);
    assert.deepEqual(heard.gaps, []);
  });

  test('what is missing for good is told as one gap', async () => {
    const channel = newChannel();
    const tidings = connect();
    const room = tidings.subscribe(channel);
    const heard = listen(room);
    await eventually(() => room.active);
    proxy.refusing = true;
    proxy.cut();
    await eventually(() => tidings.state === 'waiting');
    await publish(channel, 1, 150);
    proxy.refusing = false;
    tidings.connect();
    await eventually(() => heard.gaps.length === 1, 15_000);
    await publish(channel, 151, 151);
    await eventually(() => heard.data.at(-1) === 151);
    assert.equal(heard.gaps[0].reason, 'trimmed');
    assert.equal(heard.gaps[0].from, 1);
    assert.deepEqual(heard.offsets, numbers(heard.gaps[0].to + 1, 151));
  });

  test('messages whose answers are lost go out again and are entered once', async () => {
    const channel = newChannel();
    const writer = connect();
    const reader = connect({ url: `ws://127.0.0.1:${server.port}/connect` });
    const heard = listen(reader.subscribe(channel));
    await eventually(() => writer.state === 'connected' && reader.subscribe(channel).active);
    proxy.mode = 'deafen';
    const answers = numbers(1, 5).map((i) => writer.publish(channel, i));
    await eventually(() => heard.data.length === 5);
    proxy.mode = 'pass';
    proxy.cut();
    await eventually(() => writer.state === 'waiting');
    writer.connect();
    const offsets = (await Promise.all(answers)).map(({ offset }) => offset);
    assert.deepEqual(offsets, numbers(1, 5));
    assert.equal((await writer.publish(channel, 6)).offset, 6);
    await eventually(() => heard.data.length === 6);
    assert.deepEqual(heard.data, numbers(1, 6));
  });

  test('more messages than the rate limit lets through at once are all entered, once', async () => {
    const channel = newChannel();
    const tidings = connect();
    const heard = listen(tidings.subscribe(channel));
    const answers = await Promise.all(numbers(1, 40).map((i) => tidings.publish(channel, i)));
    assert.equal(new Set(answers.map(({ offset }) => offset)).size, 40);
    await eventually(() => heard.data.length === 40);
    assert.deepEqual([...heard.data].sort((a, b) => a - b), numbers(1, 40));
    assert.deepEqual(heard.offsets, numbers(1, 40));
  });

  for (const mode of /** @type {const} */ (['delay', 'dribble'])) {
    test(`through a network that does "${mode}" everything arrives`, async () => {
      const channel = newChannel();
      proxy.mode = mode;
      const tidings = connect();
      const room = tidings.subscribe(channel);
      const heard = listen(room);
      await eventually(() => room.active, 15_000);
      await publish(channel, 1, 10);
      assert.equal((await room.publish(11)).offset, 11);
      await eventually(() => heard.data.length === 11, 15_000);
      assert.deepEqual(heard.data, numbers(1, 11));
    });
  }
});

test('A plain text room comes back', async () => {
  const socket = new ReconnectingWebSocket(`ws://127.0.0.1:${proxy.port}/ws/js-room`, [], { WebSocket });
  clients.push(socket);
  const heard = [];
  socket.onmessage = ({ data }) => heard.push(data);
  socket.send('early');
  await eventually(() => heard.length === 1);
  proxy.cut();
  await eventually(() => socket.readyState === socket.CONNECTING);
  socket.send('<later>');
  socket.retryNow();
  await eventually(() => heard.length === 2, 15_000);
  assert.deepEqual(heard, ['[js-room] early', '[js-room] &lt;later&gt;']);
});

test('Changing the transport in mid-stream loses and doubles nothing', async () => {
  const channel = newChannel();
  const tidings = connectTo();
  const heard = listen(tidings.subscribe(channel));
  const kinds = [];
  tidings.on('connected', ({ transport }) => kinds.push(transport));
  await eventually(() => tidings.subscribe(channel).active);
  const heads = { websocket: /^upgrade: websocket/im, sse: /^accept: text\/event-stream/im };
  const blocked = [];
  proxy.admits = (head) => !blocked.some((pattern) => pattern.test(head));
  let published = 0;
  let done = false;
  const publishing = (async () => {
    while (!done) {
      await server.publish(channel, ++published);
      // A hundred messages are kept: what is published while it looks for a way must fit.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  for (const kind of ['websocket', 'sse']) {
    await eventually(() => kinds.at(-1) === kind && heard.data.length > 0, 15_000);
    blocked.push(heads[kind]);
    proxy.cut();
    await eventually(() => tidings.state !== 'connected');
    tidings.connect();
  }
  await eventually(() => kinds.at(-1) === 'polling', 30_000);
  done = true;
  await publishing;
  await eventually(() => heard.data.length >= published, 15_000);
  assert.deepEqual(heard.data, numbers(1, published));
  assert.deepEqual(heard.gaps, []);
});

test('A connection that goes deaf is noticed by its missing heartbeat and replaced', async () => {
  const quick = await ServerProcess.start('--heartbeat', '500ms');
  const through = await FaultProxy.start(quick.port);
  try {
    const tidings = new Tidings(`ws://127.0.0.1:${through.port}/connect`, { WebSocket, transports: ['websocket'] });
    clients.push(tidings);
    const room = tidings.subscribe('chat:deaf');
    const heard = listen(room);
    const states = [];
    tidings.on('state', ({ state }) => states.push(state));
    await eventually(() => room.active);
    states.length = 0;
    through.mode = 'stall';
    for (const i of numbers(1, 50)) await quick.publish('chat:deaf', i);
    await eventually(() => states.includes('waiting'));
    through.mode = 'pass';
    await eventually(() => heard.data.length === 50, 15_000);
    assert.deepEqual(heard.data, numbers(1, 50));
  } finally {
    await through.stop();
    await quick.stop();
  }
});
