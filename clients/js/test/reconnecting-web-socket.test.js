import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReconnectingWebSocket } from '../src/sockets/reconnecting-web-socket.js';
import { FakeHost, settle } from './support/fake-host.js';
import { fakeSockets } from './support/fake-sockets.js';

async function start(url = 'ws://localhost/ws/lobby', options = {}) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const socket = new ReconnectingWebSocket(url, [], options, host);
  const events = [];
  for (const type of ['open', 'message', 'close', 'error', 'reconnecting', 'ping']) {
    socket.addEventListener(type, (event) => events.push(type === 'message' ? `message ${event.data}` : type === 'close' ? `close ${event.code} ${event.reason}` : type === 'reconnecting' ? `reconnecting ${event.detail.code} ${event.detail.delay}` : type));
  }
  await settle();
  return { net, host, socket, events };
}

test('It has the shape of a WebSocket', async () => {
  const { net, socket } = await start();
  assert.deepEqual([ReconnectingWebSocket.CONNECTING, ReconnectingWebSocket.OPEN, ReconnectingWebSocket.CLOSING, ReconnectingWebSocket.CLOSED], [0, 1, 2, 3]);
  assert.equal(socket.readyState, socket.CONNECTING);
  assert.equal(socket.url, 'ws://localhost/ws/lobby');
  const heard = [];
  socket.onopen = () => heard.push('open');
  socket.onmessage = ({ data }) => heard.push(data);
  socket.onclose = ({ code, wasClean }) => heard.push(code, wasClean);
  net.last.open();
  net.last.receive('[lobby] hello');
  assert.equal(socket.readyState, socket.OPEN);
  socket.close();
  assert.equal(socket.readyState, socket.CLOSED);
  assert.deepEqual(heard, ['open', '[lobby] hello', 1000, true]);
});

test('What was agreed on is that of the connection that there is, and nothing before', async () => {
  const { net, socket } = await start();
  Object.assign(net.last, { extensions: 'permessage-deflate', protocol: 'chat' });
  net.last.open();
  assert.deepEqual([socket.extensions, socket.protocol], ['permessage-deflate', 'chat']);
  const never = new ReconnectingWebSocket('ws://localhost/ws/lobby', [], {}, new FakeHost(fakeSockets()));
  assert.deepEqual([never.extensions, never.protocol], ['', '']);
  never.close();
});

test('It comes back after a broken connection; close is told once, when it stays away', async () => {
  const { net, host, events } = await start();
  net.last.open();
  net.last.end(1006);
  await host.pass(500);
  net.last.open();
  net.last.end(4003, 'Forbidden');
  await host.pass(600_000);
  assert.deepEqual(events, ['open', 'reconnecting 1006 500', 'open', 'close 4003 Forbidden']);
  assert.equal(net.sockets.length, 2);
});

test('What is sent meanwhile goes out once, in order', async () => {
  const { net, host, socket } = await start();
  socket.send('one');
  net.last.open();
  net.last.end(1012);
  socket.send('two');
  socket.send('three');
  assert.equal(socket.bufferedAmount, 8);
  await host.pass(500);
  net.last.open();
  assert.deepEqual(net.sockets.map(({ sent }) => sent), [['one'], ['two', 'three']]);
  assert.throws(() => {
    net.last.end(1012);
    for (let i = 0; i < 1_001; i++) socket.send('x');
  }, /Too much/);
});

test('A ping is answered and is no message; text that only looks like one is', async () => {
  const { net, events } = await start();
  net.last.open();
  net.last.receive(' { "type" : "ping" } ');
  net.last.receive('[lobby] {"type":"ping"}');
  assert.deepEqual(net.last.sent, [{ type: 'pong' }]);
  assert.deepEqual(events, ['open', 'ping', 'message [lobby] {"type":"ping"}']);
});

test('A server that used to ping and is silent for long is left', async () => {
  const { net, host, events } = await start();
  net.last.open();
  net.last.receive('{"type":"ping"}');
  await host.pass(30_000);
  net.last.receive('{"type":"ping"}');
  await host.pass(74_999);
  assert.equal(events.includes('reconnecting 4200 500'), false);
  await host.pass(1);
  assert.equal(events.at(-1), 'reconnecting 4200 500');
});

test('An address from a function is asked for each time, and once more when its token is refused', async () => {
  let asked = 0;
  const { net, host, socket } = await start(async () => `ws://localhost/ws/lobby?token=${++asked}`);
  net.last.end(4001, 'Invalid token');
  await host.pass(0);
  net.last.end(4001, 'Invalid token');
  assert.equal(socket.readyState, socket.CLOSED);
  assert.deepEqual(net.sockets.map(({ url }) => url.at(-1)), ['1', '2']);
});

test('A handshake without an answer is given up after 15 s', async () => {
  const { net, host } = await start();
  await host.pass(15_000);
  assert.equal(net.sockets[0].readyState, 3);
  await host.pass(500);
  assert.equal(net.sockets.length, 2);
});

test('Closed at once, it never connects', async () => {
  const net = fakeSockets();
  const socket = new ReconnectingWebSocket('ws://localhost/ws/lobby', [], {}, new FakeHost(net));
  socket.close();
  await settle();
  assert.equal(net.sockets.length, 0);
});
