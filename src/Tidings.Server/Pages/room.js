import { describeClose } from './close-codes.js';
import { Conversation } from './conversation.js';
import { byId } from './dom.js';
import { PingCounter } from './ping-counter.js';
import { RoomSocket } from './room-socket.js';
import { readRoomFrame } from './room-text.js';
import { StatusLine } from './status-line.js';

/** The room panel: join, talk, leave, be cut off, come back. */
export class Room {
  #roomField = byId('room', HTMLInputElement);
  #nameField = byId('name', HTMLInputElement);
  #messageField = byId('message', HTMLTextAreaElement);
  #connectButton = byId('connect', HTMLButtonElement);
  #sendButton = byId('send', HTMLButtonElement);
  #dropButton = byId('drop', HTMLButtonElement);
  #retryButton = byId('retry', HTMLButtonElement);
  #conversation = new Conversation();
  #pings = new PingCounter();
  #status = new StatusLine();
  #onFrame;
  #onJoin;
  /** @type {RoomSocket | undefined} */
  #socket;
  #joined = '';

  /**
   * @param {(frame: import('./frames-log.js').Frame) => void} onFrame
   * @param {(room: string) => void} onJoin
   */
  constructor(onFrame, onJoin) {
    this.#onFrame = onFrame;
    this.#onJoin = onJoin;
    byId('join', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#connectOrDisconnect(event);
    });
    byId('composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#say();
    });
    this.#messageField.addEventListener('keydown', (event) => this.#keyPressed(event));
    this.#roomField.addEventListener('input', () => {
      this.#checkRoom();
      this.#showActions();
    });
    // These two take turns; the keyboard's focus moves on rather than getting lost.
    this.#dropButton.addEventListener('click', () => {
      this.#socket?.drop();
      this.#retryButton.focus();
    });
    this.#retryButton.addEventListener('click', () => {
      this.#connectButton.focus();
      this.#socket?.retryNow();
    });
  }

  /** @param {string} room */
  join(room) {
    this.#roomField.value = room.trim();
    this.#checkRoom();
    if (!this.#roomField.reportValidity()) return;
    const name = this.#wanted;
    this.#leave();
    if (name !== this.#joined) this.#conversation.clear();
    this.#joined = name;
    this.#onJoin(name);
    this.#socket = new RoomSocket(name, {
      onStatus: (status) => this.#statusChanged(status),
      onText: (text) => this.#received(text),
      onPing: () => this.#pings.count(),
      onFrame: this.#onFrame,
    });
    this.#statusChanged(this.#socket.status);
  }

  get #state() {
    return this.#socket?.status.state ?? 'closed';
  }

  #leave() {
    this.#socket?.leave();
    this.#socket = undefined;
  }

  get #wanted() {
    return this.#roomField.value.trim().normalize('NFC');
  }

  #checkRoom() {
    // A URL's path can't hold these two as segments, however they are escaped. All else is for the server to judge.
    const impossible = this.#wanted === '' || this.#wanted === '.' || this.#wanted === '..';
    this.#roomField.setCustomValidity(impossible ? 'A room can’t be called that.' : '');
  }

  /** @param {SubmitEvent} event */
  #connectOrDisconnect(event) {
    const connected = this.#state !== 'closed';
    // Enter in a field never disconnects: browsers report it as a click on the button, but without one the field keeps the focus.
    const fromField = document.activeElement === this.#roomField || document.activeElement === this.#nameField;
    if (!connected || this.#wanted !== this.#joined) this.join(this.#roomField.value);
    else if (!fromField && event.submitter === this.#connectButton) this.#socket?.leave();
    if (fromField) this.#messageField.focus();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    // Enter that ends a composition (Chinese, Japanese, Korean) chooses a word. Safari says so only by keyCode 229.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || composing) return;
    event.preventDefault();
    this.#say();
  }

  #say() {
    const text = this.#messageField.value;
    if (text.trim() === '') return;
    const name = this.#nameField.value.trim();
    if (!this.#socket?.send(name ? `${name}: ${text}` : text)) {
      this.#conversation.notice('Not connected: your message is kept in the field.', 'error');
      return;
    }
    this.#messageField.value = '';
    this.#conversation.toEnd();
    this.#messageField.focus();
  }

  /** @param {string} raw */
  #received(raw) {
    const frame = readRoomFrame(raw);
    switch (frame.kind) {
      case 'message':
        this.#conversation.message(frame.text);
        break;
      case 'error':
        this.#conversation.notice(frame.text, 'error');
        break;
    }
  }

  /** @param {Readonly<import('./room-socket.js').SocketStatus>} status */
  #statusChanged(status) {
    this.#status.show(status, this.#joined);
    this.#showActions();
    this.#tell(status);
  }

  /** @param {Readonly<import('./room-socket.js').SocketStatus>} status */
  #tell({ state, attempt, code, reason = '', opened, left }) {
    if (state === 'open') {
      this.#conversation.notice(attempt > 0 ? `Back in ${this.#joined}. What was said meanwhile did not reach you.` : `Joined ${this.#joined}`);
    } else if (left) {
      this.#conversation.notice(`Left ${this.#joined}`);
    } else if (code !== undefined && opened) {
      this.#conversation.notice(`Closed: ${describeClose(code, reason)}`, 'error');
    }
  }

  #showActions() {
    const state = this.#state;
    this.#connectButton.textContent = state === 'closed' ? 'Connect' : this.#wanted !== this.#joined ? 'Join' : 'Disconnect';
    this.#sendButton.disabled = this.#dropButton.disabled = state !== 'open';
    this.#dropButton.hidden = state === 'reconnecting';
    this.#retryButton.hidden = state !== 'reconnecting';
  }
}
