import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../src/tidings.js';
import { eventually, FakeServer } from './support/fake-server.js';

/** @type {FakeServer} */
let server;
/** @type {Tidings[]} */
let clients = [];

beforeEach(async () => {
  server = await FakeServer.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

function connect(options = {}) {
  const tidings = new Tidings(server.url, { WebSocket, ...options });
  clients.push(tidings);
  return tidings;
}

function listen(subscription) {
  const offsets = [];
  const gaps = [];
  subscription.on('message', ({ offset }) => offsets.push(offset));
  subscription.on('gap', (gap) => gaps.push(gap));
  return { offsets, gaps };
}

describe('What gets through is found in under 3 s', () => {
  for (const [name, blocked, kind] of [
    ['nothing but streams, all else is refused', { websocket: 'refused' }, 'sse'],
    ['WebSocket hangs', { websocket: 'hangs' }, 'sse'],
    ['WebSocket and streams are refused', { websocket: 'refused', sse: 'refused' }, 'polling'],
    ['WebSocket hangs, and so do streams', { websocket: 'hangs', sse: 'hangs' }, 'polling'],
    ['WebSocket hangs, and a proxy keeps streams to itself', { websocket: 'hangs', sse: 'buffered' }, 'polling'],
  ]) {
    test(name, async () => {
      server.blocked = new Map(Object.entries(blocked));
      const tidings = connect();
      const begun = performance.now();
      await eventually(() => tidings.state === 'connected');
      assert.equal(tidings.transport, kind);
      assert.ok(performance.now() - begun < 3_000, `${performance.now() - begun} ms`);
    });
  }
});

test('What got through is remembered: the next connection asks nothing else', async () => {
  server.blocked = new Map([['websocket', 'refused'], ['sse', 'refused']]);
  const tidings = connect();
  await eventually(() => tidings.state === 'connected');
  server.seen.length = 0;
  tidings.drop();
  tidings.connect();
  await eventually(() => tidings.state === 'connected');
  assert.ok(server.seen.every((line) => line.startsWith('GET polling')), server.seen.join());
});

test('A stream that the server ends as it should is opened again, and nothing is missed', async () => {
  const tidings = connect({ transports: ['sse'] });
  const room = tidings.subscribe('chat:a');
  const { offsets } = listen(room);
  await eventually(() => room.active);
  server.publish('chat:a', 1);
  await eventually(() => offsets.length === 1);
  for (const stream of server.streams.keys()) stream.end();
  await eventually(() => tidings.state !== 'connected');
  server.publish('chat:a', 2);
  await eventually(() => offsets.length === 2);
  assert.deepEqual(offsets, [1, 2]);
});

for (const kind of /** @type {const} */ (['sse', 'polling'])) {
  describe(`Over ${kind}`, () => {
    const only = (options = {}) => connect({ transports: [kind], ...options });

    test('messages come, and publishing is answered', async () => {
      const tidings = only();
      const room = tidings.subscribe('chat:a');
      const { offsets } = listen(room);
      assert.equal((await room.publish('one')).offset, 1);
      await eventually(() => room.active);
      assert.equal((await room.publish('two')).offset, 2);
      await eventually(() => offsets.at(-1) === 2);
      assert.ok((await tidings.ping()) >= 0);
    });

    test('another subscription goes on without a loss', async () => {
      server.publish('chat:a', 'before');
      const tidings = only();
      const first = listen(tidings.subscribe('chat:a', { last: 5 }));
      await eventually(() => first.offsets.length === 1);
      assert.deepEqual(server.seen.slice(0, 2), [`GET ${kind} all`, `GET ${kind} all,chat:a`]);
      const second = tidings.subscribe('chat:b');
      for (let i = 0; i < 20; i++) server.publish('chat:a', i);
      await eventually(() => second.active);
      const heard = listen(second);
      for (let i = 0; i < 20; i++) server.publish('chat:a', i);
      server.publish('chat:b', 'hello');
      await eventually(() => first.offsets.length === 41 && heard.offsets.length === 1);
      assert.deepEqual(first.offsets, Array.from({ length: 41 }, (_, i) => i + 1));
      assert.deepEqual(first.gaps, []);
    });

    test('channels with different beginnings get what each asked for', async () => {
      for (let i = 0; i < 10; i++) for (const channel of ['chat:a', 'chat:b', 'chat:c']) server.publish(channel, i);
      const tidings = only();
      const rooms = [['chat:a', 3], ['chat:b', undefined], ['chat:c', 10]].map(([channel, last]) => tidings.subscribe(channel, { last }));
      const [a, b, c] = rooms.map(listen);
      await eventually(() => rooms.every(({ active }) => active));
      for (const channel of ['chat:a', 'chat:b', 'chat:c']) server.publish(channel, 'new');
      await eventually(() => [a, b, c].every(({ offsets }) => offsets.at(-1) === 11));
      assert.deepEqual([a.offsets.length, b.offsets.length, c.offsets.length], [4, 1, 11]);
    });

    test('what was said while it was away comes once and in order', async () => {
      const tidings = only();
      const room = tidings.subscribe('chat:a');
      const { offsets, gaps } = listen(room);
      await eventually(() => room.active);
      server.publish('chat:a', 0);
      await eventually(() => offsets.length === 1);
      server.cut();
      tidings.drop();
      for (let i = 0; i < 50; i++) server.publish('chat:a', i);
      tidings.connect();
      await eventually(() => offsets.length === 51);
      assert.deepEqual(offsets, Array.from({ length: 51 }, (_, i) => i + 1));
      assert.deepEqual(gaps, []);
    });

    test('a subscription that follows its predecessor in the same tick begins anew', async () => {
      const tidings = only();
      const before = tidings.subscribe('chat:a');
      const { offsets } = listen(before);
      await eventually(() => before.active);
      for (let i = 0; i < 5; i++) server.publish('chat:a', i);
      await eventually(() => offsets.length === 5);
      before.unsubscribe();
      const room = tidings.subscribe('chat:a');
      const heard = listen(room);
      await eventually(() => room.active);
      server.publish('chat:a', 'new');
      await eventually(() => heard.offsets.length > 0);
      assert.deepEqual([heard.offsets, heard.gaps, offsets], [[6], [], [1, 2, 3, 4, 5]]);
    });

    test('a subscription that follows its predecessor in the same tick has the beginning that it asks for', async () => {
      for (let i = 0; i < 5; i++) server.publish('chat:a', i);
      const tidings = only();
      const before = tidings.subscribe('chat:a', { last: 1 });
      await eventually(() => before.active);
      before.unsubscribe();
      const { offsets } = listen(tidings.subscribe('chat:a', { last: 3 }));
      await eventually(() => offsets.length === 3);
      assert.deepEqual(offsets, [3, 4, 5]);
    });

    test('a channel that the server subscribed begins anew when the application does', async () => {
      const tidings = only();
      await eventually(() => tidings.state === 'connected');
      const told = [];
      tidings.on('message', ({ offset }) => told.push(offset));
      for (let i = 0; i < 5; i++) server.publish('all', i);
      await eventually(() => told.length === 5);
      const all = tidings.subscribe('all', { last: 2 });
      const { offsets } = listen(all);
      await eventually(() => all.active && offsets.length === 2);
      tidings.subscribe('chat:b');
      await eventually(() => server.seen.at(-1).includes('chat:b'));
      server.publish('all', 'new');
      await eventually(() => offsets.length === 3);
      assert.deepEqual(offsets, [4, 5, 6]);
    });

    test('why the server refuses is said', async () => {
      const problem = JSON.stringify({ title: 'Unauthorized', status: 401, detail: 'Token expired', code: 'unauthorized' });
      server.instead.push((_, response) => response.writeHead(401, { 'content-type': 'application/problem+json' }).end(problem) !== undefined);
      const tidings = only();
      const waiting = tidings.publish('chat:a', 1);
      await assert.rejects(waiting, { code: 'closed', message: 'The connection is closed (4001 Token expired).' });
    });

    test('an unsubscribed channel is asked for no longer', async () => {
      const tidings = only();
      const room = tidings.subscribe('chat:a');
      await eventually(() => room.active);
      room.unsubscribe();
      await eventually(() => server.seen.at(-1) === `GET ${kind} all`);
    });

    test('the sixteenth channel besides "all" is refused, and says so', async () => {
      const tidings = only();
      const rooms = Array.from({ length: 16 }, (_, i) => tidings.subscribe(`chat:${i}`));
      const refusals = [];
      for (const room of rooms) room.on('unsubscribed', ({ code }) => refusals.push(code));
      await eventually(() => refusals.length > 0 && rooms.filter(({ active }) => active).length === 15);
      assert.deepEqual(refusals, ['too_many']);
    });

    test('channels whose position is too long for a URL are refused, and the others go on', async () => {
      const tidings = only();
      const rooms = Array.from({ length: 9 }, (_, i) => tidings.subscribe(`chat:${'x'.repeat(200)}${i}`));
      const refusals = [];
      for (const room of rooms) room.on('unsubscribed', ({ code }) => refusals.push(code));
      await eventually(() => refusals.length > 0 && rooms.filter(({ active }) => active).length + refusals.length === 9);
      const { offsets } = listen(rooms[0]);
      server.publish(rooms[0].channel, 'on');
      await eventually(() => offsets.length === 1);
      assert.deepEqual([...new Set(refusals)], ['too_many']);
    });

    test('the token travels in a header, and another one after 401', async () => {
      let asked = 0;
      server.instead.push((_, response) => response.writeHead(401).end() !== undefined);
      const tidings = only({ token: async () => `token-${++asked}` });
      await eventually(() => tidings.state === 'connected');
      assert.deepEqual(server.authorization.slice(0, 2), ['Bearer token-1', 'Bearer token-2']);
    });

    test('an expiring token is replaced without a loss', async () => {
      let asked = 0;
      const tidings = only({ token: async () => `token-${++asked}` });
      const room = tidings.subscribe('chat:a');
      const { offsets } = listen(room);
      await eventually(() => room.active);
      if (kind === 'sse') {
        for (const stream of server.streams.keys()) stream.write('data: {"type":"token_expiring","in":30}\n\n');
        await eventually(() => server.authorization.at(-1) === 'Bearer token-2');
      }
      server.publish('chat:a', 1);
      await eventually(() => offsets.length === 1);
    });

    test('403 is final', async () => {
      server.instead.push((_, response) => response.writeHead(403).end() !== undefined);
      const tidings = only();
      await eventually(() => tidings.state === 'closed');
    });

    test('an overloaded server is left alone as long as it asks', async () => {
      server.instead.push((_, response) => response.writeHead(503, { 'retry-after': '60' }).end() !== undefined);
      const delays = [];
      const tidings = only();
      tidings.on('state', ({ delay }) => delay !== undefined && delays.push(delay));
      await eventually(() => delays.length > 0);
      assert.deepEqual(delays, [60_000]);
    });

    test('commands that are refused as a whole fail each', async () => {
      const tidings = only();
      await eventually(() => tidings.state === 'connected');
      server.instead.push(({ kind: what }, response) => what === 'post' && response.writeHead(413).end('{"title":"Message too large","code":"too_large"}') !== undefined);
      const first = tidings.publish('chat:a', 1);
      await assert.rejects(first, { code: 'too_large', message: 'Message too large' });
      assert.equal(tidings.state, 'connected');
    });

    test('a user’s own channel is followed too, once it is known who that is', async () => {
      if (kind === 'polling') return;
      server.user = 'ann';
      const tidings = only();
      const heard = [];
      tidings.on('message', ({ channel, data }) => heard.push(`${channel} ${data}`));
      await eventually(() => server.seen.at(-1) === `GET ${kind} all,user:ann`);
      await eventually(() => server.streams.size === 1);
      server.publish('user:ann', 'for you');
      server.publish('all', 'for all');
      await eventually(() => heard.length === 2);
      assert.deepEqual(heard, ['user:ann for you', 'all for all']);
    });
  });
}

test('Over a stream, a message in pieces of a byte each is read', async () => {
  const tidings = connect({ transports: ['sse'] });
  const room = tidings.subscribe('chat:a');
  await eventually(() => room.active);
  const seen = [];
  room.on('message', ({ data }) => seen.push(data));
  const [stream] = server.streams.keys();
  for (const byte of Buffer.from('data: {"type":"message","channel":"chat:a","offset":1,"data":"grüße 👋","time":1}\r\n\r\n')) {
    stream.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await eventually(() => seen.length === 1);
  assert.deepEqual(seen, ['grüße 👋']);
});

test('Changing the transport in mid-stream loses and doubles nothing', async () => {
  let published = 0;
  const timer = setInterval(() => server.publish('chat:a', ++published), 2);
  try {
    const tidings = connect({ transports: ['sse', 'polling'] });
    const room = tidings.subscribe('chat:a', { last: 1_000 });
    const { offsets, gaps } = listen(room);
    const kinds = [];
    tidings.on('connected', ({ transport }) => kinds.push(transport));
    await eventually(() => offsets.length > 50);
    server.blocked.set('sse', 'refused');
    server.cut();
    await eventually(() => kinds.length > 1 && offsets.length > 200, 20_000);
    assert.deepEqual([...new Set(kinds)], ['sse', 'polling']);
    clearInterval(timer);
    await eventually(() => offsets.length === published);
    assert.deepEqual(offsets, Array.from({ length: published }, (_, i) => i + 1));
    assert.deepEqual(gaps, []);
  } finally {
    clearInterval(timer);
  }
});
