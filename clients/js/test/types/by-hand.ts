// Who writes types by hand names them at the call, or once for the client.
import { Tidings, type ChannelMap, type Exchange, type LiveResource, type LoadedSubscription, type Subscription, type Task } from 'tidings-client';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>() => {};

interface Line { text: string; time?: string }
interface Item { id: number; name: string }

const tidings = new Tidings('ws://localhost/connect');

export async function byCall() {
  const room = tidings.subscribe<Line>('chat:lobby', { last: 20 });
  holds<Equal<typeof room, Subscription<Line, Line>>>();
  room.on('message', ({ data, offset }) => [holds<Equal<typeof data, Line>>(), holds<Equal<typeof offset, number | undefined>>()]);
  room.on('event:paid', ({ data }) => holds<Equal<typeof data, Line>>());
  for await (const { data } of room) holds<Equal<typeof data, Line>>();
  await room.publish({ text: 'Hello' });
  // @ts-expect-error: no Line
  await room.publish({ txt: 'Hello' });
  const { messages } = await tidings.history<Line>('chat:lobby');
  holds<Equal<(typeof messages)[0]['data'], Line>>();
  const sum = await tidings.call<number>('sum', [1, 2]);
  holds<Equal<typeof sum, number>>();
  const board = tidings.map<Line>('board:1');
  holds<Equal<typeof board, ChannelMap<Line, Line>>>();
  board.on('change', ({ value }) => holds<Equal<typeof value, Line | undefined>>());
  const report = tidings.task<Line>('id');
  holds<Equal<typeof report, Task<Line>>>();
  const items = tidings.resource<Item>('items');
  holds<Equal<typeof items, LiveResource<Item>>>();
  const name = tidings.channel<Line>('chat:lobby').name;
  holds<Equal<typeof name, string>>();
  const loaded = tidings.subscribe<Line>('chat:lobby', { load: async () => ({ rows: [1], position: { epoch: 'e', offset: 1 } }) });
  loaded.on('loaded', ({ position }) => holds<Equal<typeof position.offset, number>>());
  holds<typeof loaded extends LoadedSubscription<Line> ? true : false>();
}

export async function ofText() {
  const room = tidings.subscribe<string>('chat:lobby');
  room.on('message', ({ data }) => holds<Equal<typeof data, string>>());
}

export async function untyped() {
  const room = tidings.subscribe('chat:lobby');
  room.on('message', ({ data }) => data.whatever.it.is);
  const answer = await tidings.call('sum', [1, 2]);
  answer.is.any;
  (await tidings.call.sum(1, 2)).is.any;
  await tidings.publish('chat:lobby', { any: 'thing' });
  tidings.resource('items').rows[0]?.anything;
}

interface Shop {
  channels: {
    'chat:{room}': Line;
    'chat:{room}:typing': { user: string };
    'chat:announcements': { title: string };
    'orders:{id}': Exchange<{ id: number; state: 'open' | 'paid' }, { id: number }>;
    'log:*': string;
  };
  calls: { sum(a: number, b: number): number; order(order: { id: number }): Promise<Item>; now(): string };
  tasks: { report: { pages: number } };
  resources: { items: Item };
}

const shop = new Tidings<Shop>('ws://localhost/connect');

export async function declared(id: number, anywhere: string) {
  shop.subscribe('chat:lobby').on('message', ({ data }) => holds<Equal<typeof data, Line>>());
  shop.subscribe(`chat:${id}`).on('message', ({ data }) => holds<Equal<typeof data, Line>>());
  shop.subscribe('chat:lobby:typing').on('message', ({ data }) => holds<Equal<typeof data, { user: string }>>());
  shop.subscribe('chat:announcements').on('message', ({ data }) => holds<Equal<typeof data, { title: string }>>());
  shop.subscribe('log:a:b').on('message', ({ data }) => holds<Equal<typeof data, string>>());
  shop.subscribe(anywhere).on('message', ({ data }) => data.any);
  shop.subscribe('elsewhere').on('message', ({ data }) => data.any);
  const order = shop.channel('orders:17');
  order.subscribe().on('message', ({ data }) => holds<Equal<typeof data.state, 'open' | 'paid'>>());
  await order.publish({ id: 17 });
  // @ts-expect-error: the application says the state
  await order.publish({ id: '17' });
  await shop.publish('orders:17', { id: 17 });
  // @ts-expect-error: no such member
  await shop.publish('chat:lobby', { txt: '' });
  const sum = await shop.call.sum(1, 2);
  holds<Equal<typeof sum, number>>();
  const same = await shop.call('sum', [1, 2]);
  holds<Equal<typeof same, number>>();
  const item = await shop.call.order({ id: 1 });
  holds<Equal<typeof item, Item>>();
  // @ts-expect-error: numbers
  await shop.call.sum('1', 2);
  // @ts-expect-error: there is no such method
  await shop.call.total(1, 2);
  const report = await shop.task<'report'>('id').result();
  holds<Equal<typeof report, { pages: number }>>();
  const rows = await shop.resource('items').ready;
  holds<Equal<typeof rows, Item[]>>();
  shop.map('chat:lobby').on('change', ({ value }) => holds<Equal<typeof value, Line | undefined>>());
}
