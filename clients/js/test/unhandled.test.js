import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ReconnectingWebSocket } from '../src/sockets/reconnecting-web-socket.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

/** What ends a Node process where nobody looks. @type {unknown[]} */
const unhandled = [];
const note = (error) => unhandled.push(error);
/** What was shown. @type {unknown[]} */
let shown = [];
const show = console.error;

before(() => {
  process.on('unhandledRejection', note).on('uncaughtException', note);
  console.error = (error) => shown.push(error);
});

after(() => {
  process.off('unhandledRejection', note).off('uncaughtException', note);
  console.error = show;
});

beforeEach(() => {
  shown = [];
});

/** Every way in which a callback fails, with things that are no errors among them. */
const failures = Object.entries({
  throws: () => {
    throw new Error('thrown');
  },
  rejects: async () => {
    throw new Error('rejected');
  },
  'rejects with nothing': () => Promise.reject(),
  'rejects with a symbol': () => Promise.reject(Symbol('no')),
  'rejects with what has no text': () => Promise.reject(Object.create(null)),
  'gives a thenable that throws': () => ({
    get then() {
      throw new Error('then');
    },
  }),
});

async function lookAgain() {
  await settle();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.deepEqual(unhandled.splice(0), []);
}

function listenWith(target, names, listener) {
  for (const name of names) target.on(name, listener);
}

for (const [how, callback] of failures) {
  test(`A token callback that ${how} is told, and asked again`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    let fails = true;
    let asked = 0;
    const tidings = new Tidings('ws://localhost/connect', { token: () => (asked++, fails ? callback() : 'good') }, host);
    const errors = [];
    tidings.on('error', ({ code, error }) => errors.push([code, error]));
    await host.pass(400);
    assert.deepEqual([errors.length, errors[0][0], tidings.state], [1, 'unauthorized', 'waiting']);
    fails = false;
    await host.pass(200);
    net.last.open();
    net.last.receive(connectedFrame());
    fails = true;
    net.last.receive({ type: 'token_expiring', in: 30 });
    await settle();
    assert.deepEqual([errors.length, tidings.state, asked], [2, 'connected', 3]);
    tidings.close();
    await lookAgain();
  });

  test(`A resource whose token callback ${how} says so, and goes on with what it has`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    let fails = false;
    const tidings = new Tidings('ws://localhost/connect', { token: () => (fails ? callback() : 'good') }, host);
    tidings.close();
    const items = tidings.resource('items');
    const errors = [];
    items.on('error', ({ error }) => errors.push(error));
    await settle();
    net.last.open();
    net.last.receive({ type: 'initial', key: 'id', data: [{ id: 1 }], epoch: 'e', offset: 0 });
    fails = true;
    net.last.receive({ type: 'token_expiring', in: 30 });
    await settle();
    assert.deepEqual([errors.length, items.size, net.last.readyState], [1, 1, 1]);
    assert.match(errors[0], /^No token: /);
    net.last.end(4002, 'Token expired');
    await host.pass(0);
    assert.equal(errors.length, 2);
    items.close();
    await lookAgain();
  });

  test(`An address that ${how} is asked for again`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    let asked = 0;
    const socket = new ReconnectingWebSocket(() => (asked++ === 0 ? callback() : 'ws://localhost/ws/a'), [], {}, host);
    await host.pass(500);
    assert.equal(net.last.url, 'ws://localhost/ws/a');
    socket.close();
    await lookAgain();
  });

  test(`A listener that ${how} is reported, and disturbs nobody`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    const tidings = new Tidings('ws://localhost/connect', { token: 't' }, host);
    const room = tidings.subscribe('chat:a', { presence: true });
    const late = tidings.subscribe('chat:a', { last: 1 });
    const task = tidings.task('a');
    listenWith(tidings, ['state', 'connected', 'message', 'gap', 'direct', 'error', 'frame'], callback);
    for (const subscription of [room, late]) listenWith(subscription, ['message', 'subscribed', 'gap', 'join', 'leave', 'unsubscribed', 'error'], callback);
    const heard = [];
    room.on('message', ({ data }) => heard.push(data));
    await settle();
    net.last.open();
    net.last.receive(connectedFrame({ subscriptions: [{ channel: 'all', epoch: 'e', offset: 0 }] }));
    net.last.receive({ type: 'subscribed', id: net.last.sent[1].id, channel: 'chat:a', epoch: 'e', offset: 0 });
    const watching = task.result().catch(({ code }) => code);
    await settle();
    const frames = [
      { type: 'message', channel: 'chat:a', offset: 1, data: 'one', time: 1 },
      { type: 'join', channel: 'chat:a', member: { user: 'u', connections: 1 } },
      { type: 'gap', channel: 'chat:a', epoch: 'e', offset: 5, from: 2, to: 5, reason: 'slow' },
      { type: 'message', channel: 'all', offset: 1, data: 1, time: 1 },
      { type: 'gap', channel: 'all', epoch: 'e', offset: 5, from: 2, to: 5, reason: 'slow' },
      { type: 'direct', data: 1 },
      { type: 'error', code: 'bad_request', error: 'no' },
      { type: 'message', channel: 'chat:a', offset: 6, data: 'two', time: 1 },
      { type: 'unsubscribed', channel: 'chat:a', code: 'expired', reason: 'Expired' },
    ];
    for (const frame of frames) net.last.receive(frame);
    assert.deepEqual([heard, tidings.state], [['one', 'two'], 'connected']);
    tidings.close();
    assert.equal(await watching, 'closed');
    await settle();
    assert.ok(shown.length >= frames.length, `${shown.length} errors were shown`);
    await lookAgain();
  });

  test(`A listener of a resource or a socket that ${how} is reported, and disturbs nobody`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    const tidings = new Tidings('ws://localhost/connect', {}, host);
    tidings.close();
    const items = tidings.resource('items');
    listenWith(items, ['change', 'reset', 'state', 'error'], callback);
    await settle();
    net.last.open();
    net.last.receive({ type: 'initial', key: 'id', data: [{ id: 1 }], epoch: 'e', offset: 0 });
    net.last.receive({ type: 'create', id: 2, data: { id: 2 }, offset: 1 });
    net.last.receive({ error: 'no' });
    assert.equal(items.size, 2);
    items.close();

    const socket = new ReconnectingWebSocket('ws://localhost/ws/a', [], {}, host);
    const events = ['connecting', 'open', 'message', 'ping', 'error', 'reconnecting', 'close'];
    for (const name of events) {
      socket.addEventListener(name, callback);
      socket.addEventListener(name, { handleEvent: callback });
      socket[`on${name}`] = callback;
    }
    await settle();
    net.last.open();
    net.last.receive('text');
    net.last.receive('{"type":"ping"}');
    net.last.onerror?.({});
    net.last.end(1006);
    socket.close();
    await settle();
    assert.ok(shown.length >= 2 * events.length + 4, `${shown.length} errors were shown`);
    await lookAgain();
  });

  test(`A network where each request ${how} is come back to`, async () => {
    class BadSocket {
      constructor() {
        throw new Error('no socket');
      }
    }
    for (const transports of [['websocket'], ['sse'], ['polling'], undefined]) {
      const host = new FakeHost({ WebSocket: BadSocket, fetch: callback });
      const tidings = new Tidings('ws://localhost/connect', { transports }, host);
      const socket = new ReconnectingWebSocket('ws://localhost/ws/a', [], {}, host);
      await host.pass(100);
      await lookAgain();
      tidings.close();
      socket.close();
      await lookAgain();
    }
  });
}

