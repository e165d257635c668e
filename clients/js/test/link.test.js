import assert from 'node:assert/strict';
import { test } from 'node:test';
import { next } from '../src/link/state.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

async function start(options = {}) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', options, host);
  const states = [];
  tidings.on('state', ({ state, delay, code }) => states.push([state, ...(delay === undefined ? [] : [delay]), ...(code === undefined ? [] : [code])].join(' ')));
  const errors = [];
  tidings.on('error', (error) => errors.push(error));
  await settle();
  return { net, host, tidings, states, errors };
}

function open(net, frame = {}) {
  net.last.open();
  net.last.receive(connectedFrame(frame));
}

test('States go only where the table of transitions leads', () => {
  assert.equal(next('idle', 'start'), 'connecting');
  assert.equal(next('connected', 'lost'), 'waiting');
  assert.throws(() => next('idle', 'opened'), /No way from idle by opened/);
  assert.throws(() => next('closed', 'retry'));
});

test('Coming back waits longer each time, at most 30 s, and from the beginning once a connection has held', async () => {
  const { net, host, states } = await start();
  open(net);
  for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    net.last.end(1006);
    assert.equal(states.at(-1), `waiting ${delay} 1006`);
    await host.pass(delay - 1);
    const before = net.sockets.length;
    await host.pass(1);
    assert.equal(net.sockets.length, before + 1);
    open(net);
  }
  await host.pass(5_000);
  net.last.end(1006);
  assert.equal(states.at(-1), 'waiting 500 1006');
});

test('A refusal by policy is followed by no sooner than 30 s, and being seen is no reason to hurry', async () => {
  const { net, host, states } = await start();
  open(net);
  host.randomValue = 0;
  net.last.end(1008, 'Too many connections');
  assert.equal(states.at(-1), 'waiting 30000 1008');
  host.wake('visible');
  await host.pass(29_999);
  assert.equal(net.sockets.length, 1);
  await host.pass(1);
  assert.equal(net.sockets.length, 2);
});

for (const code of [1000, 1002, 1003, 1007, 1009, 4003, 4009, 4010]) {
  test(`After ${code} it stays away, and comes when told`, async () => {
    const { net, host, tidings, states } = await start({ token: async () => 't' });
    open(net);
    net.last.end(code);
    assert.equal(tidings.state, 'closed');
    assert.equal(states.at(-1), `closed ${code}`);
    await host.pass(600_000);
    assert.equal(net.sockets.length, 1);
    tidings.connect();
    await settle();
    assert.equal(net.sockets.length, 2);
  });
}

test('After 4001 another token is asked for, once', async () => {
  let asked = 0;
  const { net, host, tidings } = await start({ token: async () => `token-${++asked}` });
  net.last.open();
  assert.equal(net.last.sent[0].token, 'token-1');
  net.last.end(4001, 'Invalid token');
  await host.pass(0);
  net.last.open();
  assert.equal(net.last.sent[0].token, 'token-2');
  net.last.end(4001, 'Invalid token');
  assert.equal(tidings.state, 'closed');
  assert.equal(asked, 2);
});

test('After 4001 with a token that cannot be renewed it stays away', async () => {
  const { net, tidings } = await start({ token: 'fixed' });
  net.last.open();
  net.last.end(4001, 'Invalid token');
  assert.equal(tidings.state, 'closed');
});

test('After 4002 it comes back at once with another token, and the next time after a back-off', async () => {
  let asked = 0;
  const { net, host, states } = await start({ token: async () => `token-${++asked}` });
  open(net);
  net.last.end(4002, 'Token expired');
  assert.equal(states.at(-1), 'waiting 0 4002');
  await host.pass(0);
  open(net);
  assert.equal(net.last.sent[0].token, 'token-2');
  net.last.end(4002, 'Token expired');
  assert.equal(states.at(-1), 'waiting 1000 4002');
  await host.pass(1_000);
  net.last.open();
  assert.equal(net.last.sent[0].token, 'token-3');
});

test('A token is kept through ordinary reconnects', async () => {
  let asked = 0;
  const { net, host } = await start({ token: async () => `token-${++asked}` });
  open(net);
  net.last.end(1012);
  await host.pass(500);
  open(net);
  assert.equal(net.last.sent[0].token, 'token-1');
  assert.equal(asked, 1);
});

test('A token that cannot be had is told, and asked for again after a back-off', async () => {
  let asked = 0;
  const { net, host, tidings, errors } = await start({
    token: async () => {
      if (++asked === 1) throw new Error('no network');
      return 'token';
    },
  });
  assert.equal(net.sockets.length, 0);
  assert.equal(tidings.state, 'waiting');
  await host.pass(500);
  assert.equal(net.sockets.length, 1);
  assert.deepEqual(errors, [{ code: 'unauthorized', error: 'No token: no network' }]);
});

