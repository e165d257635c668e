import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { eventually } from './support/fake-server.js';
import { FaultProxy } from './support/fault-proxy.js';
import { ServerProcess } from './support/server-process.js';

const guide = await readFile(new URL('../../../docs/guides/clients.md', import.meta.url), 'utf8');

/** The first block of code of that language after a heading. */
function snippet(heading, language) {
  const from = guide.indexOf(`# ${heading}\n`);
  const [, code] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(guide.slice(from)) ?? assert.fail(`no ${language} after ${heading}`);
  return code;
}

describe('The guide’s programs do what it says', () => {
  /** @type {ServerProcess} */
  let server;
  /** @type {FaultProxy} */
  let proxy;
  /** @type {import('node:child_process').ChildProcess[]} */
  const programs = [];

  before(async () => {
    server = await ServerProcess.start('--demo');
    proxy = await FaultProxy.start(server.port);
  });

  after(async () => {
    for (const program of programs) program.kill('SIGKILL');
    await proxy?.stop();
    await server?.stop();
  });

  function run(command, ...parameters) {
    const program = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
    programs.push(program);
    const lines = [];
    createInterface(program.stdout).on('line', (line) => lines.push(line));
    return lines;
  }

  /** Publishes until the program has heard something: then it listens. */
  async function wake(channel, lines) {
    let published = 0;
    while (lines.length === 0) {
      assert.ok(published < 100, 'the program hears nothing');
      await server.publish(channel, ++published);
      await eventually(() => lines.length > 0, 200).catch(() => {});
    }
    await eventually(() => lines.at(-1).includes(String(published)));
    return published;
  }

  test('Python’s standard library follows a channel, is cut, and misses nothing', async () => {
    const lines = run('/usr/bin/python3', '-u', '-c', snippet('Python, without a library', 'python'), `127.0.0.1:${proxy.port}`, 'chat:python');
    const published = await wake('chat:python', lines);
    const heard = lines.length;
    proxy.refusing = true;
    proxy.cut();
    for (let i = 1; i <= 50; i++) await server.publish('chat:python', published + i);
    proxy.refusing = false;
    await eventually(() => lines.length === heard + 50, 15_000);
    const offsets = lines.map((line) => Number(/'offset': (\d+)/.exec(line)?.[1]));
    assert.deepEqual(offsets, Array.from({ length: offsets.length }, (_, i) => offsets[0] + i));
  });

  test('Node follows a channel', async () => {
    const code = snippet('In Node', 'js').replace('tidings-client', new URL('../tidings.js', import.meta.url).href).replace('localhost:8000', `127.0.0.1:${proxy.port}`);
    const lines = run(process.execPath, '--input-type=module', '-e', code);
    await server.publish('chat:lobby', 'hello');
    await eventually(() => lines.length === 1, 15_000);
    assert.deepEqual(lines, ['1 hello']);
  });

  test('curl publishes, and polls go on from each other', async () => {
    const [stream, commands, polls] = snippet('curl', 'bash').split('\n\n').map((code) => code.replaceAll('localhost:8000', `127.0.0.1:${proxy.port}`).replaceAll('chat:lobby', 'chat:curl'));
    const streamed = run('bash', '-c', stream);
    await eventually(() => streamed.some((line) => line.includes('"connected"')), 15_000);
    const answered = run('bash', '-c', commands);
    await eventually(() => answered.length === 1, 15_000);
    assert.deepEqual(JSON.parse(answered[0]).map(({ type }) => type), ['published', 'history']);
    await eventually(() => streamed.some((line) => line.includes('"from curl"')));
    const polled = run('bash', '-c', polls);
    await eventually(() => polled.length === 1, 15_000);
    for (const data of [1, 2]) {
      const { offset } = await server.publish('chat:curl', data);
      await eventually(() => polled.some((line) => JSON.parse(line).messages.some((message) => message.offset === offset)));
    }
    assert.equal(polled.flatMap((line) => JSON.parse(line).messages).length, 2);
  });
});
