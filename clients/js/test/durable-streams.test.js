// The Durable Streams protocol: its own server conformance suite, and its client through a proxy that cuts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DurableStream, stream } from '@durable-streams/client';
import { FaultProxy } from './support/fault-proxy.js';
import { startRedis } from './support/redis-process.js';
import { ServerProcess } from './support/server-process.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {number} port @returns {Promise<string>} what the suite said */
function runSuite(port) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/support/durable-streams.vitest.js', '--reporter=dot', '--no-color'], {
      cwd: root,
      env: { ...process.env, CONFORMANCE_TEST_URL: `http://127.0.0.1:${port}/streams`, NODE_TEST_CONTEXT: undefined },
    });
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', (data) => (said += data));
    child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(said))));
  });
}

// Side by side: most of it waits for long polls.
describe('The whole conformance suite passes', { concurrency: 3 }, () => {
  for (const engine of ['memory', 'data', 'redis']) {
    test(`on ${engine}`, async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'tidings-streams-'));
      const redis = engine === 'redis' ? await startRedis() : undefined;
      const where = { memory: [], data: ['--data', directory], redis: ['--redis', redis?.address] };
      const server = await ServerProcess.start('--demo', '--streams', ...where[engine], 'Tidings__Streams__LongPoll=1s');
      try {
        const said = await runSuite(server.port);
        const [, passed] = /Tests +(\d+) passed/.exec(said) ?? [];
        t.diagnostic(`${passed} tests passed`);
        assert.ok(Number(passed) >= 332, said);
      } finally {
        await server.stop();
        redis?.stop();
        await rm(directory, { recursive: true, force: true });
      }
    });
  }
});

const LAST = 299;
const backoffOptions = { initialDelay: 20, maxDelay: 100, multiplier: 2, maxRetries: 1_000 };

/** Reads until the last message, as an application does: where a connection breaks in the middle, from where it stands. */
async function follow(url, live, messages, isLast) {
  for (let offset = '-1', ended = false; !ended; ) {
    try {
      const session = await stream({ url, offset, live, json: true, backoffOptions });
      session.subscribeJson(async (batch) => {
        messages.push(...batch.items.map(({ n }) => n));
        offset = batch.offset;
        if (batch.items.some(isLast)) {
          ended = true;
          session.cancel();
        }
      });
      await session.closed;
    } catch {
      await delay(20);
    }
  }
}

/** Appends the n-th request of a producer, as often as it takes: a repeat of what arrived is known. */
async function post(url, n) {
  for (;;) {
    try {
      const headers = { 'content-type': 'application/json', 'producer-id': 'writer', 'producer-epoch': '0', 'producer-seq': String(n) };
      const { status } = await fetch(url, { method: 'POST', body: JSON.stringify({ n }), headers });
      assert.ok(status === 200 || status === 204, String(status));
      return;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      await delay(10);
    }
  }
}

test('Its client follows through a proxy that cuts, and what a producer repeats is there once', async () => {
  const server = await ServerProcess.start('--demo', '--streams', 'Tidings__Streams__LongPoll=1s');
  const proxy = await FaultProxy.start(server.port);
  let cutting = true;
  const cutter = (async () => {
    while (cutting) {
      await delay(250);
      proxy.cut();
    }
  })();
  try {
    const url = `http://127.0.0.1:${proxy.port}/streams/chat`;
    const made = await DurableStream.create({ url: `http://127.0.0.1:${server.port}/streams/chat`, contentType: 'application/json' });
    assert.equal((await made.head()).exists, true);
    const seen = { sse: [], 'long-poll': [] };
    const readers = Object.entries(seen).map(([live, messages]) => follow(url, live, messages, (message) => message.n === LAST));
    for (let n = 0; n <= LAST; n++) {
      await post(url, n);
      await delay(5);
    }
    await Promise.all(readers);
    const expected = Array.from({ length: LAST + 1 }, (_, n) => n);
    assert.deepEqual(seen.sse, expected);
    assert.deepEqual(seen['long-poll'], expected);
  } finally {
    cutting = false;
    await cutter;
    await proxy.stop();
    await server.stop();
  }
});
