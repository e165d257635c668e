import { backoff } from './base/backoff.js';
import { fromBase64 } from './base/bytes.js';
import { TidingsError } from './base/tidings-error.js';
import { TokenSource } from './base/token-source.js';
import { textsOf } from './transports/body-texts.js';
import { EventParser } from './transports/event-parser.js';
import { endOf } from './transports/http-end.js';

const closed = () => new TidingsError('closed', 'The client is closed.');

/** A server gives a sign of life every 30 s, in milliseconds. */
const SILENCE = 75_000;

/**
 * A task's output from a place on, through all connections: each byte once.
 * @param {import('./channel-client.js').ChannelClient<any>} client
 * @param {string} id
 * @param {number} offset
 * @returns {AsyncGenerator<string | Uint8Array, void>}
 */
export async function* outputOf(client, id, offset) {
  const { url, options, host, onClosed } = client.aside();
  const address = new URL(`api/tasks/${encodeURIComponent(id)}/output`, url);
  const tokens = new TokenSource(options.token);
  for (let attempt = 0; ; attempt++) {
    const stop = new AbortController();
    const listen = () => host.after(() => stop.abort(), SILENCE);
    let heard = listen();
    const off = onClosed(() => stop.abort());
    try {
      if (client.state === 'closed') throw closed();
      const token = await tokens.get(true);
      const response = await /** @type {typeof fetch} */ (host.fetch)(`${address}?offset=${offset}`, {
        headers: { accept: 'text/event-stream', ...(token && { authorization: `Bearer ${token}` }) },
        signal: stop.signal,
      });
      const { status } = response;
      if (status !== 200) {
        const { reason } = await endOf(response);
        if (status < 500 && status !== 429) throw new TidingsError('not_allowed', reason);
      } else {
        /** @type {any[]} */
        const parts = [];
        const parser = new EventParser((text) => parts.push(JSON.parse(text)));
        for await (const piece of textsOf(/** @type {ReadableStream<Uint8Array>} */ (response.body))) {
          if (!parser.push(piece)) break;
          heard();
          heard = listen();
          for (const { type, next, text, data64 } of parts.splice(0)) {
            if (type === 'end') return;
            if (type !== 'output') continue;
            offset = next;
            attempt = 0;
            yield text ?? fromBase64(data64);
          }
        }
      }
    } catch (error) {
      // Whatever else it was, it is tried again.
      if (error instanceof TidingsError) throw error;
      if (client.state === 'closed') throw closed();
    } finally {
      off();
      heard();
      stop.abort();
    }
    await new Promise((resolve) => host.after(/** @type {() => void} */ (resolve), backoff(attempt, host.random)));
  }
}
