import { describeClose } from './close-codes.js';
import { byId, make, trim } from './dom.js';
import { toCloseFrame, toFrame, toHex } from './frames-log.js';
import { isHeartbeat, readControl } from './room-text.js';
import { echoUrl } from './routes.js';

const ROUTE = '/ws';
const MOST_ANSWERS = 50;
/** What may wait for the connection to open, or for an answer. */
const MOST_WAITING = 100;

/** The echo panel: connects with the first message, and again after a close with the next one. */
export class Echo {
  #text = byId('echo-input', HTMLInputElement);
  #bytes = byId('echo-bytes', HTMLInputElement);
  #output = byId('echo-output', HTMLOListElement);
  #state = byId('echo-state', HTMLElement);
  #onFrame;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {(string | ArrayBuffer)[]} */
  #unsent = [];
  /** @type {number[]} When each unanswered message left: answers come in order. */
  #sentAt = [];

  /** @param {(frame: import('./frames-log.js').Frame) => void} onFrame */
  constructor(onFrame) {
    this.#onFrame = onFrame;
    byId('echo-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send(this.#text.value);
    });
    byId('echo-bytes-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const bytes = fromHex(this.#bytes.value);
      this.#bytes.setCustomValidity(bytes ? '' : 'Two hexadecimal digits for each byte, as in 00 7f ff');
      if (bytes) this.#send(bytes);
      else this.#bytes.reportValidity();
    });
    this.#bytes.addEventListener('input', () => this.#bytes.setCustomValidity(''));
  }

  /** @param {string | ArrayBuffer} data */
  #send(data) {
    if (this.#unsent.length + this.#sentAt.length >= MOST_WAITING) {
      this.#show('error', 'Too much is waiting for an answer.');
      return;
    }
    this.#unsent.push(data);
    if (this.#socket === undefined) this.#open();
    else this.#flush(this.#socket);
  }

  #open() {
    const socket = (this.#socket = new WebSocket(echoUrl()));
    socket.binaryType = 'arraybuffer';
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#state.textContent = 'open';
      this.#flush(socket);
    };
    socket.onmessage = ({ data }) => this.#received(socket, data);
    socket.onclose = ({ code, reason }) => {
      this.#socket = undefined;
      this.#unsent = [];
      this.#sentAt = [];
      this.#state.textContent = 'closed, opens with the next message';
      if (opened) this.#onFrame(toCloseFrame('in', ROUTE, code, reason));
      this.#show('error', opened ? `Closed: ${describeClose(code, reason)}` : 'No connection to the echo route');
    };
    this.#state.textContent = 'connecting';
  }

  /** @param {WebSocket} socket */
  #flush(socket) {
    if (socket.readyState !== WebSocket.OPEN) return;
    for (const data of this.#unsent.splice(0)) {
      this.#transmit(socket, data);
      // The server keeps heartbeats to itself: they have no echo.
      if (typeof data !== 'string' || !isHeartbeat(data)) this.#sentAt.push(performance.now());
    }
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} data */
  #received(socket, data) {
    this.#onFrame(toFrame('in', ROUTE, data));
    // Echoes begin with "Echo: ", so JSON is the server speaking for itself.
    const control = typeof data === 'string' ? readControl(data) : undefined;
    if (control?.kind === 'ping') this.#transmit(socket, '{"type":"pong"}');
    if (control && control.kind !== 'error') return;
    const sentAt = this.#sentAt.shift();
    const took = sentAt === undefined ? '' : `${(performance.now() - sentAt).toFixed(1)} ms`;
    if (control) this.#show('error', control.text);
    else if (typeof data === 'string') this.#show('text', data, took);
    else this.#show('binary', toHex(data.slice(0, 256)), `${data.byteLength} B, ${took}`);
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} data */
  #transmit(socket, data) {
    socket.send(data);
    this.#onFrame(toFrame('out', ROUTE, data));
  }

  /** @param {'text' | 'binary' | 'error'} kind @param {string} text @param {string} [aside] */
  #show(kind, text, aside) {
    const body = make('span', { class: 'text', text, dir: 'auto' });
    body.lang = '';
    const line = make('li', { data: { kind } }, body);
    if (aside) line.append(make('span', { class: 'aside', text: aside }));
    this.#output.append(line);
    trim(this.#output, MOST_ANSWERS);
    this.#output.scrollTop = this.#output.scrollHeight;
  }
}

/** @param {string} text @returns {ArrayBuffer | undefined} undefined when it isn't whole bytes */
function fromHex(text) {
  const digits = text.replace(/[\s,]|0x/gi, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)).buffer;
}
