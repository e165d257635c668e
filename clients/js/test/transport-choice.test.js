import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost } from './support/fake-host.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

for (const [how, given] of [
  ['there is neither a WebSocket nor fetch', {}],
  ['the only transport that may be tried is not to be had', { transports: ['websocket'] }],
]) {
  test(`Where ${how}, it says so, and asks again later`, async () => {
    const host = new FakeHost(given.transports ? { fetch: () => assert.fail('nobody asked for it') } : {});
    const tidings = new Tidings('http://example.com/connect', given, host);
    const states = [];
    tidings.on('state', ({ state, code, reason }) => states.push([state, code, reason]));
    await turn();
    assert.deepEqual(states, [['connecting', undefined, undefined], ['waiting', 1006, 'No transport']]);
    await host.pass(1_000);
    await turn();
    assert.deepEqual(states.slice(2).map(([state]) => state), ['connecting', 'waiting']);
    tidings.close();
    assert.equal(tidings.state, 'closed');
  });
}
