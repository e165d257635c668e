// Components with each hook, in Chromium, served by Vite, against a server of ours.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { openPage } from '../../js/test/support/browser.js';
import { ServerProcess } from '../../js/test/support/server-process.js';

const settings = [
  { Pattern: 'chat:*', Publish: 'anyone' },
  { Pattern: 'board:*', Publish: 'anyone', State: 'true', Presence: 'true', PresenceInfo: 'true' },
  { Pattern: 'secret:*', Subscribe: 'server' },
];

let server;
let vite;
let report;
const reported = new Promise((resolve) => { report = resolve; });

before(async () => {
  server = await ServerProcess.start('--demo', '--limits', 'none', ...settings.flatMap((kind, i) => Object.entries(kind).map(([name, value]) => `Tidings__Channels__${i}__${name}=${value}`)));
  const target = `http://127.0.0.1:${server.port}`;
  vite = await createServer({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('app', import.meta.url)),
    cacheDir: fileURLToPath(new URL('../node_modules/.vite', import.meta.url)),
    resolve: { alias: { 'tidings-react': fileURLToPath(new URL('../src/index.js', import.meta.url)) }, dedupe: ['react'] },
    server: {
      host: '127.0.0.1', port: 0, hmr: false, watch: null,
      fs: { allow: [fileURLToPath(new URL('../..', import.meta.url))] },
      proxy: { '/connect': { target, ws: true }, '/ws': { target, ws: true } },
    },
    plugins: [{
      name: 'report',
      configureServer({ middlewares }) {
        middlewares.use('/back-end', async (request, response) => response.end(await ask(request.url, await bodyOf(request))));
        middlewares.use('/report', async (request, response) => {
          response.end();
          report(JSON.parse(await bodyOf(request)));
        });
      },
    }],
  });
  await vite.listen();
});

async function bodyOf(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}

/** What the application's back end asks of the server. */
async function ask(path, body) {
  const response = await server.get(path === '/tasks' ? '/api/tasks' : path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return response.text();
}

after(async () => {
  await vite?.close();
  await server?.stop();
});

test('Each hook shows what there is, through a broken connection, and StrictMode subscribes once', async () => {
  const { port } = vite.httpServer.address();
  assert.deepEqual(await openPage(`http://127.0.0.1:${port}/`, reported), {
    client: true,
    kept: ['b', 'c', 'd'],
    page: '0: b, c, d',
    subscribed: 1,
    after: ['c', 'd', 'e'],
    tracked: 1,
    isNew: true,
    task: ['completed', 100],
    refused: 'not_allowed',
    stays: 0,
    errors: [],
  });
});
