// Webhooks of Pusher's protocol, told by a server of ours and checked by Pusher's own server library.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import PusherServer from 'pusher';
import Pusher from 'pusher-js';
import { ServerProcess } from './support/server-process.js';

const app = { id: '1', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
const other = { id: '2', key: 'another-key', secret: 'another-secret-of-the-tests' };

let server;
let backEnd;
let routes;
const requests = { own: [], others: [], vacated: [] };

before(async () => {
  routes = createServer(serve);
  await new Promise((resolve) => routes.listen(0, '127.0.0.1', resolve));
  const url = (path) => `http://127.0.0.1:${routes.address().port}/${path}`;
  server = await ServerProcess.start(
    '--pusher', `${app.id}:${app.key}:${app.secret}`, '--pusher', `${other.id}:${other.key}:${other.secret}`, 'Tidings__Pusher__Apps__1__Prefix=other:',
    `Tidings__Pusher__Apps__0__Webhooks__0__Url=${url('own')}`, `Tidings__Pusher__Apps__1__Webhooks__0__Url=${url('others')}`,
    `Tidings__Pusher__Apps__0__Webhooks__1__Url=${url('vacated')}`, 'Tidings__Pusher__Apps__0__Webhooks__1__Types__0=channel_vacated');
  backEnd = new PusherServer({ appId: app.id, key: app.key, secret: app.secret, host: '127.0.0.1', port: String(server.port), useTLS: false });
});

after(async () => {
  routes.close();
  routes.closeAllConnections();
  await server.stop();

  // A timer of pusher-js outlives its client.
  setTimeout(() => process.exit(), 1000).unref();
});

/** The application: it signs channels, and takes webhooks. */
async function serve(request, response) {
  let body = '';
  for await (const part of request) body += part;
  const list = requests[request.url.slice(1)];
  if (list) {
    list.push({ rawBody: body, headers: request.headers });
    response.writeHead(200).end();
    return;
  }
  const form = new URLSearchParams(body);
  const member = form.get('channel_name').startsWith('presence-') ? { user_id: '7', user_info: { name: 'Ann' } } : undefined;
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(backEnd.authorizeChannel(form.get('socket_id'), form.get('channel_name'), member)));
}

async function connect() {
  const client = new Pusher(app.key, {
    cluster: 'x', wsHost: '127.0.0.1', wsPort: server.port, forceTLS: false, enabledTransports: ['ws'], disableStats: true,
    channelAuthorization: { endpoint: `http://127.0.0.1:${routes.address().port}/auth` },
  });
  await new Promise((resolve) => { client.connection.bind('connected', resolve); });
  return client;
}

async function subscribe(client, name) {
  const channel = client.subscribe(name);
  await new Promise((resolve) => { channel.bind('pusher:subscription_succeeded', resolve); });
  return channel;
}

/** What the library reads of all that came, once there are so many events. */
async function events(list, count) {
  const limit = Date.now() + 15_000;
  const read = () => list.flatMap((request) => backEnd.webhook(request).getEvents());
  while (read().length < count) {
    assert.ok(Date.now() < limit, `${count} events were expected; there are ${JSON.stringify(read())}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  return read();
}

test('a visit is told as the protocol has it, and the library believes it', async () => {
  const client = await connect();
  const socket = client.connection.socket_id;
  await subscribe(client, 'news');
  const room = await subscribe(client, 'presence-room');
  room.trigger('client-typing', { on: true });
  const chat = await subscribe(client, 'private-chat');
  chat.trigger('client-said', 'hello');
  await subscribe(client, 'cache-empty');
  const told = await events(requests.own, 8);
  assert.deepEqual(told.map(({ name, channel }) => `${name} ${channel}`).sort(), [
    'cache_miss cache-empty', 'channel_occupied cache-empty', 'channel_occupied news', 'channel_occupied presence-room', 'channel_occupied private-chat',
    'client_event presence-room', 'client_event private-chat', 'member_added presence-room',
  ]);
  const of = (name, channel) => told.find((one) => one.name === name && one.channel === channel);
  assert.deepEqual(of('member_added', 'presence-room'), { name: 'member_added', channel: 'presence-room', user_id: '7' });
  assert.deepEqual(of('client_event', 'presence-room'), { name: 'client_event', channel: 'presence-room', event: 'client-typing', data: '{"on":true}', socket_id: socket, user_id: '7' });
  assert.deepEqual(of('client_event', 'private-chat'), { name: 'client_event', channel: 'private-chat', event: 'client-said', data: 'hello', socket_id: socket });

  // What others publish is no event of a client, and what is told to one application is told to no other.
  await backEnd.trigger('news', 'paid', { id: 7 });
  client.disconnect();
  const all = await events(requests.own, 13);
  assert.deepEqual(all.slice(8).map(({ name, channel, user_id: user }) => `${name} ${channel} ${user ?? ''}`.trim()).sort(), [
    'channel_vacated cache-empty', 'channel_vacated news', 'channel_vacated presence-room', 'channel_vacated private-chat', 'member_removed presence-room 7',
  ]);
  assert.deepEqual((await events(requests.vacated, 4)).map(({ name }) => name), Array(4).fill('channel_vacated'));
  assert.equal(requests.others.length, 0);
  for (const request of requests.own) {
    const webhook = backEnd.webhook(request);
    assert.ok(webhook.isValid());
    assert.ok(Math.abs(Date.now() - webhook.getTime().getTime()) < 60_000);
    assert.ok(!backEnd.webhook({ ...request, rawBody: request.rawBody.replace('"time_ms":1', '"time_ms":2') }).isValid());
  }
});
