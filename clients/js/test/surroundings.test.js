import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf } from '../src/base/host.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { fakeSockets } from './support/fake-sockets.js';

/** Lets code see other globals for as long as it runs. */
async function within(globals, run) {
  const before = new Map(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    return await run();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
}

async function addressOf(url) {
  const net = fakeSockets();
  const tidings = new Tidings(url, { transports: ['websocket'] }, new FakeHost(net));
  await settle();
  tidings.close();
  return net.last.url;
}

for (const [where, globals, expected] of [
  ['a page', { document: { baseURI: 'https://app.example/base/' } }, 'wss://app.example/connect'],
  ['a worker', { location: new URL('https://app.example/js/worker.js') }, 'wss://app.example/connect'],
  ['a worker made of a blob', { location: new URL('blob:https://app.example/0b1c') }, 'wss://app.example/connect'],
]) {
  test(`In ${where} an address may be relative`, () => within(globals, async () => assert.equal(await addressOf('/connect'), expected)));
}

test('Where there is neither page nor worker an address is whole', async () => {
  assert.throws(() => new Tidings('/connect'), TypeError);
  assert.equal(await addressOf('wss://push.example/connect'), 'wss://push.example/connect');
});

test('A worker hears that the network is back', () => {
  const worker = new EventTarget();
  const globals = { addEventListener: worker.addEventListener.bind(worker), removeEventListener: worker.removeEventListener.bind(worker) };
  return within(globals, () => {
    const heard = [];
    const stop = hostOf({}).onWake((why) => heard.push(why));
    worker.dispatchEvent(new Event('online'));
    stop();
    worker.dispatchEvent(new Event('online'));
    assert.deepEqual(heard, ['online']);
  });
});

test('Where nothing tells of the network, nothing is missed', () => {
  const host = hostOf({});
  host.onWake(() => {})();
  assert.deepEqual([host.isHidden(), host.isOnline()], [false, true]);
  host.memory.set('a', 'b');
  assert.match(host.newKey(), /^[0-9a-f]{32}$/);
});
