import WebSocket from 'ws';

/** As much of a browser's EventSource as centrifuge-js needs; Node has none of its own yet. */
class EventSource {
  #abort = new AbortController();

  constructor(url) {
    this.#read(url).catch(() => {}).finally(() => !this.#abort.signal.aborted && this.onerror?.({}));
    EventSource.last = this;
  }

  close() {
    this.#abort.abort();
  }

  async #read(url) {
    const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: this.#abort.signal });
    if (!response.ok || response.headers.get('content-type') !== 'text/event-stream') throw new Error(`${response.status}`);
    this.onopen?.({});
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        if (data !== undefined && !this.#abort.signal.aborted) this.onmessage?.({ data });
      }
    }
  }
}

/**
 * The ways in which centrifuge-js connects, each with a way to cut it as a network would.
 * @param {'websocket' | 'sse' | 'http_stream'} kind
 * @param {number} port
 */
export function transport(kind, port) {
  const cuts = [];
  const cut = () => cuts.at(-1)();
  const base = `127.0.0.1:${port}`;
  if (kind === 'websocket') {
    class Socket extends WebSocket {
      constructor(...parameters) {
        super(...parameters);
        cuts.push(() => this.terminate());
      }
    }
    return { endpoint: `ws://${base}/connection/websocket`, options: { websocket: Socket }, cut };
  }
  const options = {
    emulationEndpoint: `http://${base}/emulation`,
    readableStream: ReadableStream,
    eventsource: class extends EventSource {
      constructor(url) {
        super(url);
        cuts.push(() => {
          this.close();
          this.onerror?.({});
        });
      }
    },
    fetch: (url, init = {}) => {
      if (!String(url).endsWith('http_stream')) return fetch(url, init);
      const abort = new AbortController();
      init.signal?.addEventListener('abort', () => abort.abort());
      cuts.push(() => abort.abort());
      return fetch(url, { ...init, signal: abort.signal });
    },
  };
  return { endpoint: [{ transport: kind, endpoint: `http://${base}/connection/${kind}` }], options, cut };
}
