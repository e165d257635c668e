import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { eventually } from './support/fake-server.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';
import { ServerProcess } from './support/server-process.js';

async function start(options) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', {}, host);
  const room = tidings.subscribe('board:a', options);
  const open = async () => {
    await settle();
    net.last.open();
    net.last.receive(connectedFrame({ pingInterval: 3_600_000 }));
    await settle();
  };
  const sent = (type) => net.last.sent.filter((command) => command.type === type);
  const subscribed = async (more = {}) => {
    net.last.receive({ type: 'subscribed', id: sent('subscribe').at(-1).id, channel: 'board:a', epoch: 'e', offset: 0, ...more });
    await settle();
  };
  const told = (type, user, info) => net.last.receive({ type, channel: 'board:a', member: { user, connections: 1, info } });
  await open();
  return { net, host, tidings, room, open, sent, subscribed, told };
}

const names = (members) => [...members].map(({ user, info }) => `${user} ${info}`);

test('Members are those who are listed, and change as they come, say something else and go', async () => {
  const { room, subscribed, told } = await start({ presence: true });
  const changes = [];
  room.members.on('change', ({ joined, left, updated }) => changes.push([joined, left, updated].map((some) => some.map(({ user }) => user).join())));
  await subscribed({ presence: { members: [{ user: 'ann', connections: 1, info: 1 }], count: 7 } });
  told('join', 'bob', 2);
  told('update', 'ann', 3);
  told('update', 'ann', 3);
  told('leave', 'ann', 3);
  assert.deepEqual(changes, [['ann', '', ''], ['bob', '', ''], ['', '', 'ann'], ['', 'ann', '']]);
  assert.deepEqual([names(room.members), room.members.count, room.members.get('bob')?.info], [['bob 2'], 7, 2]);
});

test('After an absence the difference is told once', async () => {
  const { net, host, room, open, subscribed } = await start({ presence: true });
  await subscribed({ presence: { members: [{ user: 'ann', connections: 1, info: 1 }, { user: 'bob', connections: 1 }, { user: 'eve', connections: 1 }], count: 3 } });
  const changes = [];
  room.members.on('change', ({ joined, left, updated }) => changes.push([joined, left, updated].map((some) => some.map(({ user }) => user).join())));
  net.last.end();
  await host.pass(10_000);
  await open();
  await subscribed({ recovered: true, presence: { members: [{ user: 'ann', connections: 1, info: 2 }, { user: 'eve', connections: 2 }, { user: 'dan', connections: 1 }], count: 3 } });
  assert.deepEqual(changes, [['dan', 'bob', 'ann']]);
});

test('Each connection may be a member', async () => {
  const { net, room, subscribed } = await start({ presence: true });
  await subscribed({ presence: { members: [], count: 0 } });
  for (const connection of ['c1', 'c2']) net.last.receive({ type: 'join', channel: 'board:a', member: { user: 'ann', connection, info: connection } });
  net.last.receive({ type: 'leave', channel: 'board:a', member: { user: 'ann', connection: 'c1' } });
  assert.deepEqual([names(room.members), room.members.count, room.members.get('ann', 'c2')?.info], [['ann c2'], 1, 'c2']);
});

test('What was said last goes with each subscription, and while it lasts at once', async () => {
  const { net, host, room, sent, open, subscribed } = await start({ info: { at: 1 } });
  assert.deepEqual(sent('subscribe')[0].info, { at: 1 });
  await room.track({ at: 2 });
  assert.deepEqual(sent('track'), []);
  await subscribed();
  assert.deepEqual(sent('track').map(({ info }) => info), [{ at: 2 }]);
  const tracked = room.track({ at: 3 });
  await settle();
  net.last.receive({ type: 'tracked', id: sent('track').at(-1).id, channel: 'board:a' });
  await tracked;
  net.last.end();
  await host.pass(10_000);
  await open();
  assert.deepEqual(sent('subscribe')[0].info, { at: 3 });
  await subscribed({ recovered: true });
  assert.deepEqual(sent('track'), []);
  const cleared = room.track(null);
  await settle();
  assert.deepEqual(sent('track').map(({ info }) => info), [null]);
  net.last.receive({ type: 'error', id: sent('track').at(-1).id, code: 'not_allowed', error: 'Not allowed' });
  await assert.rejects(cleared, { code: 'not_allowed' });
});

test('A subscription that joins others says what it was given', async () => {
  const { tidings, sent, subscribed } = await start({});
  await subscribed();
  tidings.subscribe('board:a', { info: 5 });
  await settle();
  assert.deepEqual(sent('track').map(({ info }) => info), [5]);
});

describe('What a client says of itself is seen by others', () => {
  /** @type {ServerProcess} */
  let server;

  before(async () => {
    server = await ServerProcess.start(
      '--demo', '--limits', 'none', 'Tidings__Channels__0__Pattern=board:*', 'Tidings__Channels__0__Presence=true', 'Tidings__Channels__0__PresenceInfo=true', 'Tidings__Channels__0__PresenceGrace=2s',
    );
  });

  after(() => server.stop());

  for (const kind of /** @type {const} */ (['websocket', 'sse', 'polling'])) {
    test(`over ${kind}`, async () => {
      const board = `board:${kind}`;
      const open = (transport) => new Tidings(`http://127.0.0.1:${server.port}/connect`, { WebSocket, transports: [transport], maxRetries: 0 });
      const [watcher, client] = [open('websocket'), open(kind)];
      try {
        const watched = watcher.subscribe(board, { presence: true });
        await eventually(() => watched.active);
        const room = client.subscribe(board, { info: 'here', presence: true, occupancy: true });
        let subscribers = 0;
        room.on('occupancy', (detail) => (subscribers = detail.subscribers));
        await eventually(() => [...watched.members].some(({ info }) => info === 'here'));
        await eventually(() => [...room.members].some(({ info }) => info === 'here'));
        await eventually(() => room.active);
        await room.track({ long: 'x'.repeat(4_000) });
        if (kind !== 'polling') await eventually(() => [...watched.members].some(({ info }) => info?.long?.length === 4_000));
        await room.track('typing');
        await eventually(() => [...watched.members].some(({ info }) => info === 'typing'));
        if (kind !== 'polling') await eventually(() => subscribers === 2);
        room.unsubscribe();
        await eventually(() => watched.members.count === 1);
      } finally {
        watcher.close();
        client.close();
      }
    });
  }
});
