import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf } from '../src/base/host.js';
import { SilenceWatch } from '../src/base/silence-watch.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

/** What a server may say that is longer than any timer. */
const ABSURD = [2 ** 31, 1e15, 1e308, Number.MAX_SAFE_INTEGER];

/** Timers as platforms have them: one that is too long ends at once. */
class PlatformHost extends FakeHost {
  longest = 0;

  after = (after => (callback, milliseconds) => {
    this.longest = Math.max(this.longest, milliseconds);
    return after(callback, milliseconds > 2 ** 31 - 1 ? 1 : milliseconds);
  })(this.after);
}

async function start(host, options = {}) {
  const tidings = new Tidings('ws://localhost/connect', options, host);
  const delays = [];
  tidings.on('state', ({ delay }) => delay !== undefined && delays.push(delay));
  await settle();
  return { tidings, delays };
}

test('No timer is longer than the platform’s', (context) => {
  context.mock.method(globalThis, 'setTimeout', () => 0);
  const host = hostOf({});
  for (const wait of [5, ...ABSURD, Infinity]) host.after(() => {}, wait);
  assert.deepEqual(setTimeout.mock.calls.map(({ arguments: [, wait] }) => wait), [5, ...ABSURD, Infinity].map((wait) => Math.min(wait, 2 ** 31 - 1)));
});

for (const after of [...ABSURD, '1e999']) {
  test(`A server that asks to stay away for ${after} ms is asked again after five minutes`, async () => {
    const net = fakeSockets();
    const host = new PlatformHost(net);
    const { delays } = await start(host);
    net.last.open();
    net.last.receive(connectedFrame());
    net.last.receive(`{"type":"disconnecting","reason":"Draining","reconnect":true,"after":${after}}`);
    net.last.end(4100);
    assert.deepEqual(delays, [300_000]);
    await host.pass(299_999);
    assert.equal(net.sockets.length, 1);
    await host.pass(1);
    assert.equal(net.sockets.length, 2);
  });

  test(`A heartbeat of ${after} ms asks for no more than a sign of life an hour`, async () => {
    const net = fakeSockets();
    const host = new PlatformHost(net);
    await start(host);
    net.last.open();
    net.last.receive(JSON.stringify(connectedFrame()).replace('30000', String(after)));
    await host.pass(3_600_000);
    assert.deepEqual(net.last.sent, []);
    await host.pass(3_601_000);
    assert.ok(net.sockets.length > 1, 'a server that is silent for two hours is left');
    assert.ok(host.longest <= 4_500_000, String(host.longest));
  });

  test(`A command that is to wait for ${after} ms goes out again after five minutes`, async () => {
    const net = fakeSockets();
    const host = new PlatformHost(net);
    const { tidings } = await start(host);
    net.last.open();
    net.last.receive(connectedFrame({ pingInterval: 3_600_000 }));
    const room = tidings.subscribe('chat:a');
    void tidings.publish('chat:a', 1);
    const ids = net.last.sent.map(({ id }) => id);
    for (const id of ids) net.last.receive(`{"type":"error","id":${id},"code":"rate_limited","error":"Rate limit exceeded","retryAfter":${after}}`);
    await host.pass(299_999);
    assert.equal(net.last.sent.length, 2);
    await host.pass(1);
    assert.deepEqual(net.last.sent.slice(2).map(({ type }) => type).sort(), ['publish', 'subscribe']);
    room.unsubscribe();
  });
}

test('A refused command waits as long as the server asks', async () => {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const { tidings } = await start(host);
  net.last.open();
  net.last.receive(connectedFrame());
  void tidings.publish('chat:a', 1);
  net.last.receive({ type: 'error', id: net.last.sent[0].id, code: 'rate_limited', error: 'Rate limit exceeded', retryAfter: 2_000 });
  await host.pass(1_999);
  assert.equal(net.last.sent.length, 1);
  await host.pass(1);
  assert.equal(net.last.sent.length, 2);
});

test('A Retry-After beyond all measure is five minutes', async () => {
  const delays = [];
  const fetch = async () => new Response('', { status: 503, headers: { 'retry-after': '999999999999' } });
  const host = new PlatformHost({ fetch });
  const tidings = new Tidings('http://localhost/connect', { transports: ['polling'] }, host);
  tidings.on('state', ({ delay }) => delay !== undefined && delays.push(delay));
  for (let i = 0; i < 20 && delays.length === 0; i++) await new Promise(setImmediate);
  tidings.close();
  assert.deepEqual(delays, [300_000]);
});

test('A heartbeat of a millisecond asks for signs of life ten times a second, and no more', async () => {
  const net = fakeSockets();
  const host = new FakeHost(net);
  await start(host);
  net.last.open();
  net.last.receive(connectedFrame({ pingInterval: 0.001 }));
  const socket = net.last;
  for (let i = 0; i < 100; i++) {
    await host.pass(10);
    socket.receive({ type: 'pong' });
  }
  assert.ok(socket.sent.length <= 10, `${socket.sent.length} pings in a second`);
});

test('A page that slept for months does not wait for months', async () => {
  const host = new PlatformHost();
  const watch = new SilenceWatch(host, () => {});
  watch.pinged();
  host.time += 1e10;
  watch.pinged();
  assert.equal(host.longest, 9_000_000);
});
