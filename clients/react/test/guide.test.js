// The recipes of docs/guides/components.md, with the little of Vue and Svelte that they use.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { eventually } from '../../js/test/support/fake-server.js';
import { ServerProcess } from '../../js/test/support/server-process.js';
import { Tidings } from '../../js/src/tidings.js';

const guide = await readFile(new URL('../../../docs/guides/components.md', import.meta.url), 'utf8');
const used = {
  left: [],
  vue: { shallowRef: (value) => ({ value }), onScopeDispose: (leave) => used.left.push(leave) },
  svelte: {
    readable: (value, start) => {
      const store = { value };
      const set = (now) => (store.value = now);
      used.left.push(start(set, (change) => set(change(store.value))));
      return store;
    },
  },
};
globalThis.used = used;

let server;
before(async () => {
  server = await ServerProcess.start('--demo');
  used.tidings = new Tidings(`http://127.0.0.1:${server.port}/connect`);
});
after(async () => {
  used.tidings?.close();
  await server?.stop();
});

/** The module that stands after a heading. */
async function recipe(heading) {
  const [, code] = /```js\n(.*?)```/s.exec(guide.slice(guide.indexOf(`## ${heading}\n`)));
  assert.ok(code.split('\n').filter((line) => line && !line.startsWith('import')).length <= 10);
  const standing = code.replace(/import (\{.*?\}) from '(vue|svelte)[^']*';/, 'const $1 = used.$2;').replace(/import .* from '.\/tidings.js';/, 'const { tidings } = used;');
  return import(`data:text/javascript,${encodeURIComponent(standing)}`);
}

for (const [framework, open] of [
  ['Vue', async (channel) => (await recipe('Vue')).useChannel(channel, { keep: 2 }).messages],
  ['Svelte', async (channel) => (await recipe('Svelte')).channel(channel, { keep: 2 })],
]) {
  test(`The recipe for ${framework} shows the newest messages, loads them anew where some are gone, and leaves`, async () => {
    const channel = `chat:${framework}`;
    const shown = await open(channel);
    const data = () => shown.value.map((message) => message.data);
    for (const value of [1, 2, 3]) await used.tidings.publish(channel, value);
    await eventually(() => data().join() === '2,3', 15_000);
    await used.tidings.history(channel, { last: 1 });
    await server.erase(channel);
    await eventually(() => data().length === 0, 15_000);
    await used.tidings.publish(channel, 4);
    await eventually(() => data().join() === '4', 15_000);
    used.left.at(-1)();
    await used.tidings.publish(channel, 5);
    assert.deepEqual(data(), [4]);
  });
}
