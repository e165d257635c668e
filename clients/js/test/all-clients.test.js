// What anybody says is heard by everybody, whatever each of them speaks; and what is closed stays closed on every way in.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import Echo from 'laravel-echo';
import PusherServer from 'pusher';
import Pusher from 'pusher-js';
import WebSocket from 'ws';
import { Tidings } from '../tidings.js';
import { transport } from './support/centrifuge-transports.js';
import { ServerProcess } from './support/server-process.js';

const program = fileURLToPath(new URL('../../../artifacts/bin/Tidings.Server/release/Tidings.Server.dll', import.meta.url));
const adminKey = 'admin-key-of-the-tests';
const rooms = { id: '1', key: 'rooms-key', secret: 'the-secret-of-the-rooms' };
const plain = { id: '2', key: 'plain-key', secret: 'the-secret-of-the-others' };
const ways = ['websocket', 'sse', 'http_stream'];

let server;
const closing = [];

before(async () => {
  server = await ServerProcess.start(
    '--centrifuge', '--pusher', Object.values(rooms).join(':'), '--pusher', Object.values(plain).join(':'), 'Tidings__Pusher__Apps__0__Prefix=room:',
    'Tidings__Channels__0__Pattern=room:*', 'Tidings__Channels__0__Publish=anyone', 'Tidings__Channels__1__Pattern=proven-*', 'Tidings__Channels__1__Subscribe=server');
});

after(async () => {
  for (const close of closing.splice(0)) close();
  await server.stop();

  // A timer of pusher-js outlives its client.
  setTimeout(() => process.exit(), 1000).unref();
});

const http = (path) => `http://127.0.0.1:${server.port}${path}`;
const ws = (path) => `ws://127.0.0.1:${server.port}${path}`;
const library = ({ id, key, secret }) => new PusherServer({ appId: id, key, secret, host: '127.0.0.1', port: String(server.port), useTLS: false });

function pusher({ key }) {
  const client = new Pusher(key, { cluster: 'x', wsHost: '127.0.0.1', wsPort: server.port, forceTLS: false, enabledTransports: ['ws'], disableStats: true });
  closing.push(() => client.disconnect());
  return client;
}

async function centrifuge(kind) {
  const way = transport(kind, server.port);
  const client = new Centrifuge(way.endpoint, way.options);
  closing.push(() => client.disconnect());
  client.connect();
  await client.ready(10_000);
  return client;
}

function ours() {
  const client = new Tidings(ws('/connect'), { WebSocket, transports: ['websocket'] });
  closing.push(() => client.close());
  return client;
}

async function socket(path) {
  const opened = new WebSocket(ws(path));
  closing.push(() => opened.terminate());
  await new Promise((resolve, reject) => {
    opened.once('open', resolve);
    opened.once('error', reject);
  });
  return opened;
}

/** The messages of an event stream. */
async function eventSource(channel, heard) {
  const abort = new AbortController();
  closing.push(() => abort.abort());
  const response = await fetch(http(`/connect?channel=${encodeURIComponent(channel)}`), { headers: { accept: 'text/event-stream' }, signal: abort.signal });
  assert.equal(response.status, 200);
  (async () => {
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const message = JSON.parse(/^data: (.*)$/m.exec(text.slice(0, end))?.[1] ?? '{}');
        if (message.type === 'message') heard(message.data);
      }
    }
  })().catch(() => {});
}

