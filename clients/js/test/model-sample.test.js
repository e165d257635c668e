// samples/Model in Chromium, on two nodes that share a Redis: an answer is seen whole, by everybody, whatever node dies while it is given.
// TIDINGS_KILLS says how many nodes are killed (2); every other one runs the model, the rest are those that show it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { openPage } from './support/browser.js';
import { Front, ModelNode } from './support/model-nodes.js';
import { startRedis } from './support/redis-process.js';

const kills = Number(process.env.TIDINGS_KILLS ?? 2);
const script = Array.from({ length: 150 }, (_, i) => `${i}${i % 10 ? ' ' : ' ä€😀\r\n'}`).join('');
const settings = { Script: script, Pause: '15', Tidings__Tasks__Lease: '2s', Logging__LogLevel__Default: 'Warning', 'Logging__LogLevel__Microsoft.Hosting.Lifetime': 'Information' };

let redis;
let nodes = [];
let front;
let address;
/** What is told to the page, and what it tells. */
const rounds = [];
let reported;

before(async () => {
  redis = await startRedis();
  nodes = await Promise.all([0, 1].map(() => new ModelNode({ ...settings, Redis: redis.address }).start()));
  const driver = await readFile(new URL('support/model-driver.html', import.meta.url), 'utf8');
  front = new Front(nodes, {
    '/driver': () => driver,
    '/next': () => rounds.shift(),
    '/kill': async () => { await nodes[front.dies].kill(); },
    '/report': async (body) => { await reported(JSON.parse(body)); },
  });
  address = await front.start();
});

after(async () => {
  await front?.stop();
  await Promise.all(nodes.map((node) => node.kill()));
  redis?.stop();
});

/** Has the page play rounds, and looks at each. */
async function play(all, check, within) {
  let failed;
  let left = all.length;
  await openPage(`${address}/driver`, new Promise((resolve) => {
    reported = async (seen) => {
      try {
        await check(seen, all.length - left);
      } catch (error) {
        failed ??= error;
      }
      if (--left === 0 || failed) resolve();
    };
    rounds.splice(0, Infinity, ...all);
  }), within);
  if (failed) throw failed;
  assert.equal(left, 0, 'the page has played all rounds');
}

test('A tab that is reloaded and a second one have the whole, and either stops it', async () => {
  await play([{ reloads: true }, { stops: true }], ({ tabs, error }, round) => {
    assert.equal(error, undefined, JSON.stringify(tabs));
    for (const { text, status } of tabs) {
      assert.equal(status, round === 0 ? 'completed' : 'stopped');
      assert.equal(text, round === 0 ? script : tabs[0].text);
      assert.ok(script.startsWith(text));
    }
    assert.ok(round === 0 || tabs[0].text.length < script.length);
  }, 150_000);
});

test('A node that is killed in mid-sentence doubles and loses no token: the sentence goes on, or ends as failed', async () => {
  const prepare = (round) => {
    // The one that shows it dies, then the one that gives it.
    front.asks = round % 2;
    front.views = round % 4 === 3 ? 0 : 1;
    front.dies = 1;
  };
  const all = Array.from({ length: kills }, () => ({ kills: true }));
  prepare(0);
  await play(all, async ({ id, before, tabs, error }, round) => {
    assert.equal(error, undefined, JSON.stringify(tabs));
    const gone = front.asks === front.dies;
    for (const { text, status } of tabs) {
      assert.equal(text, tabs[0].text);
      assert.ok(gone ? script.startsWith(text) : text === script, `round ${round}: ${JSON.stringify(text)}`);
      assert.ok(text.length >= before);
      assert.equal(status, gone ? 'worker lost' : 'completed');
    }
    const kept = await (await fetch(`${address}/api/tasks/${id}/output`)).text();
    assert.equal(kept, tabs[0].text);
    await nodes[front.dies].start();
    prepare(round + 1);
  }, 60_000 + kills * 60_000);
});
