import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';
import { eventually } from './support/fake-server.js';
import { ServerProcess } from './support/server-process.js';

const secret = 'a secret of the tests, 32 bytes or more';

function sign(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const input = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iat: now, exp: now + 600, ...claims })}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

async function follow(token) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', {}, host);
  const ended = [];
  const errors = [];
  const orders = tidings.subscribe('orders:1', { token });
  orders.on('unsubscribed', (detail) => ended.push(detail));
  orders.on('error', (detail) => errors.push(detail));
  await settle();
  net.last.open();
  net.last.receive(connectedFrame());
  await settle();
  return { net, host, tidings, orders, ended, errors };
}

const subscribed = (command, more = {}) => ({ type: 'subscribed', id: command.id, channel: 'orders:1', epoch: 'e', offset: 0, ...more });

test('A token is had before the channel is asked for, and another before it ends', async () => {
  let tokens = 0;
  const { net, host, orders, ended } = await follow((channel) => `${channel} ${++tokens}`);
  const [first] = net.last.sent;
  assert.deepEqual([first.type, first.channel, first.token], ['subscribe', 'orders:1', 'orders:1 1']);
  net.last.receive(subscribed(first, { expires: 20 }));
  assert.equal(orders.active, true);
  await host.pass(9_900);
  await settle();
  assert.equal(tokens, 1);
  await host.pass(200);
  await settle();
  const renewal = net.last.sent.find(({ token }) => token === 'orders:1 2');
  assert.deepEqual([renewal.type, renewal.channel, renewal.since], ['subscribe', 'orders:1', undefined]);
  net.last.receive({ type: 'subscribed', id: renewal.id, channel: 'orders:1', renewed: true, expires: 20 });
  await host.pass(10_100);
  await settle();
  assert.equal(tokens, 3);
  assert.deepEqual([orders.active, ended], [true, []]);
});

test('A subscription that ended with its token comes back from where it stood', async () => {
  let tokens = 0;
  const { net, orders, ended } = await follow(() => `t${++tokens}`);
  net.last.receive(subscribed(net.last.sent[0], { expires: 1 }));
  net.last.receive({ type: 'message', channel: 'orders:1', offset: 1, data: 1, time: 1 });
  net.last.receive({ type: 'unsubscribed', channel: 'orders:1', code: 'expired', reason: 'Token expired' });
  await settle();
  const again = net.last.sent.at(-1);
  assert.deepEqual([again.type, again.token, again.since], ['subscribe', 't2', { epoch: 'e', offset: 1 }]);
  net.last.receive(subscribed(again, { offset: 1, recovered: true, expires: 60 }));
  assert.deepEqual([orders.active, ended], [true, []]);
});

test('A subscription that ends while another token is being had begins with that one', async () => {
  const waiting = [];
  const { net, host, orders } = await follow(() => new Promise((resolve) => waiting.push(resolve)));
  waiting.shift()('t1');
  await settle();
  net.last.receive(subscribed(net.last.sent[0], { expires: 20 }));
  await host.pass(10_100);
  assert.equal(waiting.length, 1);
  net.last.receive({ type: 'unsubscribed', channel: 'orders:1', code: 'expired', reason: 'Token expired' });
  await settle();
  waiting.shift()('t2');
  await settle();
  const again = net.last.sent.at(-1);
  assert.deepEqual([again.type, again.token, again.since], ['subscribe', 't2', { epoch: 'e', offset: 0 }]);
  net.last.receive(subscribed(again, { recovered: true, expires: 20 }));
  assert.deepEqual([orders.active, waiting.length], [true, 0]);
});

test('A token that is refused is renewed once, and then it is over', async () => {
  let tokens = 0;
  const { net, ended } = await follow(() => `t${++tokens}`);
  for (let i = 0; i < 2; i++) {
    net.last.receive({ type: 'error', id: net.last.sent.at(-1).id, code: 'unauthorized', error: 'Invalid token' });
    await settle();
  }
  assert.deepEqual([tokens, ended.map(({ code }) => code)], [2, ['unauthorized']]);
});

test('A token that cannot be renewed ends its subscription, and none at all does so at once', async () => {
  const { net, ended } = await follow('fixed');
  net.last.receive(subscribed(net.last.sent[0], { expires: 1 }));
  net.last.receive({ type: 'unsubscribed', channel: 'orders:1', code: 'expired', reason: 'Token expired' });
  await settle();
  assert.deepEqual(ended.map(({ code }) => code), ['expired']);
  assert.deepEqual((await follow(() => undefined)).ended.map(({ code }) => code), ['unauthorized']);
});

test('What gets tokens and fails is asked again, and told', async () => {
  let tokens = 0;
  const { net, host, errors, ended } = await follow(() => {
    if (++tokens === 1) throw new Error('The shop is closed');
    return 't';
  });
  assert.deepEqual([errors.map(({ error }) => error), net.last.sent.length, ended], [['The shop is closed'], 0, []]);
  for (let i = 0; i < 100 && net.last.sent.length === 0; i++) {
    await host.pass(1_000);
    await settle();
  }
  assert.equal(net.last.sent[0].token, 't');
});

describe('Subscriptions by a token, to a server', () => {
  /** @type {ServerProcess} */
  let server;
  before(async () => {
    server = await ServerProcess.start('--demo', '--jwt-secret', secret, 'Tidings__UnmatchedChannels=closed', 'Tidings__Channels__0__Pattern=open:*');
  });
  after(() => server?.stop());

  for (const transport of /** @type {const} */ (['websocket', 'sse', 'polling'])) {
    test(`over ${transport}`, async () => {
      const tidings = new Tidings(`ws://127.0.0.1:${server.port}/connect`, { WebSocket, transports: [transport], token: sign({ sub: 'ada' }) });
      try {
        const closed = tidings.subscribe('orders:2');
        const refused = [];
        closed.on('unsubscribed', ({ code }) => refused.push(code));
        let tokens = 0;
        const orders = tidings.subscribe('orders:1', { token: (channel) => sign({ sub: 'ada', channel, exp: Math.floor(Date.now() / 1000) + (++tokens === 1 ? 3 : 600) }) });
        const heard = [];
        orders.on('message', ({ data }) => heard.push(data));
        await eventually(() => orders.active);
        for (let i = 0; i < 10; i++) {
          await server.publish('orders:1', i);
          await new Promise((resolve) => setTimeout(resolve, 400));
        }
        await eventually(() => heard.length === 10);
        assert.deepEqual(heard, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert.ok(tokens >= 2, `${tokens} tokens`);
        await eventually(() => refused.length === 1);
        assert.deepEqual(refused, ['not_allowed']);
      } finally {
        tidings.close();
      }
    });
  }
});
