// centrifuge-js, unchanged, against a server of ours.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { Centrifuge, UnauthorizedError } from 'centrifuge';
import { Centrifuge as CentrifugeProtobuf } from 'centrifuge/build/protobuf';
import { Tidings } from '../tidings.js';
import { transport } from './support/centrifuge-transports.js';
import { ServerProcess } from './support/server-process.js';

const secret = 'a-secret-of-the-tests';

let server;
const opened = [];

before(async () => {
  server = await ServerProcess.start(
    '--centrifuge', `Tidings__Centrifuge__Secret=${secret}`,
    'Tidings__Channels__0__Pattern=team:*', 'Tidings__Channels__0__Presence=true', 'Tidings__Channels__0__Publish=anyone', 'Tidings__Channels__0__Publisher=true',
    'Tidings__Channels__1__Pattern=chat:*', 'Tidings__Channels__1__Publish=anyone', 'Tidings__Channels__1__History=1000',
    'Tidings__Channels__2__Pattern=closed:*', 'Tidings__Channels__2__Subscribe=server');
});

afterEach(() => {
  for (const client of opened.splice(0)) client.disconnect();
});

after(() => server.stop());

/** A token as a back end signs it. */
function token(claims) {
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A client that is not connected yet, and what cuts it as a network would. */
function make(options = {}, kind = 'websocket') {
  const way = transport(kind, server.port);
  const client = new Centrifuge(way.endpoint, { ...way.options, minReconnectDelay: 10, maxReconnectDelay: 200, timeout: 10_000, ...options });
  opened.push(client);
  return [client, way.cut];
}

async function connect(options = {}, kind = 'websocket') {
  const [client] = make(options, kind);
  client.connect();
  await client.ready(10_000);
  return client;
}

/** The next event of a name. */
const next = (emitter, name) => new Promise((resolve, reject) => {
  const limit = setTimeout(() => reject(new Error(`${name} did not come`)), 10_000);
  emitter.once(name, (event) => {
    clearTimeout(limit);
    resolve(event);
  });
});

async function subscribe(client, channel, options) {
  const subscription = client.newSubscription(channel, options);
  subscription.subscribe();
  await subscription.ready(10_000);
  return subscription;
}

/** What a subscription hears, from now on. */
function heard(subscription) {
  const all = [];
  subscription.on('publication', ({ data }) => all.push(data));
  return async (count) => {
    for (let i = 0; all.length < count && i < 1000; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    return all;
  };
}

const rows = (step) => Array.from({ length: 60 }, (_, id) => ({ id, name: `Zeile ${id} 中文`, price: id === step % 60 ? step : 1 }));

for (const [kind, Client] of [['websocket', Centrifuge], ['sse', Centrifuge], ['http_stream', Centrifuge], ['websocket', CentrifugeProtobuf]]) {
  test(`publications come as changes by ${kind}${Client === Centrifuge ? '' : ' in Protobuf'}, also after cuts and what was kept from one`, async () => {
    const way = transport(kind, server.port);
    const endpoint = Client === Centrifuge ? way.endpoint : `${way.endpoint}?cf_protocol=protobuf`;
    const client = new Client(endpoint, { ...way.options, minReconnectDelay: 10, maxReconnectDelay: 200, timeout: 10_000 });
    opened.push(client);
    client.connect();
    await client.ready(10_000);
    const channel = `chat:delta-${kind}-${Client === Centrifuge}`;
    await server.publish(channel, rows(0));
    const subscription = await subscribe(client, channel, { delta: 'fossil' });
    const all = [];
    const read = Client === Centrifuge ? (data) => data : (data) => JSON.parse(new TextDecoder().decode(data));
    subscription.on('publication', ({ data }) => all.push(JSON.stringify(read(data))));
    const wanted = [];
    for (let step = 1; step <= 60; step++) {
      const data = step % 20 === 7 ? `text ${step} ü` : rows(step);
      wanted.push(JSON.stringify(data));
      await server.publish(channel, data);
      if (step % 25 === 12) way.cut();
      if (step === 30) {
        const { ok } = await server.get('/api/publish', { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer admin-key-of-the-tests' }, body: JSON.stringify({ channel, data: 'not for it', except: client._client }) });
        assert.ok(ok);
      }
    }
    for (let i = 0; all.filter((data) => data !== '"not for it"').length < wanted.length && i < 1000; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(all.filter((data) => data !== '"not for it"'), wanted);
  });
}

test('a change is a small part of what it changes, and those who want none of it get the whole', async () => {
  const { WebSocket } = await import('ws');
  const sizes = { delta: [], whole: [] };
  for (const [way, sizesOfIt] of Object.entries(sizes)) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/connection/websocket`);
    opened.push({ disconnect: () => socket.terminate() });
    await new Promise((resolve) => socket.once('open', resolve));
    const subscribed = new Promise((resolve) => socket.on('message', (text) => {
      for (const line of String(text).split('\n')) {
        const reply = JSON.parse(line);
        if (reply.id === 2) resolve(reply.subscribe);
        if (reply.push?.pub) sizesOfIt.push([line.length, reply.push.pub.delta === true]);
      }
    }));
    socket.send('{"id":1,"connect":{}}\n' + JSON.stringify({ id: 2, subscribe: { channel: 'chat:sizes', ...(way === 'delta' && { delta: 'fossil' }) } }));
    assert.equal((await subscribed).delta, way === 'delta' ? true : undefined);
  }
  for (let step = 1; step <= 5; step++) await server.publish('chat:sizes', rows(step));
  for (let i = 0; sizes.delta.length + sizes.whole.length < 10 && i < 1000; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(sizes.delta.map(([, isChange]) => isChange), [false, true, true, true, true]);
  assert.ok(sizes.whole.every(([, isChange]) => !isChange));
  for (const [size] of sizes.delta.slice(1)) assert.ok(size * 10 < sizes.whole[0][0], `${size} of ${sizes.whole[0][0]}`);
});

for (const kind of ['websocket', 'sse', 'http_stream']) {
  test(`a client connects, subscribes, publishes and hears what others say by ${kind}`, async () => {
    const client = await connect({ token: token({ sub: 'ann' }) }, kind);
    const subscription = await subscribe(client, `team:${kind}`);
    const own = next(subscription, 'publication');
    await subscription.publish({ hi: 1 });
    const publication = await own;
    assert.deepEqual([publication.data, publication.offset, publication.info.user], [{ hi: 1 }, 1, 'ann']);
    const other = next(subscription, 'publication');
    await server.publish(`team:${kind}`, { hi: 2 });
    assert.deepEqual((await other).data, { hi: 2 });
    assert.equal((await subscription.presenceStats()).numClients, 1);
    await assert.rejects(client.publish('closed:a', 1), { code: 103 });
    subscription.unsubscribe();
    subscription.subscribe();
    await subscription.ready(10_000);
  });

  test(`nothing is lost, doubled or out of order over cuts of ${kind}`, async () => {
    const [client, cut] = make({}, kind);
    client.connect();
    await client.ready(10_000);
    const subscription = await subscribe(client, `chat:cut-${kind}`);
    const wait = heard(subscription);
    let recovered = 0;
    subscription.on('subscribed', (event) => { recovered += event.recovered ? 1 : 0; });
    for (let i = 0; i < 200; i++) {
      await server.publish(`chat:cut-${kind}`, i);
      if (i % 50 === 25) cut();
    }
    assert.deepEqual(await wait(200), Array.from({ length: 200 }, (_, i) => i));
    assert.ok(recovered >= 1);
  });

  test(`who may not come by ${kind} is told for good`, async () => {
    const [client] = make({ token: 'nonsense' }, kind);
    const gone = next(client, 'disconnected');
    client.connect();
    assert.equal((await gone).code, 3500);
  });
}

test('what is gone is said to be', async () => {
  const client = await connect();
  const subscription = client.newSubscription('chat:gone', { since: { offset: 5, epoch: 'another' } });
  const subscribed = next(subscription, 'subscribed');
  subscription.subscribe();
  const { wasRecovering, recovered, streamPosition } = await subscribed;
  assert.deepEqual([wasRecovering, recovered, streamPosition.offset], [true, false, 0]);
});

test('history is read forwards, backwards and after a position', async () => {
  const client = await connect();
  const subscription = await subscribe(client, 'chat:history');
  for (let i = 1; i <= 5; i++) await server.publish('chat:history', i);
  const data = ({ publications }) => publications.map((publication) => publication.data);
  const top = await subscription.history({ limit: 0 });
  assert.deepEqual([top.offset, top.publications], [5, []]);
  assert.deepEqual(data(await subscription.history({ limit: 2 })), [1, 2]);
  assert.deepEqual(data(await subscription.history({ limit: 2, reverse: true })), [5, 4]);
  assert.deepEqual(data(await subscription.history({ limit: 10, since: { offset: 3, epoch: top.epoch } })), [4, 5]);
  await assert.rejects(subscription.history({ limit: 1, since: { offset: 1, epoch: 'another' } }), { code: 112 });
});

test('presence is of connections, with joins and leaves at once', async () => {
  const ann = await connect({ token: token({ sub: 'ann', info: { name: 'Ann' } }) });
  const there = await subscribe(ann, 'team:presence', { joinLeave: true });
  const joined = next(there, 'join');
  const bob = await connect({ token: token({ sub: 'bob' }) });
  await subscribe(bob, 'team:presence');
  assert.equal((await joined).info.user, 'bob');
  const { clients } = await there.presence();
  assert.deepEqual(Object.values(clients).map(({ user, connInfo }) => [user, connInfo?.name]).sort(), [['ann', 'Ann'], ['bob', undefined]]);
  assert.deepEqual(await there.presenceStats(), { numClients: 2, numUsers: 2 });
  const left = next(there, 'leave');
  bob.disconnect();
  assert.equal((await left).info.user, 'bob');
  assert.deepEqual(await there.presenceStats(), { numClients: 1, numUsers: 1 });
});

test('calls that nobody answers, and kinds of subscription that there are not, are refused by number', async () => {
  const client = await connect();
  await assert.rejects(client.rpc('none', {}), { code: 104 });
  await client.send({ x: 1 });
  for (const make of ['newMapSubscription', 'newMapClientsSubscription', 'newMapUsersSubscription', 'newSharedPollSubscription']) {
    const subscription = client[make](`chat:${make}`, make === 'newSharedPollSubscription' ? { getItems: async () => [] } : {});
    const gone = next(subscription, 'unsubscribed');
    if (make === 'newSharedPollSubscription') subscription.track?.([{ key: 'a', version: 0 }]);
    subscription.subscribe();
    assert.equal((await gone).code, 108, make);
  }
});

test('tokens are renewed before they end, and one that is over is replaced', async () => {
  let asked = 0;
  const client = await connect({ token: token({ sub: 'ann', exp: inSeconds(-5) }), getToken: async () => token({ sub: 'ann', exp: inSeconds(asked++ ? 600 : 3) }) });
  const own = client.newSubscription('closed:a', { getToken: async ({ channel }) => token({ sub: 'ann', channel, exp: inSeconds(3) }) });
  own.subscribe();
  await own.ready(10_000);
  const wait = heard(own);
  await new Promise((resolve) => setTimeout(resolve, 3500));
  await server.publish('closed:a', 'still here');
  assert.deepEqual(await wait(1), ['still here']);
  assert.equal(client.state, 'connected');
  assert.ok(asked >= 2);
});

test('who may not subscribe is told for good', async () => {
  const nobody = await connect();
  const closed = nobody.newSubscription('closed:a');
  const ended = next(closed, 'unsubscribed');
  closed.subscribe();
  assert.equal((await ended).code, 103);
  const unauthorized = nobody.newSubscription('closed:b', { getToken: async () => { throw new UnauthorizedError(''); } });
  const refused = next(unauthorized, 'unsubscribed');
  unauthorized.subscribe();
  await refused;
});

test('the server subscribes by the token, and those subscriptions recover', async () => {
  const [client, cut] = make({ token: token({ sub: 'ann', channels: ['closed:server'] }) });
  const all = [];
  client.on('publication', ({ channel, data }) => channel === 'closed:server' && all.push(data));
  const subscribed = next(client, 'subscribed');
  client.connect();
  await client.ready(10_000);
  await subscribed;
  await server.publish('closed:server', 1);
  cut();
  await server.publish('closed:server', 2);
  await server.publish('closed:server', 3);
  for (let i = 0; all.length < 3 && i < 1000; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(all, [1, 2, 3]);
});

test('a batch goes out in one frame and is answered whole', async () => {
  const client = await connect();
  client.startBatching();
  const answers = Promise.all([1, 2, 3].map((n) => client.publish('chat:batch', n)));
  client.stopBatching();
  await answers;
  assert.equal((await client.history('chat:batch', { limit: 10 })).publications.length, 3);
});

test('a client of ours hears it, and it hears a client of ours', async () => {
  const client = await connect();
  const subscription = await subscribe(client, 'chat:both');
  const tidings = new Tidings(`ws://127.0.0.1:${server.port}/connect`);
  const channel = tidings.subscribe('chat:both');
  await channel.ready;
  const there = next(subscription, 'publication');
  const here = new Promise((resolve) => { channel.on('message', ({ data }) => data.from === 'centrifuge' && resolve(data)); });
  await channel.publish({ from: 'tidings' });
  assert.deepEqual((await there).data, { from: 'tidings' });
  await subscription.publish({ from: 'centrifuge' });
  assert.deepEqual(await here, { from: 'centrifuge' });
  tidings.close();
});

for (const kind of ['websocket', 'http_stream']) test(`in Protobuf by ${kind} all of it is the same, and data are bytes, of JSON or others`, async () => {
  const way = transport(kind, server.port);
  const client = new CentrifugeProtobuf(way.endpoint, { ...way.options, minReconnectDelay: 10, maxReconnectDelay: 200, token: token({ sub: 'ann', info: { name: 'Ann' } }) });
  opened.push(client);
  client.connect();
  await client.ready(10_000);
  const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
  const value = (data) => JSON.parse(new TextDecoder().decode(data));
  const subscription = await subscribe(client, `team:binary-${kind}`, { joinLeave: true });
  const own = next(subscription, 'publication');
  await subscription.publish(bytes({ text: 'é' }));
  const publication = await own;
  assert.deepEqual([value(publication.data), publication.offset, publication.info.user], [{ text: 'é' }, 1, 'ann']);
  const raw = next(subscription, 'publication');
  await subscription.publish(new Uint8Array([0xff, 0]));
  assert.deepEqual([...(await raw).data], [0xff, 0]);
  await assert.rejects(client.rpc('none', bytes({})), { code: 104 });
  const joined = next(subscription, 'join');
  await subscribe(await connect({ token: token({ sub: 'bob' }) }), `team:binary-${kind}`);
  assert.equal((await joined).info.user, 'bob');
  const { clients } = await subscription.presence();
  assert.deepEqual(Object.values(clients).map(({ user, connInfo }) => [user, connInfo?.length ? value(connInfo).name : undefined]).sort(), [['ann', 'Ann'], ['bob', undefined]]);
  assert.deepEqual(await subscription.presenceStats(), { numClients: 2, numUsers: 2 });
  const { publications, offset } = await subscription.history({ limit: 10, reverse: true });
  assert.deepEqual([[...publications[0].data], value(publications[1].data), offset], [[0xff, 0], { text: 'é' }, 2]);
  const cut = await subscribe(client, `chat:binary-${kind}`);
  const all = [];
  cut.on('publication', ({ data }) => all.push(value(data)));
  for (let i = 0; i < 100; i++) {
    await server.publish(`chat:binary-${kind}`, i);
    if (i % 40 === 25) way.cut();
  }
  for (let i = 0; all.length < 100 && i < 1000; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => i));
});
