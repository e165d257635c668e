import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const hooks = ['useChannel', 'useMap', 'usePresence', 'useResource', 'useTask', 'useTidings'];

/** What a page has. @param {string} code its module @param {(string | RegExp)[]} external */
async function bundleOf(code, external) {
  const page = `${root}page.jsx`;
  const { output } = await build({
    configFile: false, logLevel: 'error', root,
    resolve: { alias: { 'tidings-react': `${root}src/index.js` } },
    build: { write: false, minify: true, rolldownOptions: { input: page, external, output: { format: 'es' }, preserveEntrySignatures: 'strict' } },
    plugins: [{ name: 'page', resolveId: (id) => (id === page ? id : undefined), load: (id) => (id === page ? code : undefined) }],
  });
  return output[0].code;
}

/** What a page has that imports this. @param {string[]} names @param {(string | RegExp)[]} external */
const bundle = (names, external) => bundleOf(`import { ${names} } from 'tidings-react'; globalThis.used = [${names}];`, external);

const size = (text) => gzipSync(text, { level: 6 }).length;

test('All hooks are under 2 KB gzipped, and what is not imported is not there', async (t) => {
  const external = ['react', /^tidings-client/];
  const all = size(await bundle(['TidingsProvider', ...hooks], external));
  t.diagnostic(`all hooks: ${all} bytes`);
  assert.ok(all <= 2_000, `${all} bytes`);
  for (const hook of hooks) {
    const alone = size(await bundle(['TidingsProvider', hook], external));
    t.diagnostic(`${hook}: ${alone} bytes`);
    assert.ok(alone < all, hook);
  }
});

test('A page with useChannel alone has nothing of resources, tasks and maps', async () => {
  const code = await bundle(['TidingsProvider', 'useChannel'], ['react']);
  assert.doesNotMatch(code, /snapshot|task:|cancelled/);
  assert.match(await bundle(['TidingsProvider', 'useResource'], ['react']), /snapshot/);
});

test('The components of the guide and of the README are built', async () => {
  for (const [page, parts] of [['../../docs/guides/components.md', /"?text"?/], ['README.md', /Hello/]]) {
    const [, code] = /```jsx\n(.*?)```/s.exec(await readFile(join(root, page), 'utf8'));
    assert.match(await bundleOf(code, [/^react/]), parts);
  }
});

test('The hooks’ types hold', async () => {
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.check.json'], { cwd: root });
});

test('The package holds the hooks, their types, its license and what it says of itself', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-'));
  try {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: root });
    const [{ files }] = Object.values(JSON.parse(stdout));
    const names = files.map(({ path }) => path).filter((name) => !/^(src|types)\//.test(name));
    assert.deepEqual(names.sort(), ['LICENSE', 'README.md', 'package.json']);
    const [own, client] = await Promise.all(['package.json', '../js/package.json'].map(async (path) => JSON.parse(await readFile(join(root, path), 'utf8'))));
    assert.deepEqual([own.version, own.peerDependencies['tidings-client']], [client.version, client.version]);
    assert.equal(await readFile(join(root, 'LICENSE'), 'utf8'), await readFile(join(root, '../../LICENSE'), 'utf8'));
  } finally {
    await rm(directory, { recursive: true });
  }
});