test('A listener is found again by the one that was given: twice is once, and removed is removed', async () => {
  const net = fakeSockets();
  const socket = new ReconnectingWebSocket('ws://localhost/ws/a', [], {}, new FakeHost(net));
  const seen = [];
  const listener = function ({ data }) {
    seen.push(this === socket && data);
  };
  const other = () => seen.push('once');
  socket.addEventListener('message', listener);
  socket.addEventListener('message', listener);
  socket.addEventListener('message', other, { once: true });
  socket.addEventListener('message', null);
  await settle();
  net.last.open();
  net.last.receive('a');
  socket.removeEventListener('message', listener);
  net.last.receive('b');
  assert.deepEqual(seen, ['a', 'once']);
});

test('Frames that are other than the protocol has them end the connection, not the process', async () => {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', { token: 't' }, host);
  const task = tidings.task('a').result().catch(({ code }) => code);
  await settle();
  net.last.open();
  net.last.receive('{"type":"connected","subscriptions":5}');
  await host.pass(500);
  net.last.open();
  net.last.receive(connectedFrame());
  const subscribe = net.last.sent.find(({ type }) => type === 'subscribe');
  net.last.receive({ type: 'subscribed', id: subscribe.id, channel: 'task:a', epoch: 'e', offset: 0 });
  for (const data of [null, 5, {}, [], { status: 'odd' }]) net.last.receive({ type: 'message', channel: 'task:a', data, time: 1 });
  net.last.receive({ type: 'token_expiring' });
  assert.equal(tidings.state, 'connected');
  tidings.close();
  assert.equal(await task, 'closed');
  const items = tidings.resource('items');
  await settle();
  for (const text of ['x', 'null', '[]', '{"type":"initial"}', '{"type":"initial","key":"id","data":[null]}', '{"type":"create","id":1,"data":5}']) {
    net.last.open();
    net.last.receive(text);
    await host.pass(60_000);
  }
  items.close();
  await lookAgain();
});

test('What cannot be said in JSON fails where it is said', async () => {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
  const loop = {};
  loop.loop = loop;
  await settle();
  net.last.open();
  net.last.receive(connectedFrame());
  await assert.rejects(tidings.publish('chat:a', loop), TypeError);
  await assert.rejects(tidings.call('x', 1n), TypeError);
  assert.throws(() => tidings.subscribe('chat:a', { last: 1n }), TypeError);
  assert.throws(() => tidings.resource('items', { filter: { id: 1n } }), TypeError);
  assert.equal(tidings.state, 'connected');
  tidings.close();
  await lookAgain();
});
