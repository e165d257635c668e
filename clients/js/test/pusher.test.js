// pusher-js, Laravel Echo and Pusher's server library, unchanged, against a server of ours.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Echo from 'laravel-echo';
import PusherServer from 'pusher';
import Pusher from 'pusher-js';
import { Tidings } from '../tidings.js';
import WebSocket from 'ws';
import { ServerProcess } from './support/server-process.js';

const app = { id: '1', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
const other = { id: '2', key: 'another-key', secret: 'another-secret-of-the-tests' };

let server;
let auth;
let backEnd;
const opened = [];

before(async () => {
  server = await ServerProcess.start(
    '--pusher', `${app.id}:${app.key}:${app.secret}`, '--pusher', `${other.id}:${other.key}:${other.secret}`, 'Tidings__Pusher__Apps__1__Prefix=other:');
  backEnd = new PusherServer({ appId: app.id, key: app.key, secret: app.secret, host: '127.0.0.1', port: String(server.port), useTLS: false });
  auth = await application();
});

afterEach(() => {
  for (const client of opened.splice(0)) client.disconnect();
});

after(async () => {
  auth.close();
  auth.closeAllConnections();
  await server.stop();

  // A timer of pusher-js outlives its client.
  setTimeout(() => process.exit(), 1000).unref();
});

/** The application's own routes, which sign what its pages ask for. */
async function application() {
  const routes = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const form = new URLSearchParams(body);
    const user = new URL(request.url, 'http://x').searchParams.get('user') ?? '7';
    const answer = request.url.startsWith('/user')
      ? backEnd.authenticateUser(form.get('socket_id'), { id: user })
      : form.get('channel_name') === 'private-forbidden' ? null
        : backEnd.authorizeChannel(form.get('socket_id'), form.get('channel_name'), form.get('channel_name').startsWith('presence-') ? { user_id: user, user_info: { name: `User ${user}` } } : undefined);
    response.writeHead(answer ? 200 : 403, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });
  await new Promise((resolve) => routes.listen(0, '127.0.0.1', resolve));
  return routes;
}

function options(user = '7') {
  const url = (path) => `http://127.0.0.1:${auth.address().port}/${path}?user=${user}`;
  return {
    cluster: 'x', wsHost: '127.0.0.1', wsPort: server.port, forceTLS: false, enabledTransports: ['ws'], disableStats: true,
    channelAuthorization: { endpoint: url('channel') }, userAuthentication: { endpoint: url('user') },
  };
}

async function connect(user, key = app.key) {
  const client = new Pusher(key, options(user));
  opened.push(client);
  await new Promise((resolve, reject) => {
    client.connection.bind('connected', resolve);
    client.connection.bind('failed', reject);
  });
  return client;
}

/** The next event of a name. */
const next = (emitter, name) => new Promise((resolve, reject) => {
  const limit = setTimeout(() => reject(new Error(`${name} did not come`)), 10_000);
  emitter.bind(name, function take(data, metadata) {
    clearTimeout(limit);
    emitter.unbind(name, take);
    resolve(metadata?.user_id === undefined ? data : { data, ...metadata });
  });
});

async function subscribe(client, name) {
  const channel = client.subscribe(name);
  const came = next(channel, 'pusher:subscription_succeeded');
  return [channel, await came];
}

test('a client connects, subscribes and hears what the server library publishes', async () => {
  const client = await connect();
  assert.match(client.connection.socket_id, /^\d+\.\d+$/);
  const [channel] = await subscribe(client, 'news');
  const heard = next(channel, 'ev');
  await backEnd.trigger('news', 'ev', { a: 1 });
  assert.deepEqual(await heard, { a: 1 });
});

test('the connection that published does not hear it, the others do', async () => {
  const [first, second] = [await connect(), await connect()];
  const [a] = await subscribe(first, 'orders');
  const [b] = await subscribe(second, 'orders');
  let own = 0;
  a.bind('created', () => own++);
  const heard = next(b, 'created');
  await backEnd.trigger('orders', 'created', { n: 1 }, { socket_id: first.connection.socket_id });
  assert.deepEqual(await heard, { n: 1 });
  const last = next(a, 'end');
  await backEnd.triggerBatch([{ channel: 'orders', name: 'end', data: 'x' }]);
  await last;
  assert.equal(own, 0);
});

