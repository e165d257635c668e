import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const typescript = join(root, 'node_modules/typescript/bin/tsc');

/** @type {string} */
let directory;
/** @type {string} */
let app;
/** @type {{ filename: string, files: { path: string }[] }} */
let packed;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tidings-'));
  // Packed from a copy: packing builds, and others read what is there.
  const copy = join(directory, 'copy');
  await cp(root, copy, { recursive: true, filter: (path) => !/[\\/](node_modules|types)$/.test(path) });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: copy });
  const { stdout } = await run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: copy });
  const [listed] = Object.values(JSON.parse(stdout));
  packed = listed;

  app = join(directory, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(directory, packed.filename)], { cwd: app });
});

after(() => rm(directory, { recursive: true }));

test('The package holds the module, its types, its license and what it says of itself', async () => {
  const names = packed.files.map(({ path }) => path);
  const types = names.filter((name) => name.startsWith('types/'));
  const sources = names.filter((name) => name.startsWith('src/'));
  assert.ok(sources.includes('src/index.js') && sources.includes('src/channels.js'));
  assert.deepEqual(names.filter((name) => !types.includes(name) && !sources.includes(name)).sort(), ['LICENSE', 'README.md', 'package.json', 'tidings.js']);
  assert.ok(types.includes('types/tidings-client.d.ts'));
  assert.ok(types.every((name) => name.endsWith('.d.ts')), types.join());
  assert.doesNotMatch(await readFile(join(root, 'README.md'), 'utf8'), /\]\(\./);
  assert.equal(await readFile(join(root, 'LICENSE'), 'utf8'), await readFile(join(root, '../../LICENSE'), 'utf8'));
});

test('Node imports the installed package', async () => {
  await writeFile(join(app, 'app.js'), "import { Tidings } from 'tidings-client'; console.log(typeof Tidings);");
  assert.equal((await run(process.execPath, ['app.js'], { cwd: app })).stdout, 'function\n');
  await writeFile(join(app, 'app.js'), "import { Tidings } from 'tidings-client'; import { ChannelClient, mapOf } from 'tidings-client/channels'; console.log(Tidings.prototype instanceof ChannelClient, typeof mapOf);");
  assert.equal((await run(process.execPath, ['app.js'], { cwd: app })).stdout, 'true function\n');
});

test('No member is described by the words of a type', async () => {
  for (const name of packed.files.map(({ path }) => path).filter((path) => path.endsWith('.d.ts'))) {
    const types = await readFile(join(app, 'node_modules/tidings-client', name), 'utf8');
    assert.doesNotMatch(types, /(Something was missed|needs of its client)[^/]*\*\/\s+\w+\??:/, name);
  }
});

test('The guide’s TypeScript holds', async () => {
  const guide = await readFile(join(root, '../../docs/guides/clients.md'), 'utf8');
  const [byCall, declared, written] = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
  const before = "import { Tidings, type Exchange } from 'tidings-client';\nconst tidings = new Tidings('/connect');\nconst id = 'id';\ntype Report = { pages: number }; type Card = {}; type Item = {}; type Order = { id: number }; type NewOrder = { article: number };\n";
  const types = "declare module 'tidings-client' { interface Register { channels: { 'prices:{symbol}': { bid: number }; 'chat:{room}': Exchange<{ from: string }, { text: string }> }; calls: { sum(a: number, b: number): number } } }\n";
  for (const [code, more] of [[byCall, ''], [declared, 'interface Line { text: string }\nsum.toFixed(); report.pages.toFixed();\n'], [written, types]]) {
    await writeFile(join(app, 'guide.ts'), before + code + more);
    await run(process.execPath, [typescript, '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom', 'guide.ts'], { cwd: app });
  }
});

test('TypeScript finds the types of the installed package', async () => {
  await writeFile(join(app, 'app.ts'), "import { Tidings } from 'tidings-client';\nconst client: Tidings = new Tidings('ws://localhost/connect');\nclient.subscribe('news', { last: 1 });\n");
  const check = () => run(process.execPath, [typescript, '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom', 'app.ts'], { cwd: app });
  await check();
  await writeFile(join(app, 'app.ts'), "import { Tidings } from 'tidings-client';\nnew Tidings('ws://localhost/connect').subscribe(1);\n");
  await assert.rejects(check(), { stdout: /TS2345/ });
  const declared = "import { Tidings } from 'tidings-client';\nimport { mapOf } from 'tidings-client/channels';\ndeclare module 'tidings-client' { interface Register { channels: { 'chat:{room}': { text: string } } } }\n";
  await writeFile(join(app, 'app.ts'), `${declared}const t = new Tidings('/connect');\nt.subscribe('chat:lobby').on('message', ({ data }) => data.text.length);\nmapOf(t, 'chat:lobby').get('a')?.text.length;\n`);
  await check();
  await writeFile(join(app, 'app.ts'), `${declared}new Tidings('/connect').subscribe('chat:lobby').on('message', ({ data }) => data.txt.length);\n`);
  await assert.rejects(check(), { stdout: /TS2339|TS2551/ });
});
