import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundle } from '../build/bundle.js';

const root = new URL('..', import.meta.url);

test('tidings.js is what src says: npm run build', async () => {
  assert.equal(await readFile(new URL('tidings.js', root), 'utf8'), await bundle());
});

test('tidings.js is under 18 KiB gzipped', async () => {
  const { length } = gzipSync(await readFile(new URL('tidings.js', root)), { level: 6 });
  assert.ok(length < 18 * 1_024, `${length} bytes`);
});

test('tidings.js needs nothing else, and exports what is documented', async () => {
  assert.doesNotMatch(await readFile(new URL('tidings.js', root), 'utf8'), /\bimport\b|\bfrom"/);
  const module = await import(new URL('tidings.js', root).href);
  assert.deepEqual(Object.keys(module).sort(), ['ChannelMap', 'LiveResource', 'LoadedSubscription', 'Members', 'ReconnectingWebSocket', 'Subscription', 'Tidings', 'TidingsError', 'actionAfter', 'decodePosition', 'encodePosition']);
});

for (const [whose, configuration] of [['client', 'tsconfig.json'], ['start page', 'tsconfig.page.json']]) {
  test(`The types of the ${whose} hold`, async () => {
    await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', configuration], { cwd: root });
  });
}
