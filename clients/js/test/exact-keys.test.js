import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tidings } from '../src/tidings.js';
import { FakeHost, settle } from './support/fake-host.js';
import { fakeSockets } from './support/fake-sockets.js';

async function start() {
  const net = fakeSockets();
  const tidings = new Tidings('ws://localhost/connect', {}, new FakeHost(net));
  tidings.close();
  const items = tidings.resource('items');
  const changes = [];
  items.on('change', ({ type, id, previous }) => changes.push([type, id, previous?.name]));
  await settle();
  net.last.open();
  return { items, changes, hear: (text) => net.last.receive(text) };
}

test('Whole numbers over 2⁵³ are rows of their own, by their digits', async () => {
  const { items, changes, hear } = await start();
  hear('{"type":"initial","key":"id","data":[{"id":9007199254740992,"name":"a"},{"id":9007199254740993,"name":"b"},{"id":-9223372036854775808,"name":"c"},{"id":7,"name":"d"}],"epoch":"e","offset":0}');
  assert.equal(items.size, 4);
  assert.deepEqual(items.rows.map(({ id }) => id), [9007199254740992, '9007199254740993', '-9223372036854775808', 7]);
  assert.equal(items.get('9007199254740993').name, 'b');
  assert.equal(items.get(9007199254740993n).name, 'b');
  assert.equal(items.get(items.rows[2].id).name, 'c');
  assert.deepEqual([items.get(7).name, items.get('7').name], ['d', 'd']);
  hear('{"type":"update","id":9007199254740993,"data":{"id":9007199254740993,"name":"B"},"offset":1}');
  hear('{"type":"create","id":9007199254740995,"data":{"id":9007199254740995,"name":"9007199254740995, \\"9007199254740997\\""},"offset":2}');
  hear('{"type":"delete","id":9007199254740992,"offset":3}');
  assert.deepEqual(changes, [['update', '9007199254740993', 'b'], ['create', '9007199254740995', undefined], ['delete', 9007199254740992, 'a']]);
  assert.equal(items.get('9007199254740995').name, '9007199254740995, "9007199254740997"');
  assert.equal(items.size, 4);
});

test('What is no key stays what JSON.parse makes of it', async () => {
  const { items, hear } = await start();
  hear('{"type":"initial","key":"id","data":[{"id":1,"big":9007199254740993,"text":"9007199254740993","price":1.50,"nested":{"id":9007199254740993}}],"epoch":"e","offset":9007199254740991}');
  assert.deepEqual(items.get(1), { id: 1, big: 9007199254740992, text: '9007199254740993', price: 1.5, nested: { id: 9007199254740992 } });
});
