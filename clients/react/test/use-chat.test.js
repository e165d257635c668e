// useChat of @ai-sdk/react, unmodified, in Chromium, shows a run of samples/Model.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { openPage } from '../../js/test/support/browser.js';
import { ModelNode } from '../../js/test/support/model-nodes.js';

const script = Array.from({ length: 400 }, (_, i) => `${i}${i % 10 ? ' ' : ' ä€😀\r\n'}`).join('');

let node;
let vite;
let report;
const reported = new Promise((resolve) => { report = resolve; });

before(async () => {
  node = await new ModelNode({ Script: script, Pause: '15' }).start();
  vite = await createServer({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('chat', import.meta.url)),
    cacheDir: fileURLToPath(new URL('../node_modules/.vite-chat', import.meta.url)),
    resolve: { dedupe: ['react'] },
    optimizeDeps: { include: ['@ai-sdk/react', 'react', 'react-dom/client', 'react/jsx-dev-runtime'] },
    server: {
      host: '127.0.0.1', port: 0, hmr: false, watch: null,
      fs: { allow: [fileURLToPath(new URL('../..', import.meta.url))] },
      proxy: { '/api': { target: `http://127.0.0.1:${node.port}` } },
    },
    plugins: [{
      name: 'report',
      configureServer({ middlewares }) {
        middlewares.use('/report', async (request, response) => {
          let body = '';
          for await (const part of request) body += part;
          response.end();
          report(JSON.parse(body));
        });
      },
    }],
  });
  await vite.listen();
});

after(async () => {
  await vite?.close();
  await node?.kill();
});

test('It has the whole answer after a reload in the middle, each token once, and a run that is cancelled ends', async () => {
  const { port } = vite.httpServer.address();
  const seen = await openPage(`http://127.0.0.1:${port}/`, reported, 120_000);
  assert.equal(seen.whole, script, JSON.stringify(seen));
  assert.ok(script.startsWith(seen.before) && seen.before.length < script.length);
  assert.deepEqual(seen.roles, ['user', 'assistant', 'user', 'assistant']);
  assert.equal(seen.error, null);
  const [status, state, text] = seen.stopped;
  assert.deepEqual([status, state], [204, 'ready']);
  assert.ok(script.startsWith(text) && text.length < script.length);
});
