import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { afterEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../src/tidings.js';
import { eventually } from './support/fake-server.js';
import { ServerProcess } from './support/server-process.js';

const folder = new URL('../../../docs/recipes/', import.meta.url);
const secret = 'a secret of the tests, 32 bytes or more';

const page = (name) => readFile(new URL(`${name}.md`, folder), 'utf8');

const blocks = (text, language) => [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code);

/** The module that a recipe shows. */
async function moduleOf(name) {
  const code = blocks(await page(name), 'js').find((code) => code.includes('export ')) ?? assert.fail(`${name} exports nothing`);
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** The recipe's configuration, as the environment has it. */
async function settingsOf(name) {
  const flatten = (value, path) =>
    typeof value === 'object' ? Object.entries(value).flatMap(([key, part]) => flatten(part, [...path, key])) : [`${path.join('__')}=${value}`];
  return blocks(await page(name), 'json').flatMap((code) => flatten(JSON.parse(code), []));
}

function tokenOf(user) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const input = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, iat: now, exp: now + 600 })}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('The recipes do what they say', () => {
  const clients = [];
  let server;

  async function start(...options) {
    server = await ServerProcess.start(...options);
  }

  /** Somebody with the recipe's server open. */
  async function come(user) {
    const tidings = new Tidings(`ws://127.0.0.1:${server.port}/connect`, { WebSocket, ...(user && { token: tokenOf(user) }) });
    clients.push(tidings);
    await tidings.ping().catch(() => {});
    await eventually(() => tidings.state === 'connected');
    return tidings;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server?.stop();
    server = undefined;
  });

  test('Each recipe is in the list, and is run here', async () => {
    const pages = (await readdir(folder)).filter((name) => name !== 'README.md').map((name) => name.replace('.md', ''));
    const listed = [...(await page('README')).matchAll(/\]\(([a-z-]+)\.md\)/g)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), pages.toSorted());
    const tests = await readFile(new URL(import.meta.url), 'utf8');
    for (const name of pages) assert.ok(tests.includes(`moduleOf('${name}')`), name);
  });

  test('Typing indicator', async () => {
    const { typingIndicator } = await moduleOf('typing-indicator');
    await start(...(await settingsOf('typing-indicator')));
    let shown;
    typingIndicator(await come(), 'chat:lobby', 'Bob', (names) => { shown = names; });
    const typed = typingIndicator(await come(), 'chat:lobby', 'Ann', () => {});
    typed();
    await eventually(() => shown?.join() === 'Ann');
    await eventually(() => shown.length === 0, 6000);
  });

  test('Read receipts', async () => {
    const { readReceipts } = await moduleOf('read-receipts');
    await start('--jwt-secret', secret, ...(await settingsOf('read-receipts')));
    const [ann, bob] = [await come('ann'), await come('bob')];
    let readers;
    readReceipts(ann, 'lobby', 'ann', (readersOf) => { readers = readersOf; });
    const room = bob.subscribe('chat:lobby');
    const seen = readReceipts(bob, 'lobby', 'bob', () => {});
    room.on('message', () => seen(room.position));
    await eventually(() => room.active);
    const { epoch, offset } = await ann.publish('chat:lobby', 'hello');
    await eventually(() => readers?.({ epoch, offset }).join() === 'bob');
    assert.deepEqual(readers({ epoch, offset: offset + 1 }), []);
  });

  test('Notifications with an unread count', async () => {
    const { notifications } = await moduleOf('notifications');
    await start('--jwt-secret', secret, ...(await settingsOf('notifications')));
    await server.publish('user:ann', { title: 'first' });
    const [one, other] = [{}, {}];
    const show = (window) => (notices, unread) => Object.assign(window, { titles: notices.map(({ title }) => title).join(), unread });
    const inbox = notifications(await come('ann'), 'ann', show(one));
    notifications(await come('ann'), 'ann', show(other));
    await eventually(() => one.unread === 1 && other.unread === 1);
    await server.publish('user:ann', { title: 'second' });
    await eventually(() => one.unread === 2 && other.titles === 'second,first');
    await inbox.readAll();
    await eventually(() => one.unread === 0 && other.unread === 0);
    await server.publish('user:ann', { title: 'third' });
    const later = {};
    notifications(await come('ann'), 'ann', show(later));
    await eventually(() => later.unread === 1 && later.titles === 'third,second,first');
    const stranger = (await come('bob')).subscribe('seen:ann');
    let refused;
    stranger.on('unsubscribed', ({ code }) => { refused = code; });
    await eventually(() => refused === 'not_allowed');
  });

  test('Live cursors', async () => {
    const { liveCursors } = await moduleOf('live-cursors');
    await start(...(await settingsOf('live-cursors')));
    let shown;
    liveCursors(await come(), 'plan', (places) => { shown = places; });
    const other = await come();
    const move = liveCursors(other, 'plan', () => {});
    for (let i = 1; i <= 100; i++) move({ x: i / 100, y: 0.5 });
    await eventually(() => shown?.[0]?.x === 1);
    move(null);
    await eventually(() => shown.length === 0);
    move({ x: 2, y: 'far' });
    move({ x: 0.25, y: 0 });
    await eventually(() => shown?.[0]?.x === 0.25);
    other.close();
    await eventually(() => shown.length === 0);
  });

  test('Collaborative list', async () => {
    const { collaborativeList } = await moduleOf('collaborative-list');
    await start(...(await settingsOf('collaborative-list')));
    const [here, there] = [[], []];
    const show = (list) => (entries) => list.splice(0, list.length, ...entries);
    const texts = (list) => list.map(({ text, done }) => (done ? `(${text})` : text)).join();
    const list = collaborativeList(await come(), 'shopping', show(here));
    const other = collaborativeList(await come(), 'shopping', show(there));
    for (const text of ['milk', 'bread', 'salt']) {
      await list.add(text);
      await eventually(() => there.some((entry) => entry.text === text) && here.some((entry) => entry.text === text));
    }
    const [milk, bread, salt] = here.map(({ id }) => id);
    await other.move(salt, milk);
    await list.tick(bread);
    await eventually(() => texts(here) === 'salt,milk,(bread)' && texts(there) === texts(here));
    await other.move(salt);
    await Promise.all([list.remove(milk), other.edit(bread, 'rye')]);
    await eventually(() => texts(here) === '(rye),salt' && texts(there) === texts(here));
    const late = [];
    collaborativeList(await come(), 'shopping', show(late));
    await eventually(() => texts(late) === '(rye),salt');
  });

  test('Progress bar', async () => {
    const { progressBar } = await moduleOf('progress-bar');
    await start('--demo');
    const started = await server.get('/api/tasks', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"demo","data":{"files":5,"milliseconds":20}}' });
    assert.ok(started.ok, await started.clone().text());
    const { task_id: id } = await started.json();
    const shown = [];
    await progressBar(await come(), id, ({ status, progress }) => shown.push([status, progress]));
    assert.deepEqual(shown.at(-1), ['completed', 100]);
    await assert.rejects(progressBar(await come(), 'nobody-has-it', () => {}));
  });

  test('Token stream', async () => {
    const { tokenStream } = await moduleOf('token-stream');
    await start('--demo');
    const ask = async (method, path, body) => {
      const answer = await server.get(path, { method, headers: { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) });
      assert.ok(answer.ok, `${path}: ${answer.status}`);
      return answer.json();
    };
    for (const end of ['completed', 'cancelled']) {
      const { task_id: id } = await ask('POST', '/api/tasks', { name: 'answer', allow_cancel: true });
      const shown = [];
      const client = await come();
      const first = tokenStream(client, id, (text) => shown.push(text));
      first.catch(() => {});
      let at = 0;
      for (const token of ['Because', ' it', ' is', ' só', ' 中文']) ({ offset: at } = await ask('POST', `/api/tasks/${id}/output?offset=${at}`, token));
      await eventually(() => shown.at(-1) === 'Because it is só 中文');
      const late = [];
      const second = tokenStream(await come(), id, (text) => late.push(text));
      second.catch(() => {});
      await eventually(() => late.at(-1) === shown.at(-1));
      if (end === 'completed') await ask('PUT', `/api/tasks/${id}`, { status: end });
      else await client.task(id).cancel();
      if (end === 'completed') assert.deepEqual(await Promise.all([first, second]), [shown.at(-1), shown.at(-1)]);
      else await assert.rejects(first, { code: 'cancelled' });
    }
  });

  test('Presence avatars', async () => {
    const { presenceAvatars } = await moduleOf('presence-avatars');
    await start('--jwt-secret', secret, ...(await settingsOf('presence-avatars')));
    let shown = '';
    const show = (faces, more) => { shown = `${faces.map(({ name }) => name).join()} +${more}`; };
    presenceAvatars(await come('ann'), 'document:7', { user: 'ann', name: 'Ann' }, show, 2);
    for (const name of ['Dan', 'Bob', 'Cid', 'Bob']) {
      presenceAvatars(await come(name.toLowerCase()), 'document:7', { user: name.toLowerCase(), name }, () => {});
    }
    await eventually(() => shown === 'Bob,Cid +1');
  });
});
