import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../tidings.js';
import { eventually } from './support/fake-server.js';
import { listen } from './support/listening.js';
import { ServerProcess } from './support/server-process.js';

describe('Where tokens are asked for', () => {
  const secret = 'a secret of thirty-two characters';
  /** @type {ServerProcess} */
  let guarded;

  before(async () => {
    guarded = await ServerProcess.start('--demo', '--require-auth', '--jwt-secret', secret);
  });

  after(() => guarded?.stop());

  /** @type {Tidings[]} */
  let clients = [];
  let channels = 0;

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  const json = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokenFor = (user, seconds, claims = {}) => {
    const head = `${json({ alg: 'HS256', typ: 'JWT' })}.${json({ sub: user, exp: Math.floor(Date.now() / 1_000) + seconds, ...claims })}`;
    return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
  };
  const connectAs = (kind, token) => {
    const tidings = new Tidings(`http://127.0.0.1:${guarded.port}/connect`, { WebSocket, transports: [kind], token });
    clients.push(tidings);
    return tidings;
  };

  for (const kind of ['websocket', 'sse', 'polling']) {
    test(`over ${kind} a user is let in, and a token that expires is replaced without a loss`, async () => {
      const channel = `chat:token-${++channels}`;
      let asked = 0;
      const ann = connectAs(kind, async () => tokenFor('ann', ++asked === 1 ? 4 : 3_600));
      const states = [];
      ann.on('state', ({ state }) => states.push(state));
      const room = ann.subscribe(channel);
      const heard = listen(room);
      await eventually(() => room.active);
      await room.publish(1);
      await eventually(() => asked === 2, 10_000);
      const bob = connectAs(kind, tokenFor('bob', 3_600));
      await bob.publish(channel, 2);
      await eventually(() => heard.data.length === 2);
      assert.deepEqual(heard.data, [1, 2]);
      assert.deepEqual(states, ['connecting', 'connected']);
      if (kind !== 'polling') assert.equal(ann.user, 'ann');
    });

    test(`over ${kind} a token that is refused is asked for once more, then it stays away`, async () => {
      let asked = 0;
      const tidings = connectAs(kind, async () => `rubbish-${++asked}`);
      await eventually(() => tidings.state === 'closed');
      assert.equal(asked, 2);
    });
  }

  test('over sse a user hears what is meant for them, as over WebSocket', async () => {
    const ann = connectAs('sse', tokenFor('ann', 3_600));
    const bob = connectAs('websocket', tokenFor('bob', 3_600, { send: true, channels: { 'user:*': ['presence'] } }));
    await eventually(() => ann.user === 'ann' && bob.user === 'bob');
    const direct = new Promise((resolve) => ann.on('direct', resolve));
    for (let delivered = 0; delivered === 0; ) ({ delivered } = await bob.send('ann', 'psst'));
    assert.deepEqual(await direct, { from: 'bob', data: 'psst' });
    await assert.rejects(ann.send('bob', 'psst'), { code: 'not_allowed' });
  });
});
