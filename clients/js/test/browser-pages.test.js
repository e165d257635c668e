// pusher-js and centrifuge-js, unchanged, each on a page in Chromium, against a server of ours.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import PusherServer from 'pusher';
import { openPage } from './support/browser.js';
import { ServerProcess } from './support/server-process.js';

const app = { id: '1', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
const scripts = { '/pusher.js': 'pusher-js/dist/web/pusher-with-encryption.js', '/centrifuge.js': 'centrifuge/dist/centrifuge.js' };

const pusherPage = (port) => `
  const pusher = new Pusher('${app.key}', {
    cluster: 'x', wsHost: '127.0.0.1', wsPort: ${port}, forceTLS: false, enabledTransports: ['ws'], disableStats: true, channelAuthorization: { endpoint: '/auth' },
  });
  const subscribe = (name) => new Promise((resolve) => {
    const channel = pusher.subscribe(name);
    channel.bind('pusher:subscription_succeeded', () => resolve(channel));
  });
  const next = (channel, name) => new Promise((resolve) => channel.bind(name, resolve));
  const [news, secret, room] = [await subscribe('news'), await subscribe('private-encrypted-plans'), await subscribe('presence-room')];
  const heard = [next(news, 'ev'), next(secret, 'ev')];
  await fetch('/trigger', { method: 'POST' });
  return [...await Promise.all(heard), room.members.count, room.members.me.id];`;

const centrifugePage = (port) => `
  const base = '//127.0.0.1:${port}';
  const heard = [];
  for (const transport of ['websocket', 'http_stream', 'sse']) {
    const client = new Centrifuge(
      [{ transport, endpoint: (transport === 'websocket' ? 'ws:' : 'http:') + base + '/connection/' + transport }], { emulationEndpoint: 'http:' + base + '/emulation' });
    client.connect();
    await client.ready(10000);
    const subscription = client.newSubscription('chat:' + transport);
    subscription.subscribe();
    await subscription.ready(10000);
    const came = new Promise((resolve) => subscription.on('publication', ({ data, offset }) => resolve([data, offset])));
    await subscription.publish({ by: transport });
    heard.push(await came);
    client.disconnect();
  }
  return heard;`;

let server;
let backEnd;
let routes;
let reported;

before(async () => {
  routes = createServer(serve);
  await new Promise((resolve) => routes.listen(0, '127.0.0.1', resolve));
  server = await ServerProcess.start(
    '--pusher', `${app.id}:${app.key}:${app.secret}`, '--centrifuge', `Tidings__Centrifuge__Secret=${app.secret}`, `Tidings__AllowedOrigins__0=http://127.0.0.1:${routes.address().port}`,
    'Tidings__Channels__0__Pattern=chat:*', 'Tidings__Channels__0__Publish=anyone');
  backEnd = new PusherServer({
    appId: app.id, key: app.key, secret: app.secret, host: '127.0.0.1', port: String(server.port), useTLS: false, encryptionMasterKeyBase64: randomBytes(32).toString('base64'),
  });
});

after(async () => {
  routes.close();
  routes.closeAllConnections();
  await server.stop();
});

/** The application: pages, the clients' scripts, signatures, and what the page has found. */
async function serve(request, response) {
  let body = '';
  for await (const part of request) body += part;
  const { pathname } = new URL(request.url, 'http://x');
  const json = (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (scripts[pathname]) {
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(fileURLToPath(new URL(`../node_modules/${scripts[pathname]}`, import.meta.url))));
  } else if (pathname === '/auth') {
    const form = new URLSearchParams(body);
    const name = form.get('channel_name');
    json(backEnd.authorizeChannel(form.get('socket_id'), name, name.startsWith('presence-') ? { user_id: '7', user_info: {} } : undefined));
  } else if (pathname === '/trigger') {
    await backEnd.trigger('news', 'ev', { open: 1 });
    await backEnd.trigger('private-encrypted-plans', 'ev', { secret: 2 });
    json({});
  } else if (pathname === '/report') {
    reported(JSON.parse(body));
    json({});
  } else {
    const code = pathname === '/pusher' ? pusherPage(server.port) : centrifugePage(server.port);
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><link rel="icon" href="data:,"><script src="${pathname}.js"></script><script type="module">
      const report = (value) => fetch('/report', { method: 'POST', body: JSON.stringify(value) });
      try { report(await (async () => {${code}})()); } catch (error) { report(String(error)); }
    </script>`);
  }
}

const open = (path) => openPage(`http://127.0.0.1:${routes.address().port}${path}`, new Promise((resolve) => { reported = resolve; }));

test('pusher-js on a page hears public, encrypted and presence channels', async () => {
  assert.deepEqual(await open('/pusher'), [{ open: 1 }, { secret: 2 }, 1, '7']);
});

test('centrifuge-js on a page publishes and hears by each of its transports', async () => {
  assert.deepEqual(await open('/centrifuge'), ['websocket', 'http_stream', 'sse'].map((by) => [{ by }, 1]));
});
