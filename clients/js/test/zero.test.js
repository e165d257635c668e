import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../src/tidings.js';
import { eventually } from './support/fake-server.js';
import { ServerProcess } from './support/server-process.js';

describe('Zero is a number, and means one thing on every transport', () => {
  /** @type {ServerProcess} */
  let server;

  before(async () => {
    server = await ServerProcess.start('--demo', '--limits', 'none');
    for (let i = 1; i <= 3; i++) await server.publish('chat:zero', i);
  });

  after(() => server.stop());

  for (const kind of /** @type {const} */ (['websocket', 'sse', 'polling'])) {
    test(`over ${kind}`, async () => {
      const tidings = new Tidings(`http://127.0.0.1:${server.port}/connect`, { WebSocket, transports: [kind], maxRetries: 0 });
      try {
        const room = tidings.subscribe('chat:zero', { last: 0 });
        const offsets = [];
        room.on('message', ({ offset }) => offsets.push(offset));
        await eventually(() => room.active);
        assert.equal(room.position.offset, 3);
        const log = await room.history({ last: 0 });
        assert.deepEqual([log.messages, log.offset], [[], 3]);
        const all = await room.history({ since: { epoch: log.epoch, offset: 0 } });
        assert.deepEqual(all.messages.map(({ offset }) => offset), [1, 2, 3]);
        const from = tidings.subscribe('chat:zero', { since: { epoch: log.epoch, offset: 0 } });
        const heard = [];
        from.on('message', ({ offset }) => heard.push(offset));
        await eventually(() => heard.length === 3);
        assert.deepEqual([heard, offsets], [[1, 2, 3], []]);
        assert.equal(tidings.transport, kind);
      } finally {
        tidings.close();
      }
    });
  }
});
