// samples/Typed: what its program declares its page knows, and a property that has another name in C# is an error there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const sample = join(root, 'samples/Typed');
const written = await readFile(join(sample, 'web/tidings-app.d.ts'), 'utf8');

/** @type {string} */
let directory;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tidings types '));
});
after(() => rm(directory, { recursive: true }));

/** Checks the sample's page with these types, as strictly as TypeScript can. @param {string} types */
async function check(types) {
  const web = join(directory, 'web');
  await mkdir(web, { recursive: true });
  await cp(join(sample, 'web/app.ts'), join(web, 'app.ts'));
  await writeFile(join(web, 'tidings-app.d.ts'), types);
  const client = join(root, 'clients/js/src/tidings-client.d.ts');
  await writeFile(join(web, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { target: 'es2022', module: 'es2022', moduleResolution: 'bundler', lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [], strict: true, noEmit: true, allowJs: true, paths: { 'tidings-client': [client] } },
    include: ['*.ts'],
  }));
  await run(process.execPath, [join(root, 'clients/js/node_modules/typescript/bin/tsc'), '-p', web]);
}

test('The built program writes the types that are checked in, and its page holds with them', async () => {
  const file = join(directory, 'folder of its own', 'types.d.ts');
  await run('dotnet', [join(root, 'artifacts/bin/Typed/release/Typed.dll')], { env: { ...process.env, TIDINGS_WRITE_TYPES: file }, timeout: 60_000 });
  assert.equal(await readFile(file, 'utf8'), written);
  await check(written);
});

test('A property that has another name in C# fails tsc --strict, and so do a method, a parameter and an enum’s member', async () => {
  const program = await readFile(join(sample, 'Program.cs'), 'utf8');
  const copy = join(directory, 'renamed');
  await mkdir(copy);
  const renamed = program.replace('record Line(string Text,', 'record Line(string Words,').replace('MapCall("sum"', 'MapCall("total"').replace('record Order(string Article,', 'record Order(string Thing,')
    .replace('order.Article', 'order.Thing').replace('    Open,', '    Opened,').replace('OrderState.Open', 'OrderState.Opened').replace('new Line(line.Text', 'new Line(line.Text');
  await writeFile(join(copy, 'Program.cs'), renamed);
  await writeFile(join(copy, 'Renamed.csproj'), `<Project Sdk="Microsoft.NET.Sdk.Web">
    <PropertyGroup><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings><TidingsTypes>../web folder/app.d.ts</TidingsTypes></PropertyGroup>
    <ItemGroup>${['Tidings', 'Tidings.AspNetCore', 'Tidings.Protocol', 'Tidings.Identity'].map((name) => `<Reference Include="${join(root, `artifacts/bin/${name}/release/${name}.dll`)}" />`).join('')}</ItemGroup>
    <Import Project="${join(root, 'src/Tidings.AspNetCore/build/Tidings.AspNetCore.targets')}" />
  </Project>`);
  await run('dotnet', ['build', copy, '-v', 'quiet', '-tl:off', '-p:RunAnalyzers=false'], { timeout: 240_000 });
  const types = await readFile(join(directory, 'web folder/app.d.ts'), 'utf8');
  await assert.rejects(check(types), ({ stdout }) => {
    assert.match(stdout, /TS\d+: Property 'text' does not exist/);
    assert.match(stdout, /TS\d+: Property 'sum' does not exist/);
    assert.match(stdout, /TS\d+: .*'article' does not exist/);
    assert.match(stdout, /TS2367: .*'"Open"'/);
    return true;
  });
});
