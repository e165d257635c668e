import { textOf } from '../base/application-code.js';
import { fromBase64 } from '../base/bytes.js';
import { BROKEN, FINISHED, SILENT } from '../base/close-codes.js';
import { Heartbeat } from '../base/heartbeat.js';
import { heartbeatOf } from '../base/waits.js';
import { readFrame } from './transport.js';

/** The name of the protocol with binary frames. */
const BINARY = 'tidings.v1+binary';

/** A close frame holds 123 bytes of it. */
const LONGEST_REASON = 40;

/** @type {import('./transport.js').OpenTransport} */
export function openWebSocket(context) {
  return new WebSocketTransport(context);
}

/**
 * @typedef {import('./transport.js').Transport} Transport
 * @implements {Transport}
 */
class WebSocketTransport {
  #context;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {Heartbeat | undefined} */
  #heartbeat;
  /** @type {import('../commands/commands.js').Frame | undefined} */
  #disconnecting;

  /** @param {import('./transport.js').TransportContext} context */
  constructor(context) {
    this.#context = context;
    const socket = new /** @type {new (url: string, protocols?: string[]) => WebSocket} */ (context.host.WebSocket)(context.url.replace(/^http/, 'ws'), context.binary ? [BINARY, 'tidings.v1'] : undefined);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      const { token, client } = context;
      if (token !== undefined) this.send([{ type: 'auth', token, client }]);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') this.#received(data);
      else if (context.binary) this.#receivedBinary(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => this.#end(code, reason);
    // What happened is told by the close that follows; without a listener some implementations throw.
    socket.onerror = () => {};
    this.#socket = socket;
  }

  /** @param {import('../commands/commands.js').Frame[]} commands */
  send(commands) {
    for (const command of commands) {
      const { data64, ...head } = command;
      // An older server knows no binary frames.
      const binary = data64 !== undefined && this.#socket?.protocol === BINARY;
      const text = JSON.stringify(binary ? head : command);
      this.#socket?.send(binary ? Uint8Array.from([...new TextEncoder().encode(`${text}\n`), ...fromBase64(data64)]) : text);
      this.#context.trace('out', command.type === 'auth' ? JSON.stringify({ ...command, token: '…' }) : text);
    }
  }

  /** @param {string} token */
  renew(token) {
    this.send([{ type: 'auth', token }]);
  }

  wake() {
    this.#heartbeat?.wake();
  }

  /** @param {number} code @param {string} reason */
  close(code, reason) {
    this.#release()?.close(code, reason);
  }

  /** @param {Uint8Array} message a line of JSON, then its payload */
  #receivedBinary(message) {
    const end = message.indexOf(10);
    this.#received(new TextDecoder().decode(message.subarray(0, end)), message.slice(end + 1));
  }

  /** @param {string} text @param {Uint8Array} [bytes] */
  #received(text, bytes) {
    this.#heartbeat?.heard();
    this.#context.trace('in', text);
    const frame = readFrame(text);
    if (frame && bytes) frame.bytes = bytes;
    switch (frame?.type) {
      case undefined:
        return;
      case 'ping':
        this.send([{ type: 'pong' }]);
        return;
      case 'connected':
        this.#watch(frame?.pingInterval);
        break;
      case 'disconnecting':
        this.#disconnecting = frame;
        break;
    }
    if (frame) this.#hand(frame);
  }

  /** @param {import('../commands/commands.js').Frame} frame that may be other than the protocol has it */
  #hand(frame) {
    try {
      this.#context.receive(frame);
    } catch (error) {
      this.#fail(`No such frame: ${textOf(error)}`);
    }
  }

  /** The close event is not waited for. @param {string} reason */
  #fail(reason) {
    this.close(SILENT, reason.slice(0, LONGEST_REASON));
    this.#context.ended({ code: BROKEN, reason });
  }

  /** @param {unknown} interval */
  #watch(interval) {
    this.#heartbeat?.stop();
    this.#heartbeat = new Heartbeat(this.#context.host, {
      interval: heartbeatOf(interval),
      probe: () => this.send([{ type: 'ping' }]),
      // A dead network would let the close event wait for minutes.
      onSilence: () => this.#fail('Silent'),
    });
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    this.#release();
    const said = this.#disconnecting;
    this.#context.ended({
      code: code === FINISHED && said?.reconnect === true ? BROKEN : code,
      reason,
      ...(typeof said?.after === 'number' && { after: said.after }),
      ...(said?.reconnect === false && { final: true }),
    });
  }

  #release() {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#heartbeat?.stop();
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    return socket;
  }
}