/** Everybody who hears the room `table`, each with what it has heard. */
async function receivers() {
  const table = Object.fromEntries(['pusher-js', 'Echo', ...ways, 'our client', 'EventSource', 'text room'].map((name) => [name, []]));
  const add = (name) => (data) => table[name].push(data);
  const channel = pusher(rooms).subscribe('table');
  channel.bind('message', add('pusher-js'));
  const pusherIsIn = new Promise((resolve) => channel.bind('pusher:subscription_succeeded', resolve));
  const echo = new Echo({ broadcaster: 'pusher', key: rooms.key, client: pusher(rooms) }).channel('table').listen('.message', add('Echo'));
  const echoIsIn = new Promise((resolve) => echo.subscribed(resolve));
  for (const kind of ways) {
    const subscription = (await centrifuge(kind)).newSubscription('room:table');
    subscription.on('publication', ({ data }) => add(kind)(data));
    subscription.subscribe();
    await subscription.ready(10_000);
  }
  const own = ours().subscribe('room:table');
  own.on('message', ({ data }) => add('our client')(data));
  await Promise.all([
    pusherIsIn, echoIsIn, new Promise((resolve) => own.on('subscribed', resolve)), eventSource('room:table', add('EventSource')),
  ]);
  (await socket('/ws/table')).on('message', (text) => add('text room')(/^\[table\] (.*)$/.exec(String(text))?.[1] ?? null));
  return table;
}

async function publishers() {
  const client = await centrifuge('websocket');
  const native = ours();
  const room = await socket('/ws/table');
  return {
    'Pusher HTTP API': (text) => library(rooms).trigger('table', 'message', text),
    'Centrifuge client': (text) => client.publish('room:table', text),
    'tidings publish': (text) => promisify(execFile)('dotnet', [program, 'publish', 'room:table', text, '--url', http('/'), '--api-key', adminKey]),
    'POST /api/publish': (text) => server.publish('room:table', text),
    'a native client': (text) => native.publish('room:table', text),
    'a client of the text room': (text) => room.send(text),
  };
}

test('six publishers, eight receivers: all hear all', async () => {
  const table = await receivers();
  const all = await publishers();
  const said = Object.keys(all).map((name) => `from ${name}`);
  for (const [name, publish] of Object.entries(all)) await publish(`from ${name}`);
  for (let i = 0; i < 500 && Object.values(table).some((heard) => heard.filter((data) => said.includes(data)).length < said.length); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const [receiver, heard] of Object.entries(table)) assert.deepEqual(heard.filter((data) => data !== null).sort(), said.toSorted(), receiver);
});

test('what needs the proof of one protocol is closed on the ways in of all others', async () => {
  for (const channel of ['private-mine', 'presence-room', 'proven-news']) {
    const client = pusher(plain);
    const refused = new Promise((resolve) => client.subscribe(channel).bind('pusher:subscription_error', resolve));
    if (channel === 'proven-news') assert.ok((await refused).status >= 401, channel);
    for (const kind of ways) {
      const centrifugal = await centrifuge(kind);
      const subscription = centrifugal.newSubscription(channel);
      const gone = new Promise((resolve) => subscription.on('unsubscribed', resolve));
      subscription.subscribe();
      assert.equal((await gone).code, 103, `${channel} by ${kind}`);
      for (const way of [() => centrifugal.publish(channel, 1), () => centrifugal.history(channel, { limit: 1 }), () => centrifugal.presence(channel)]) await assert.rejects(way, { code: 103 });
    }
    const native = ours().subscribe(channel);
    assert.equal(await new Promise((resolve) => native.on('unsubscribed', ({ code }) => resolve(code))), 'not_allowed');
    assert.equal((await fetch(http(`/connect?channel=${channel}`), { headers: { accept: 'text/event-stream' } })).status, 401);
    assert.equal((await fetch(http(`/connect?channel=${channel}&wait=0`))).status, 401);
    for (const type of ['publish', 'history', 'presence']) {
      const answer = await fetch(http('/connect'), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ type, channel, ...(type === 'publish' && { data: 1 }) }) });
      assert.equal((await answer.json()).code, 'not_allowed', `${type} ${channel}`);
    }
    for (const [path, body] of [['/api/publish', { channel, data: 1 }], ['/centrifugo/api/publish', { channel, data: 1 }], ['/apps/2/events', { name: 'x', data: 'x', channel }]]) {
      assert.equal((await fetch(http(path), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).status, 401, path);
    }
  }
});
