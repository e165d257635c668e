import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';

/** A client, and a server that keeps one channel's log. */
async function start({ connected = true } = {}) {
  const net = fakeSockets();
  const host = new FakeHost(net);
  const tidings = new Tidings('ws://localhost/connect', {}, host);
  const open = async () => {
    await settle();
    net.last.open();
    net.last.receive(connectedFrame());
  };
  if (connected) await open();
  const answered = new WeakSet();
  const sent = (/** @type {string} */ type) => net.last.sent.filter((command) => command.type === type);
  /** Answers the last command of that type that has no answer. */
  const answer = async (type, reply) => {
    const command = sent(type).find((one) => !answered.has(one)) ?? assert.fail(`no ${type}`);
    answered.add(command);
    net.last.receive({ id: command.id, channel: command.channel, epoch: 'e', ...reply });
    await settle();
    return command;
  };
  const message = (offset) => ({ offset, data: offset, time: 1 });
  const say = (...offsets) => offsets.forEach((offset) => net.last.receive({ type: 'message', channel: 'chat:a', ...message(offset) }));
  return { net, host, tidings, open, sent, answer, say, message };
}

function listen(room) {
  const told = [];
  room.on('message', ({ offset }) => told.push(offset));
  for (const event of ['subscribed', 'gap', 'unsubscribed', 'error', 'join']) room.on(event, () => told.push(event));
  return told;
}

test('Two subscriptions of a channel are one for the server, and both hear each message', async () => {
  const { tidings, sent, answer, say } = await start();
  const [first, second] = [tidings.subscribe('chat:a'), tidings.subscribe('chat:a')];
  assert.notEqual(first, second);
  const told = [listen(first), listen(second)];
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  say(1, 2);
  assert.equal(sent('subscribe').length, 1);
  assert.deepEqual(told, [['subscribed', 1, 2], ['subscribed', 1, 2]]);
});

test('Each ends by itself: the others go on, and the server hears of the last', async () => {
  const { tidings, sent, answer, say } = await start();
  const rooms = [1, 2, 3].map(() => tidings.subscribe('chat:a'));
  const told = rooms.map(listen);
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  const loop = (async () => {
    for await (const { offset } of rooms[2]) told.push(`loop ${offset}`);
  })();
  say(1);
  rooms[0].unsubscribe();
  rooms[0].unsubscribe();
  say(2);
  rooms[1].unsubscribe();
  assert.deepEqual(rooms.map(({ ended, active }) => [ended, active]), [[true, false], [true, false], [false, true]]);
  say(3);
  assert.equal(sent('unsubscribe').length, 0);
  rooms[2].unsubscribe();
  await loop;
  assert.equal(sent('unsubscribe').length, 1);
  assert.deepEqual(told.slice(0, 3), [['subscribed', 1], ['subscribed', 1, 2], ['subscribed', 1, 2, 3]]);
  assert.deepEqual(told.slice(3), ['loop 1', 'loop 2', 'loop 3']);
  tidings.subscribe('chat:a');
  assert.equal(sent('subscribe').length, 2);
});

test('Whoever leaves while its beginning is read from the history is told nothing more', async () => {
  const { tidings, answer, say, message } = await start();
  const first = listen(tidings.subscribe('chat:a'));
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  say(1, 2);
  const second = tidings.subscribe('chat:a', { last: 5 });
  const told = listen(second);
  await settle();
  second.unsubscribe();
  const before = [...told];
  await answer('history', { type: 'history', offset: 2, messages: [message(1), message(2)] });
  say(3);
  assert.deepEqual(told, before);
  assert.deepEqual(first, ['subscribed', 1, 2, 3]);
});