test('a private channel needs the signature of the application', async () => {
  const client = await connect();
  await subscribe(client, 'private-mine');
  const refused = next(client.subscribe('private-forbidden'), 'pusher:subscription_error');
  assert.equal((await refused).status, 403);

  // Without the application, on the wire.
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/app/${app.key}?protocol=7`);
  const frames = [];
  socket.on('message', (data) => frames.push(JSON.parse(data)));
  await new Promise((resolve) => socket.once('message', resolve));
  const id = JSON.parse(frames[0].data).socket_id;
  const sign = (secret, text) => createHmac('sha256', secret).update(text).digest('hex');
  const good = sign(app.secret, `${id}:private-x`);
  const attempts = ['', undefined, good, `${other.key}:${good}`, `${app.key}:${good.slice(1)}0`, `${app.key}:${sign(other.secret, `${id}:private-x`)}`, `${app.key}:${sign(app.secret, '1.1:private-x')}`, `${app.key}:${good.toUpperCase()}x`, `${app.key}:${good}`];
  for (const proof of attempts) socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'private-x', auth: proof } }));
  while (frames.length < attempts.length + 1) await new Promise((resolve) => socket.once('message', resolve));
  assert.deepEqual(frames.slice(1).map((frame) => frame.event), [...Array(attempts.length - 1).fill('pusher:subscription_error'), 'pusher_internal:subscription_succeeded']);
  assert.equal(frames[1].data.status, 401);
  socket.close();
});

test('presence tells who is there, and who comes', async () => {
  const [ann, bob] = [await connect('7'), await connect('8')];
  const [room, members] = await subscribe(ann, 'presence-room');
  assert.deepEqual([members.count, members.me], [1, { id: '7', info: { name: 'User 7' } }]);
  const came = next(room, 'pusher:member_added');
  const [, both] = await subscribe(bob, 'presence-room');
  assert.deepEqual(both.members, { 7: { name: 'User 7' }, 8: { name: 'User 8' } });
  assert.deepEqual(await came, { id: '8', info: { name: 'User 8' } });
  assert.deepEqual(await (await backEnd.get({ path: '/channels/presence-room/users' })).json(), { users: [{ id: '7' }, { id: '8' }] });
  assert.deepEqual(await (await backEnd.get({ path: '/channels/presence-room', params: { info: 'user_count,subscription_count' } })).json(), { occupied: true, user_count: 2, subscription_count: 2 });
  const went = next(room, 'pusher:member_removed');
  bob.unsubscribe('presence-room');
  assert.equal((await went).id, '8');
});

test('events of clients reach the others of a private or presence channel, with the user of the latter', async () => {
  const [ann, bob] = [await connect('7'), await connect('8')];
  const [said] = await subscribe(ann, 'presence-talk');
  const [heardIn] = await subscribe(bob, 'presence-talk');
  let own = 0;
  said.bind('client-typing', () => own++);
  const heard = next(heardIn, 'client-typing');
  assert.ok(said.trigger('client-typing', { on: true }));
  assert.deepEqual(await heard, { data: { on: true }, user_id: '7' });

  // To a channel that it is not in, or a public one, nothing gets out.
  const [news] = await subscribe(bob, 'news');
  news.bind('client-typing', () => assert.fail('a public channel takes no events of clients'));
  const refused = next(ann.connection, 'error');
  ann.send_event('client-typing', {}, 'news');
  assert.match(JSON.stringify(await refused), /private and presence/);
  const alsoRefused = next(ann.connection, 'error');
  ann.send_event('client-typing', {}, 'private-elsewhere');
  assert.match(JSON.stringify(await alsoRefused), /4009/);
  assert.equal(own, 0);
});

test('a cache channel tells its newest event, or that there is none', async () => {
  const client = await connect();
  const name = 'cache-scores';
  const missed = next(client.subscribe(name), 'pusher:cache_miss');
  await missed;
  const heard = next(client.channel(name), 'goal');
  await backEnd.trigger(name, 'goal', { n: 1 });
  await heard;
  const late = await connect();
  assert.deepEqual(await next(late.subscribe(name), 'goal'), { n: 1 });
});

test('a user signs in, and hears what is sent to the user', async () => {
  const client = await connect('7');
  const heard = next(client.user, 'hello');
  client.signin();
  await client.user.signinDonePromise;
  assert.equal(client.user.user_data.id, '7');
  const limit = Date.now() + 5000;
  while (!client.user.serverToUserChannel?.subscribed && Date.now() < limit) await delay(10);
  await backEnd.sendToUser('7', 'hello', { n: 1 });
  assert.deepEqual(await heard, { n: 1 });
  const ended = next(client.connection, 'disconnected');
  await backEnd.terminateUserConnections('7');
  await ended;
});

test('Laravel Echo listens, whispers and sees who is here', async () => {
  const make = (user) => {
    const echo = new Echo({ broadcaster: 'pusher', key: app.key, client: new Pusher(app.key, options(user)) });
    opened.push(echo);
    return echo;
  };
  const [ann, bob] = [make('7'), make('8')];
  const here = await new Promise((resolve) => ann.join('echo').here(resolve));
  assert.deepEqual(here, [{ name: 'User 7' }]);
  const joined = new Promise((resolve) => ann.join('echo').joining(resolve));
  await new Promise((resolve) => bob.join('echo').here(resolve));
  assert.deepEqual(await joined, { name: 'User 8' });
  const whispered = new Promise((resolve) => bob.join('echo').listenForWhisper('typing', resolve));
  ann.join('echo').whisper('typing', { on: true });
  assert.deepEqual(await whispered, { on: true });
  const shipped = new Promise((resolve) => ann.private('orders').listen('OrderShipped', resolve));
  await new Promise((resolve) => ann.private('orders').subscribed(resolve));
  await backEnd.trigger('private-orders', 'App\\Events\\OrderShipped', { id: 1 });
  assert.deepEqual(await shipped, { id: 1 });
});

test('clients of ours and of Pusher share a channel, and what is private stays so', async () => {
  const pusher = await connect();
  const [channel] = await subscribe(pusher, 'shared');
  const ours = new Tidings(`ws://127.0.0.1:${server.port}/connect`, { WebSocket, transports: ['websocket'] });
  opened.push({ disconnect: () => ours.close() });
  const heard = [];
  const shared = ours.subscribe('shared');
  shared.on('message', (message) => heard.push([message.offset, message.event, message.data]));
  await new Promise((resolve) => shared.on('subscribed', resolve));
  const fromApi = next(channel, 'message');
  await server.publish('shared', { n: 1 });
  assert.deepEqual(await fromApi, { n: 1 });
  const second = next(channel, 'ev');
  await backEnd.trigger('shared', 'ev', { n: 2 });
  await second;
  const limit = Date.now() + 5000;
  while (heard.length < 2 && Date.now() < limit) await delay(10);
  assert.deepEqual(heard, [[1, undefined, { n: 1 }], [2, 'ev', '{"n":2}']]);

  // On every way in that has no proof.
  for (const name of ['private-mine', 'presence-room', 'private-encrypted-x', 'private-cache-x']) {
    const closed = ours.subscribe(name);
    assert.equal(await new Promise((resolve) => closed.on('unsubscribed', ({ code }) => resolve(code))), 'not_allowed');
    for (const command of ['publish', 'history', 'presence']) {
      const answer = await (await server.get('/connect', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ type: command, channel: name, ...(command === 'publish' && { data: 1 }) }) })).json();
      assert.equal(answer.code, 'not_allowed', `${command} ${name}`);
    }
    assert.equal((await server.get(`/connect?channel=${name}&wait=0`)).status, 401);
    assert.equal((await server.get(`/connect?channel=${name}`, { headers: { accept: 'text/event-stream' } })).status, 401);
  }
});

