// What a file adds to the registry holds for every client.
import { Tidings } from 'tidings-client';
import { Tidings as Lean, eventStream, loadedOf, mapOf, resourceOf, taskOf, webSocket } from 'tidings-client/channels';

interface Line { text: string }

declare module 'tidings-client' {
  interface Register {
    channels: { 'chat:{room}': Line };
    calls: { sum(a: number, b: number): number };
  }
}

export async function registered() {
  const tidings = new Tidings('/connect');
  tidings.subscribe('chat:lobby').on('message', ({ data }) => data.text.length);
  // @ts-expect-error: no such member
  tidings.subscribe('chat:lobby').on('message', ({ data }) => data.txt);
  (await tidings.call.sum(1, 2)).toFixed();
}

export async function inParts() {
  const tidings = new Lean('/connect', { transports: [webSocket, eventStream] });
  tidings.subscribe('chat:lobby').on('message', ({ data }) => data.text.length);
  (await tidings.call.sum(1, 2)).toFixed();
  mapOf(tidings, 'chat:lobby').get('a')?.text.length;
  // @ts-expect-error: no such member
  mapOf(tidings, 'chat:lobby').get('a')?.txt;
  loadedOf(tidings, 'chat:lobby', { load: async () => ({ rows: [1], position: { epoch: 'e', offset: 1 } }) }).on('message', ({ data }) => data.text.length);
  (await taskOf<number>(tidings, 'id').result()).toFixed();
  resourceOf<{ id: number }>(tidings, 'items').rows[0]?.id.toFixed();
}
