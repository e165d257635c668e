import { Tidings } from 'tidings-client';
import { TidingsProvider, useChannel, useMap, usePresence, useResource, useTask, useTidings } from 'tidings-react';

interface Line { text: string }
interface Card { title: string }
interface Item { id: number; name: string }

declare module 'tidings-client' {
  interface Register {
    channels: { 'chat:{room}': Line };
    calls: { sum(a: number, b: number): number };
    tasks: { report: { pages: number } };
    resources: { items: Item };
  }
}

const tidings = new Tidings('/connect');
export const App = () => <TidingsProvider client={tidings}><Page id="1" room={null} /></TidingsProvider>;

function Page({ id, room }: { id: string; room: string | null }) {
  const { messages, publish, status, error } = useChannel('chat:lobby', { last: 20, keep: 50 });
  const elsewhere = useChannel<Card>('elsewhere:1');
  const dynamic = useChannel(room && `chat:${room}`);
  const { members, count } = usePresence('chat:lobby', { name: 'Ann' });
  const board = useMap<Card>('board:1');
  const report = useTask<'report'>(id);
  const items = useResource('items', { filter: { name: 'apple' } });
  const client = useTidings();
  const send = async () => {
    await publish({ text: 'Hello' });
    // @ts-expect-error: no Line
    await publish({ txt: 'Hello' });
    await board.set('a', { title: 'b' });
    // @ts-expect-error: no Card
    await board.set('a', { text: 'b' });
    (await client.call.sum(1, 2)).toFixed();
    await report.cancel();
  };
  // @ts-expect-error: no such member
  messages.map(({ data }) => data.txt);
  // @ts-expect-error: no such member
  items.rows.map(({ title }) => title);
  return (
    <button onClick={send} title={`${status} ${error?.code} ${count}`}>
      {messages.map(({ data }) => data.text).join()}
      {elsewhere.messages.map(({ data }) => data.title)}
      {dynamic.messages.map(({ data }) => data.text)}
      {members.map(({ user, info }) => `${user} ${info?.name}`)}
      {[...board.entries].map(([key, card]) => key + card.title)}
      {report.state?.result?.pages.toFixed()}
      {items.rows.map(({ name }) => name)}
    </button>
  );
}