test('Whoever joins with nothing of the past begins with what comes', async () => {
  const { tidings, sent, answer, say } = await start();
  tidings.subscribe('chat:a');
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  say(1, 2);
  const late = tidings.subscribe('chat:a');
  const told = listen(late);
  await settle();
  assert.deepEqual(late.position, { epoch: 'e', offset: 2 });
  say(3);
  assert.deepEqual(told, ['subscribed', 3]);
  assert.equal(sent('history').length, 0);
});

for (const [what, options, begins] of [['the newest messages', { last: 2 }, [2, 3]], ['a position', { since: { epoch: 'e', offset: 0 } }, [1, 2, 3]]]) {
  test(`Whoever joins with ${what} gets them from the history, and each message once`, async () => {
    const { tidings, answer, say, message } = await start();
    const early = listen(tidings.subscribe('chat:a'));
    await answer('subscribe', { type: 'subscribed', offset: 0 });
    say(1, 2);
    const late = tidings.subscribe('chat:a', options);
    const told = listen(late);
    say(3, 4);
    assert.equal(late.active, false);
    const command = await answer('history', { type: 'history', offset: 3, messages: begins.map(message), ...(options.since && { recovered: true }) });
    assert.deepEqual([command.last, command.since], [options.last, options.since]);
    say(5);
    assert.deepEqual(told, ['subscribed', ...begins, 4, 5]);
    assert.deepEqual(early, ['subscribed', 1, 2, 3, 4, 5]);
    assert.equal(late.active, true);
  });
}

test('A history longer than an answer is read to its end', async () => {
  const { tidings, answer, say, message } = await start();
  tidings.subscribe('chat:a');
  await answer('subscribe', { type: 'subscribed', offset: 9 });
  const told = listen(tidings.subscribe('chat:a', { since: { epoch: 'e', offset: 4 } }));
  await answer('history', { type: 'history', recovered: true, offset: 9, messages: [5, 6].map(message) });
  say(10);
  const again = await answer('history', { type: 'history', recovered: true, offset: 10, messages: [7, 8, 9, 10].map(message) });
  assert.deepEqual(again.since, { epoch: 'e', offset: 6 });
  assert.deepEqual(told, ['subscribed', 5, 6, 7, 8, 9, 10]);
});

test('Whoever reads for so long that a thousand messages have come reads on', async () => {
  const { tidings, answer, say, message } = await start();
  tidings.subscribe('chat:a');
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  const told = listen(tidings.subscribe('chat:a', { last: 1 }));
  for (let offset = 1; offset <= 1_002; offset++) say(offset);
  await answer('history', { type: 'history', offset: 1, messages: [message(1)] });
  await answer('history', { type: 'history', recovered: true, offset: 1_002, messages: Array.from({ length: 1_001 }, (_, i) => message(i + 2)) });
  say(1_003);
  assert.deepEqual(told, ['subscribed', ...Array.from({ length: 1_003 }, (_, i) => i + 1)]);
});

test('Before there is an answer each has its own beginning: what one wants of the past another does not get', async () => {
  const { tidings, sent, answer, say, message } = await start();
  const [some, none, same] = [{ last: 2 }, {}, { last: 2 }].map((options) => listen(tidings.subscribe('chat:a', options)));
  await answer('subscribe', { type: 'subscribed', offset: 3 });
  say(4, 5);
  await answer('history', { type: 'history', offset: 5, messages: [message(5)] });
  say(6);
  assert.deepEqual([some, none, same], [['subscribed', 4, 5, 6], ['subscribed', 6], ['subscribed', 4, 5, 6]]);
  assert.equal(sent('history').length, 1);
});

test('What was lost meanwhile is told to whoever joined by a position', async () => {
  const { tidings, answer } = await start();
  tidings.subscribe('chat:a');
  await answer('subscribe', { type: 'subscribed', offset: 50 });
  const room = tidings.subscribe('chat:a', { since: { epoch: 'old', offset: 7 } });
  const gaps = [];
  room.on('gap', (gap) => gaps.push(gap));
  await answer('history', { type: 'history', recovered: false, offset: 50, messages: [] });
  assert.deepEqual(gaps, [{ channel: 'chat:a', epoch: 'e', offset: 50, from: 8, to: 7, reason: 'epoch' }]);
});

