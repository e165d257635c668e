import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { fromBase64, toBase64 } from '../src/base/bytes.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';
import { ServerProcess } from './support/server-process.js';

// No UTF-8, a line feed among them.
const payload = Uint8Array.of(255, 10, 0, 195, 40);
const data64 = '/woAwyg=';

async function start(options, protocol) {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', options, new FakeHost(net));
  tidings.connect();
  await settle();
  net.last.protocol = protocol;
  net.last.open();
  net.last.receive(connectedFrame());
  await settle();
  return { tidings, socket: net.last };
}

test('Base64 and back, of any length', () => {
  for (const length of [0, 1, 2, 3, 4, 1_000, 200_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 37);
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
  }
});

test('Whoever asked, and was answered, says bytes in a binary frame', async () => {
  const { tidings, socket } = await start({ binary: true }, 'tidings.v1+binary');
  assert.deepEqual(socket.protocols, ['tidings.v1+binary', 'tidings.v1']);
  assert.equal(socket.binaryType, 'arraybuffer');
  void tidings.publish('a', payload, { event: 'e', ephemeral: true });
  void tidings.publish('a', { data64 }, { ephemeral: true });
  const [bytes, json] = socket.sent;
  const end = bytes.indexOf(10);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), { type: 'publish', channel: 'a', event: 'e', ephemeral: true, id: 1 });
  assert.deepEqual(bytes.slice(end + 1), payload);
  assert.deepEqual(json, { type: 'publish', channel: 'a', data: { data64 }, ephemeral: true, id: 2 });
});

for (const [options, protocol, offered] of [[{ binary: true }, 'tidings.v1', ['tidings.v1+binary', 'tidings.v1']], [{}, '', undefined]]) {
  test(`Otherwise as base64 (${JSON.stringify(options)})`, async () => {
    const { tidings, socket } = await start(options, protocol);
    assert.deepEqual(socket.protocols, offered);
    for (const bytes of [payload, payload.buffer, new DataView(payload.buffer), Uint8Array.of(9, ...payload, 9).subarray(1, 6)]) void tidings.publish('a', bytes, { ephemeral: true });
    assert.deepEqual(socket.sent.map((command) => [command.data64, 'data' in command]), Array(4).fill([data64, false]));
  });
}

test('A message has its bytes whichever way they came, and nothing but a frame of ours is one', async () => {
  const { tidings, socket } = await start({ binary: true }, 'tidings.v1+binary');
  const heard = [];
  const room = tidings.subscribe('a');
  room.on('message', (message) => heard.push(message));
  await settle();
  socket.receive({ type: 'subscribed', id: socket.sent.at(-1).id, channel: 'a', epoch: 'e', offset: 0 });
  const frame = (head, bytes) => socket.onmessage({ data: Uint8Array.from([...new TextEncoder().encode(head), 10, ...bytes]).buffer });
  frame('{"type":"message","channel":"a","offset":1,"time":1}', payload);
  socket.receive({ type: 'message', channel: 'a', offset: 2, data64, time: 1 });
  frame('{"type":"message","channel":"a","offset":3,"time":1}', []);
  socket.onmessage({ data: new ArrayBuffer(3) });
  socket.onmessage({ data: new ArrayBuffer(0) });
  socket.receive({ type: 'message', channel: 'a', offset: 4, data: { data64 }, time: 1 });
  await settle();
  assert.deepEqual(heard.map(({ offset, bytes, data }) => [offset, bytes, data]), [[1, payload, undefined], [2, payload, undefined], [3, new Uint8Array(0), undefined], [4, undefined, { data64 }]]);
  assert.ok(heard.every((message) => !('data64' in message)));
});

test('Who has not asked passes binary frames over', async () => {
  const { socket } = await start({}, '');
  socket.onmessage({ data: new TextEncoder().encode('{"type":"ping"}\n').buffer });
  assert.deepEqual(socket.sent, []);
});

describe('With a server', () => {
  let server;
  before(async () => {
    server = await ServerProcess.start('--demo', 'Tidings__Channels__0__Pattern=board:*', 'Tidings__Channels__0__Publish=anyone', 'Tidings__Channels__0__State=true',
      'Tidings__Channels__1__Pattern=chat:*', 'Tidings__Channels__1__Publish=anyone');
  });
  after(() => server.stop());

  const client = (options) => new Tidings(`ws://127.0.0.1:${server.port}/connect`, { WebSocket, ...options });

  test('Every transport says and hears the very bytes', async () => {
    const clients = [client({ binary: true }), client({}), client({ transports: ['sse'] }), client({ transports: ['polling'] })];
    const heard = clients.map(() => []);
    const rooms = clients.map((one, i) => {
      const room = one.subscribe('chat:a');
      room.on('message', ({ bytes, own }) => heard[i].push(`${[...bytes]}${own ? ' own' : ''}`));
      return room;
    });
    await Promise.all(rooms.map((room) => new Promise((resolve) => room.on('subscribed', resolve))));
    for (const [i, room] of rooms.entries()) await room.publish(Uint8Array.of(i, ...payload));
    const deadline = Date.now() + 10_000;
    while (heard.some((list) => list.length < 4) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const [i, list] of heard.entries()) assert.deepEqual(list, clients.map((_, n) => `${n},${[...payload]}${n === i ? ' own' : ''}`));
    for (const room of rooms) {
      const { messages } = await room.history({ last: 1 });
      assert.deepEqual(messages[0].bytes, Uint8Array.of(3, ...payload));
    }
    for (const one of clients) one.close();
  });

  test('In a map bytes are the value', async () => {
    const [writer, reader] = [client({ binary: true }), client({ binary: true })];
    await writer.map('board:1').set('a', payload);
    const map = reader.map('board:1');
    await new Promise((resolve) => map.on('ready', resolve));
    assert.deepEqual(map.get('a'), payload);
    const changed = new Promise((resolve) => map.on('change', resolve));
    await writer.publish('board:1', payload.slice(1), { key: 'a' });
    assert.deepEqual(await changed, { key: 'a', value: payload.slice(1), previous: payload });
    for (const one of [writer, reader]) one.close();
  });
});
