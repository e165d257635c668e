import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, HELD_AFTER, slowBackoff } from '../src/base/backoff.js';
import { actionAfter, codeOfStatus } from '../src/base/close-codes.js';
import { decodePosition, encodePosition } from '../src/base/position.js';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { connectedFrame, fakeSockets } from './support/fake-sockets.js';
import { vectors } from './support/vectors.js';

test('Each close code is followed as the shared table says', async () => {
  const { codes, ranges, otherwise, statuses } = await vectors('close-codes');
  for (const { code, action } of codes) assert.equal(actionAfter(code), action, String(code));
  for (const { from, to, action } of ranges) for (const code of [from, (from + to) >> 1, to]) assert.equal(actionAfter(code), action, String(code));
  for (const code of [1004, 1010, 1015, 3000, 3999, 4005, 4199]) assert.equal(actionAfter(code), otherwise, String(code));
  for (const { status, code } of statuses) assert.equal(codeOfStatus(status), code, String(status));
});

test('Back-off is the shared function of attempt and random', async () => {
  const { cases, heldAfter } = await vectors('backoff');
  for (const { kind, attempt, random, milliseconds } of cases) {
    assert.equal((kind === 'slow' ? slowBackoff : backoff)(attempt, () => random), milliseconds, `${kind} ${attempt} ${random}`);
  }
  assert.equal(HELD_AFTER, heldAfter);
});

test('Positions are written and read as the shared samples', async () => {
  const { valid, invalid } = await vectors('positions');
  for (const { channels, position } of valid) {
    assert.equal(encodePosition(channels), position);
    assert.deepEqual(decodePosition(position), channels);
  }
  for (const { why, position } of invalid) assert.equal(decodePosition(position), undefined, why);
});

for (const { name, call, sent, reply, result, error, ...more } of await vectors('commands')) {
  test(`Command: ${name}`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    const tidings = new Tidings('ws://localhost/connect', {}, host);
    await settle();
    net.last.open();
    net.last.receive(connectedFrame());
    const { channel, to, method, data, options, params } = more;
    const parameters = {
      publish: [channel, data, options],
      send: [to, data],
      call: 'params' in more ? [method, params] : [method],
      history: [channel, options],
      presence: [channel, options],
    };
    const answer = tidings[call](...parameters[call]);
    answer.catch(() => {});
    const [{ id, ...command }] = net.last.sent;
    if (sent.idempotencyKey === '$key') {
      assert.match(command.idempotencyKey, /./);
      command.idempotencyKey = '$key';
    }
    assert.deepEqual(command, sent);
    net.last.receive({ ...reply, id });
    if (error) {
      const { code, message, details } = await answer.then(() => assert.fail('no error'), (thrown) => thrown);
      assert.deepEqual({ code, error: message, ...(details && { details }) }, error);
    } else {
      assert.deepEqual(await answer, result);
    }
  });
}

for (const { name, steps } of await vectors('dialogues')) {
  test(`Dialogue: ${name}`, async () => {
    const net = fakeSockets();
    const host = new FakeHost(net);
    const tidings = new Tidings('ws://localhost/connect', {}, host);
    const subscriptions = new Map();
    let told = [];
    let seen = 0;
    let ids = [];
    for (const event of ['message', 'gap', 'direct', 'error']) tidings.on(event, (detail) => told.push({ event, ...detail }));
    await settle();
    net.last.open();
    for (const [at, step] of steps.entries()) {
      const [[kind, value]] = Object.entries(step);
      const where = `step ${at + 1}, ${kind}`;
      switch (kind) {
        case 'subscribe': {
          const { channel, ...options } = value;
          const subscription = tidings.subscribe(channel, options);
          subscriptions.set(channel, subscription);
          for (const event of ['subscribed', 'message', 'gap', 'join', 'leave', 'unsubscribed', 'error']) subscription.on(event, (detail) => told.push({ event, ...detail }));
          break;
        }
        case 'unsubscribe':
          subscriptions.get(value).unsubscribe();
          break;
        case 'received':
          net.last.receive(typeof value.id === 'string' ? { ...value, id: ids[Number(value.id.slice(1)) - 1] } : value);
          break;
        case 'sent': {
          const commands = net.last.sent.slice(seen);
          seen = net.last.sent.length;
          ids = commands.map(({ id }) => id);
          assert.deepEqual(commands.map(({ id: _, ...command }) => command), value, where);
          break;
        }
        case 'told':
          assert.deepEqual(told, value, where);
          told = [];
          break;
        case 'cut':
          net.last.end(value);
          tidings.connect();
          await settle();
          net.last.open();
          seen = 0;
          break;
        case 'positions':
          for (const [channel, position] of Object.entries(value)) assert.deepEqual(subscriptions.get(channel).position, position, where);
          break;
        default:
          assert.fail(where);
      }
    }
  });
}