test('A history that cannot be had is an error, and then what comes', async () => {
  const { tidings, answer, say } = await start();
  tidings.subscribe('chat:a');
  await answer('subscribe', { type: 'subscribed', offset: 5 });
  const room = tidings.subscribe('chat:a', { last: 3 });
  const told = listen(room);
  await answer('history', { type: 'error', code: 'not_allowed', error: 'Not allowed' });
  say(6);
  assert.deepEqual(told, ['error', 'subscribed', 6]);
});

test('Presence that a later one wants is asked for, and only it hears of it', async () => {
  const { net, tidings, sent, answer, say } = await start();
  const plain = listen(tidings.subscribe('chat:a'));
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  const room = tidings.subscribe('chat:a', { presence: true });
  const told = listen(room);
  let members;
  room.on('subscribed', ({ presence }) => (members = presence));
  assert.deepEqual(net.last.sent.slice(1).map(({ type }) => type), ['unsubscribe', 'subscribe', 'presence']);
  assert.deepEqual([sent('subscribe')[1].since, sent('subscribe')[1].presence], [{ epoch: 'e', offset: 0 }, true]);
  say(1);
  await answer('subscribe', { type: 'subscribed', offset: 0, recovered: true, presence: { members: [], count: 0 } });
  say(1, 2);
  await answer('presence', { type: 'presence', members: [{ user: 'ann', connections: 1 }], count: 1 });
  await answer('history', { type: 'history', offset: 2, messages: [] });
  net.last.receive({ type: 'join', channel: 'chat:a', member: { user: 'bob', connections: 1 } });
  assert.deepEqual(plain, ['subscribed', 1, 2]);
  assert.deepEqual(told, ['subscribed', 'join']);
  assert.equal(members.count, 1);
});

test('A channel is conflated only where all want it', async () => {
  const { tidings, sent, answer } = await start();
  tidings.subscribe('chat:a', { conflate: true });
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  tidings.subscribe('chat:a', { conflate: true });
  assert.equal(sent('subscribe').length, 1);
  tidings.subscribe('chat:a');
  assert.deepEqual(sent('subscribe').map(({ conflate }) => conflate), [true, undefined]);
});

test('A broken connection is one recovery for all', async () => {
  const { net, tidings, open, sent, answer, say } = await start();
  const told = [listen(tidings.subscribe('chat:a')), listen(tidings.subscribe('chat:a'))];
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  say(1);
  net.last.end(1006);
  tidings.connect();
  await open();
  assert.deepEqual(sent('subscribe').map(({ since }) => since), [{ epoch: 'e', offset: 1 }]);
  await answer('subscribe', { type: 'subscribed', offset: 9, recovered: false });
  say(10);
  for (const one of told) assert.deepEqual(one, ['subscribed', 1, 'subscribed', 'gap', 10]);
});

test('A refusal ends all, and none of a later subscription', async () => {
  const { net, tidings, answer } = await start();
  const told = [listen(tidings.subscribe('chat:a')), listen(tidings.subscribe('chat:a'))];
  await answer('subscribe', { type: 'error', code: 'not_allowed', error: 'Not allowed' });
  assert.deepEqual(told, [['unsubscribed'], ['unsubscribed']]);
  const room = tidings.subscribe('chat:a');
  net.last.receive({ type: 'unsubscribed', channel: 'chat:a', code: 'not_allowed', reason: 'of the one before' });
  await answer('subscribe', { type: 'subscribed', offset: 0 });
  assert.deepEqual([room.ended, room.active], [false, true]);
  net.last.receive({ type: 'unsubscribed', channel: 'chat:a', code: 'not_allowed', reason: 'Revoked' });
  assert.equal(room.ended, true);
});
