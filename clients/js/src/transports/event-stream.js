import { BROKEN } from '../base/close-codes.js';
import { Heartbeat } from '../base/heartbeat.js';
import { heartbeatOf } from '../base/waits.js';
import { textsOf } from './body-texts.js';
import { EventParser } from './event-parser.js';
import { endOf } from './http-end.js';
import { HttpTransport } from './http-transport.js';
import { readFrame } from './transport.js';

/** How long the answer may take to begin. */
const ANSWER_LIMIT = 15_000;

/**
 * @typedef {import('../link/link.js').End} End
 * @typedef {import('../commands/commands.js').Frame} Frame
 */

/**
 * Server-Sent Events, read by fetch: EventSource cannot send an Authorization header, nor say which status it was refused with.
 * @type {import('./transport.js').OpenTransport}
 */
export function openEventStream(context) {
  return new HttpTransport(context, carry, true);
}

/** @type {import('./http-transport.js').Carry} */
async function carry(transport, signal) {
  const { host } = transport;
  const stream = new AbortController();
  const abort = () => stream.abort();
  signal.addEventListener('abort', abort);
  let cancelLimit = host.after(abort, ANSWER_LIMIT);
  /** @type {Heartbeat | undefined} */
  let heartbeat;
  try {
    const response = await transport.request({}, { headers: { accept: 'text/event-stream' }, signal: stream.signal });
    if (response.status !== 200 || !response.headers.get('content-type')?.startsWith('text/event-stream') || response.body === null) {
      const end = await endOf(response);
      stream.abort();
      return end;
    }
    /** @type {Frame | undefined} */
    let disconnecting;
    const parser = new EventParser((text) => {
      transport.trace(text);
      const frame = readFrame(text);
      switch (frame?.type) {
        case undefined:
          return;
        case 'connected':
          cancelLimit();
          heartbeat = new Heartbeat(host, { interval: heartbeatOf(frame?.pingInterval), probe: () => {}, onSilence: abort });
          if (frame) transport.connected(frame);
          return;
        case 'disconnecting':
          disconnecting = frame;
      }
      if (frame) transport.receive(frame);
    });
    for await (const text of textsOf(response.body)) {
      if (signal.aborted) break;
      heartbeat?.heard();
      if (!parser.push(text)) {
        stream.abort();
        return { code: 1009, reason: 'Message too large' };
      }
    }
    return disconnecting ? saidBy(disconnecting) : { code: BROKEN, reason: '' };
  } finally {
    cancelLimit();
    heartbeat?.stop();
    signal.removeEventListener('abort', abort);
  }
}

/** @param {Frame} frame `disconnecting` @returns {End} */
function saidBy({ code, reason, reconnect, after }) {
  return {
    code: typeof code === 'number' ? code : BROKEN,
    reason: String(reason ?? ''),
    ...(typeof after === 'number' && { after }),
    ...(reconnect === false && { final: true }),
  };
}
