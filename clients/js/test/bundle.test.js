import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundle } from '../build/bundle.js';

const root = new URL('..', import.meta.url);

test('tidings.js is what src says: npm run build', async () => {
  assert.equal(await readFile(new URL('tidings.js', root), 'utf8'), await bundle());
});

test('tidings.js is under 18.75 KiB gzipped', async () => {
  const { length } = gzipSync(await readFile(new URL('tidings.js', root)), { level: 6 });
  assert.ok(length < 19_200, `${length} bytes`);
});

test('tidings.js needs nothing else, and exports what is documented', async () => {
  assert.doesNotMatch(await readFile(new URL('tidings.js', root), 'utf8'), /\bimport\b|\bfrom"/);
  const module = await import(new URL('tidings.js', root).href);
  assert.deepEqual(Object.keys(module).sort(), ['ChannelMap', 'LiveResource', 'LoadedSubscription', 'Members', 'ReconnectingWebSocket', 'Subscription', 'Tidings', 'TidingsError', 'actionAfter', 'decodePosition', 'encodePosition']);
});

/** What an application's page has of the client, of which it imports this. @param {string} names */
async function sizeOf(names) {
  const { outputFiles } = await build({
    stdin: { contents: `import { ${names} } from './src/channels.js'; globalThis.used = [${names}];`, resolveDir: root.pathname }, bundle: true, format: 'esm', target: 'es2022', minify: true, write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 6 }).length;
}

test('What channels need is under 12 KB gzipped, and what is not imported is not there', async (t) => {
  const channels = await sizeOf('Tidings');
  t.diagnostic(`channels: ${channels} bytes`);
  assert.ok(channels < 12_000, `${channels} bytes`);
  for (const part of ['loadedOf', 'mapOf', 'taskOf', 'resourceOf', 'ReconnectingWebSocket', 'eventStream', 'polling']) {
    const more = (await sizeOf(`Tidings, ${part}`)) - channels;
    t.diagnostic(`${part}: ${more} bytes more`);
    assert.ok(more > 100, part);
  }
});

const configurations = [['client', 'tsconfig.json'], ['start page', 'tsconfig.page.json'], ['calls whose types are named', 'test/types/tsconfig.by-hand.json'], ['application’s declarations', 'test/types/tsconfig.registered.json']];
for (const [whose, configuration] of configurations) {
  test(`The types of the ${whose} hold`, async () => {
    await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', configuration], { cwd: root });
  });
}