test('applications are worlds of their own', async () => {
  const [one, two] = [await connect('7'), await connect('7', other.key)];
  const [a] = await subscribe(one, 'same-name');
  const [b] = await subscribe(two, 'same-name');
  b.bind('ev', () => assert.fail('another application was heard'));
  const heard = next(a, 'ev');
  await backEnd.trigger('same-name', 'ev', 1);
  await heard;
  const end = next(b, 'end');
  await new PusherServer({ appId: other.id, key: other.key, secret: other.secret, host: '127.0.0.1', port: String(server.port) }).trigger('same-name', 'end', 2);
  assert.equal(await end, 2);
});

test('a client without a known key, or of another version, is told once and stays away', async () => {
  for (const [path, code] of [['nobody?protocol=7', 4001], [`${app.key}?protocol=9`, 4007], [app.key, 4008]]) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/app/${path}`);
    assert.equal(await new Promise((resolve) => socket.on('close', resolve)), code);
  }
});

test('the HTTP API wants the signature over everything', async () => {
  const body = JSON.stringify({ name: 'ev', data: '{}', channels: ['news'] });
  const url = (change = {}, drop = []) => {
    const query = { auth_key: app.key, auth_timestamp: String(Math.floor(Date.now() / 1000)), auth_version: '1.0', body_md5: md5(body), ...change };
    for (const name of drop) delete query[name];
    const text = Object.keys(query).sort().map((key) => `${key}=${query[key]}`).join('&');
    const signature = createHmac('sha256', app.secret).update(`POST\n/apps/1/events\n${text}`).digest('hex');
    return `/apps/1/events?${text}&auth_signature=${signature}`;
  };
  const post = async (path, text = body) => (await server.get(path, { method: 'POST', body: text, headers: { 'content-type': 'application/json' } })).status;
  assert.equal(await post(url()), 200);
  assert.equal(await post(url(), body.replace('ev', 'ex')), 401);
  assert.equal(await post(url({}, ['body_md5'])), 401);
  assert.equal(await post(url({ auth_timestamp: String(Math.floor(Date.now() / 1000) - 601) })), 401);
  assert.equal(await post(url({ auth_key: other.key })), 401);
  assert.equal(await post(url({ auth_version: '2.0' })), 401);
  assert.equal(await post(`${url()}&auth_key=${app.key}`), 401);
  assert.equal(await post(url().replace(/.$/, (c) => (c === '0' ? '1' : '0'))), 401);
  assert.equal(await post(url().replace('/apps/1/', '/apps/2/')), 401);
  assert.equal(await post(url().replace('auth_signature', 'auth_signatur')), 401);
});

const md5 = (text) => createHash('md5').update(text).digest('hex');
