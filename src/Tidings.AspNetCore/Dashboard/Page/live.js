import { below, Refused } from './ask.js';

/**
 * Server-Sent Events of something below the dashboard, until the server ends them. They are not asked for again, and why there are none is said in the server's words.
 * @param {string} path as `api/connections/x/frames`
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{ name: string, data: string }>}
 */
export async function* live(path, signal) {
  const response = await fetch(below(path), { cache: 'no-store', redirect: 'error', signal, headers: { accept: 'text/event-stream' } });
  if (!response.ok || !response.body) {
    const answer = await response.json().catch(() => undefined);
    throw new Refused(response.status, String(answer?.detail ?? answer?.title ?? `The server answered ${response.status}.`));
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + value).split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) yield read(event);
  }
}

/** @param {string} event */
function read(event) {
  const read = { name: 'message', data: '' };
  for (const line of event.split('\n')) {
    if (line.startsWith('event: ')) read.name = line.slice(7);
    if (line.startsWith('data: ')) read.data += line.slice(6);
  }
  return read;
}