test('An expiring token is renewed in the running connection', async () => {
  let asked = 0;
  const { net } = await start({ token: async () => `token-${++asked}` });
  open(net);
  net.last.receive({ type: 'token_expiring', in: 30 });
  await settle();
  assert.deepEqual(net.last.sent.at(-1), { type: 'auth', token: 'token-2' });
});

test('After so many attempts as allowed it stays away', async () => {
  const { net, host, tidings } = await start({ maxRetries: 2, transports: ['websocket'] });
  for (let attempt = 0; attempt < 3; attempt++) {
    assert.equal(net.sockets.length, attempt + 1);
    net.last.end(1006);
    await host.pass(1_000);
  }
  assert.equal(tidings.state, 'closed');
  assert.equal(net.sockets.length, 3);
});

test('What the server says about coming back is heeded', async () => {
  const { net, states } = await start();
  open(net);
  net.last.receive({ type: 'disconnecting', reason: 'Draining', reconnect: true, after: 7_000 });
  net.last.end(4100, 'Draining');
  assert.equal(states.at(-1), 'waiting 7000 4100');
  const other = await start();
  open(other.net);
  other.net.last.receive({ type: 'disconnecting', reason: 'Moved', reconnect: false });
  other.net.last.end(4200, 'Moved');
  assert.equal(other.states.at(-1), 'closed 4200');
});

test('Without a network it waits until there is one, and not everybody comes at the same moment', async () => {
  const { net, host } = await start();
  open(net);
  host.online = false;
  net.last.end(1006);
  await host.pass(600_000);
  assert.equal(net.sockets.length, 1);
  host.online = true;
  host.wake('online');
  await host.pass(499);
  assert.equal(net.sockets.length, 1);
  await host.pass(1);
  assert.equal(net.sockets.length, 2);
});

test('A page that nobody sees waits the longest back-off, and comes when it is seen', async () => {
  const { net, host, states } = await start();
  open(net);
  host.hidden = true;
  net.last.end(1006);
  assert.equal(states.at(-1), 'waiting 15000 1006');
  await host.pass(2_000);
  host.hidden = false;
  host.wake('visible');
  await host.pass(500);
  assert.equal(net.sockets.length, 2);
});

test('A connection that is silent is asked after 1.25 intervals and given up after 2', async () => {
  const { net, host, tidings } = await start();
  open(net, { pingInterval: 10_000 });
  await host.pass(12_499);
  assert.deepEqual(net.last.sent, []);
  await host.pass(1);
  assert.deepEqual(net.last.sent, [{ type: 'ping' }]);
  await host.pass(7_499);
  assert.equal(tidings.state, 'connected');
  await host.pass(1);
  assert.equal(tidings.state, 'waiting');
});

test('A connection that speaks is not suspected', async () => {
  const { net, host, tidings } = await start();
  open(net, { pingInterval: 10_000 });
  for (let beat = 0; beat < 20; beat++) {
    await host.pass(10_000);
    net.last.receive({ type: 'ping' });
  }
  assert.equal(tidings.state, 'connected');
  assert.ok(net.last.sent.every(({ type }) => type === 'pong'));
});

test('A server without heartbeat is asked for signs of life', async () => {
  const { net, host, tidings } = await start();
  open(net, { pingInterval: 0 });
  await host.pass(37_500);
  assert.deepEqual(net.last.sent, [{ type: 'ping' }]);
  net.last.receive({ type: 'pong' });
  await host.pass(59_999);
  assert.equal(tidings.state, 'connected');
});

test('When the network is back, a connection that does not answer within 5 s is given up', async () => {
  const { net, host, tidings } = await start();
  open(net);
  await host.pass(10_000);
  host.wake('online');
  assert.deepEqual(net.last.sent, [{ type: 'ping' }]);
  net.last.receive({ type: 'pong' });
  await host.pass(6_000);
  assert.equal(tidings.state, 'connected');
  host.wake('online');
  await host.pass(5_000);
  assert.equal(tidings.state, 'waiting');
});

test('Closing ends it for good: no timer, no listener, no attempt is left', async () => {
  const { net, host, tidings } = await start();
  open(net);
  tidings.close();
  assert.equal(tidings.state, 'closed');
  assert.deepEqual(net.last.closedWith, { code: 1000, reason: '' });
  assert.equal(host.timers.length, 0);
  assert.equal(host.wakers.size, 0);
});

test('Closing while a token is on its way leaves nothing behind', async () => {
  let give;
  const { net, host, tidings } = await start({ token: () => new Promise((resolve) => (give = resolve)) });
  tidings.close();
  give('late');
  await host.pass(60_000);
  assert.equal(net.sockets.length, 0);
});
