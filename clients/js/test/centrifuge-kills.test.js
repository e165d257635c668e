// centrifuge-js, unchanged, while the nodes that it is connected to are killed: TIDINGS_KILLS times, 3 where that is not set.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as CentrifugeProtobuf } from 'centrifuge/build/protobuf';
import { transport } from './support/centrifuge-transports.js';
import { FaultProxy } from './support/fault-proxy.js';
import { startRedis } from './support/redis-process.js';
import { ServerProcess } from './support/server-process.js';

const kills = Number(process.env.TIDINGS_KILLS ?? 3);
const channel = 'chat:kills';

let redis;
let nodes;

const startNode = () => ServerProcess.start(
  '--centrifuge', 'Tidings__Centrifuge__Insecure=true', '--redis', redis.address, 'Tidings__Channels__0__Pattern=chat:*', 'Tidings__Channels__0__History=1000');

before(async () => {
  redis = await startRedis();
  nodes = await Promise.all([startNode(), startNode()]);
});

after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  redis.stop();
});

/** Says it again until it is known to be said: it is entered once. */
async function publish(number) {
  for (let attempt = 0; ; attempt++) {
    const node = nodes[attempt % 2];
    try {
      const response = await node.get('/api/publish', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer admin-key-of-the-tests' },
        body: JSON.stringify({ channel, data: number, idempotencyKey: `n${number}` }),
      });
      if (response.ok) return;
    } catch {
      // The node was killed.
    }
    assert.ok(attempt < 2000, `${number} could not be said`);
    await delay(20);
  }
}

test('Nothing is lost, doubled or out of order for clients whose nodes are killed', async () => {
  const proxy = await FaultProxy.start(nodes[0].port);
  const read = (data) => JSON.parse(data instanceof Uint8Array ? new TextDecoder().decode(data) : data);
  const listeners = [['websocket', Centrifuge], ['sse', Centrifuge], ['http_stream', Centrifuge], ['websocket', CentrifugeProtobuf]].map(([kind, Client]) => {
    const way = transport(kind, proxy.port);
    const client = new Client(Client === Centrifuge ? way.endpoint : `${way.endpoint}?cf_protocol=protobuf`, { ...way.options, minReconnectDelay: 20, maxReconnectDelay: 200, timeout: 10_000 });
    const subscription = client.newSubscription(channel);
    const heard = [];
    subscription.on('publication', ({ data }) => heard.push(read(data)));
    subscription.on('subscribed', ({ wasRecovering, recovered }) => wasRecovering && !recovered && heard.push('a gap'));
    subscription.subscribe();
    client.connect();
    return { name: `${kind} ${Client === Centrifuge ? 'JSON' : 'Protobuf'}`, client, subscription, heard };
  });
  await Promise.all(listeners.map(({ subscription }) => subscription.ready(20_000)));

  let said = 0;
  let isOver = false;
  const saying = (async () => {
    while (!isOver || said < 200) {
      await publish(said + 1);
      said++;
      await delay(3);
    }
  })();
  for (let kill = 0; kill < kills; kill++) {
    await delay(Math.random() * 300);
    const victim = kill % 2;
    proxy.lead(nodes[1 - victim].port);
    await nodes[victim].stop();
    nodes[victim] = await startNode();
  }
  isOver = true;
  await saying;

  const wanted = Array.from({ length: said }, (_, i) => i + 1);
  for (const { name, heard } of listeners) {
    for (let i = 0; heard.length < said && i < 2000; i++) await delay(10);
    assert.deepEqual(heard, wanted, name);
  }
  for (const { client } of listeners) client.disconnect();
  await proxy.stop();
});
