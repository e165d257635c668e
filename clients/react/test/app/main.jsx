// A page that uses each hook, in StrictMode, and reports what it saw.
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Tidings } from 'tidings-client';
import { TidingsProvider, useChannel, useMap, usePresence, useResource, useTask, useTidings } from 'tidings-react';

const tidings = new Tidings('/connect');
const frames = [];
tidings.on('frame', ({ direction, text }) => direction === 'out' && frames.push(...[JSON.parse(text)].flat()));
const sent = (type, channel) => frames.filter((frame) => frame.type === type && frame.channel === channel).length;

/** What the components see. */
const seen = {};

function Lobby({ name }) {
  seen.lobby = useChannel('chat:lobby', { last: 10, keep: 3 });
  return <p>{name}: {seen.lobby.messages.map(({ data }) => data.text).join(', ')}</p>;
}

function Room({ channel }) {
  seen.room = useChannel(channel);
  return <p>{channel}</p>;
}

function Here({ info }) {
  seen.here = usePresence('board:1', info);
  return <p>{seen.here.members.map((member) => JSON.stringify(member.info)).join(', ')}</p>;
}

function Board() {
  seen.board = useMap('board:1');
  return <ul>{[...seen.board.entries].map(([key, value]) => <li key={key}>{key} = {JSON.stringify(value)}</li>)}</ul>;
}

function Progress({ id }) {
  seen.task = useTask(id);
  return <p>{seen.task.state?.status}</p>;
}

function Table() {
  seen.items = useResource('items');
  return <ul>{seen.items.rows.map(({ id, name }) => <li key={id}>{name}</li>)}</ul>;
}

function Refused() {
  seen.refused = useChannel('secret:1');
  return <p>{seen.refused.status}</p>;
}

let show;
function App() {
  const [what, set] = useState({ lobbies: 2, channel: null, info: 'here', task: null, board: true });
  show = (more) => set((before) => ({ ...before, ...more }));
  seen.client = useTidings();
  return (
    <>
      {Array.from({ length: what.lobbies }, (_, i) => <Lobby key={i} name={String(i)} />)}
      <Room channel={what.channel} />
      {what.board && <><Here info={what.info} /><Board /></>}
      <Progress id={what.task} />
      <Table />
      <Refused />
    </>
  );
}

async function until(condition, what) {
  for (let i = 0; i < 1_500; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never: ${what}; ${JSON.stringify(seen, (key, value) => (key === 'client' || key === 'subscription' ? undefined : value instanceof Map ? [...value] : value))}`);
}

const json = (path, body) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).then((response) => response.json());

async function scenario() {
  const told = {};
  await until(() => seen.lobby?.status === 'live', 'live');
  told.client = seen.client === tidings;
  for (const text of ['a', 'b', 'c', 'd']) await seen.lobby.publish({ text });
  await until(() => seen.lobby.messages.at(-1)?.data.text === 'd', 'messages');
  told.kept = seen.lobby.messages.map(({ data }) => data.text);
  told.page = document.querySelector('#root p').textContent;
  told.subscribed = sent('subscribe', 'chat:lobby');

  // What is missed while it is away comes; what the components show stays.
  tidings.drop();
  await until(() => seen.lobby.status === 'connecting', 'away');
  await until(() => seen.lobby.status === 'live', 'back');
  await seen.lobby.publish({ text: 'e' });
  await until(() => seen.lobby.messages.at(-1)?.data.text === 'e', 'after the break');
  told.after = seen.lobby.messages.map(({ data }) => data.text);

  await until(() => seen.here.members.some(({ info }) => info === 'here'), 'presence');
  show({ info: 'typing' });
  await until(() => seen.here.members.some(({ info }) => info === 'typing'), 'what it says of itself');
  told.tracked = sent('track', 'board:1');

  await until(() => seen.board.ready, 'map');
  const before = seen.board.entries;
  await seen.board.set('k', { x: 1 });
  await until(() => seen.board.entries.get('k')?.x === 1, 'a key');
  told.isNew = before !== seen.board.entries && !before.has('k');
  await seen.board.remove('k');
  await until(() => !seen.board.entries.has('k'), 'no key');

  const { task_id: id } = await json('/back-end/tasks', { name: 'demo', data: { files: 4, milliseconds: 5 } });
  show({ task: id });
  await until(() => seen.task.state?.status === 'completed' || seen.task.state?.status === 'failed', 'task');
  told.task = [seen.task.state.status, seen.task.state.progress];

  await until(() => seen.items.ready, 'resource');
  await json('/back-end/items', { name: 'apple', price: 1 });
  await until(() => seen.items.rows.some(({ name }) => name === 'apple'), 'row');

  await until(() => seen.refused.status === 'ended', 'refused');
  told.refused = seen.refused.error.code;

  // Another channel in the same component, then none.
  show({ channel: 'chat:one' });
  await until(() => seen.room.status === 'live', 'one');
  show({ channel: 'chat:two' });
  await until(() => seen.room.status === 'live' && seen.room.subscription.channel === 'chat:two', 'two');
  await until(() => sent('unsubscribe', 'chat:one') === 1, 'one is left');
  show({ channel: null });
  await until(() => sent('unsubscribe', 'chat:two') === 1, 'two is left');

  // One component less changes nothing; the last one leaves, and so does what followed with it.
  show({ lobbies: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  told.stays = sent('unsubscribe', 'chat:lobby');
  show({ lobbies: 0, board: false });
  await until(() => sent('unsubscribe', 'chat:lobby') === 1 && sent('unsubscribe', 'board:1') === 1, 'all is left');
  told.errors = errors;
  return told;
}

const errors = [];
window.addEventListener('error', ({ message }) => errors.push(message));
window.addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));

createRoot(document.querySelector('#root')).render(<StrictMode><TidingsProvider client={tidings}><App /></TidingsProvider></StrictMode>);
scenario().catch((error) => ({ failed: String(error), errors })).then((told) => fetch('/report', { method: 'POST', body: JSON.stringify(told) }));
