import { Tidings } from '../tidings.js';
import { ChannelLog } from './channel-log.js';
import { describeClose } from './close-codes.js';
import { byId, plural } from './dom.js';
import { toFrame } from './frames-log.js';
import { connectUrl } from './routes.js';
import { Vitals } from './vitals.js';

const ROUTE = '/connect';
const LAST = 20;

/** The channel panel: the same log as the room's, over `/connect` and the client library, by whatever transport gets through or is chosen. */
export class Channel {
  #nameField = byId('channel', HTMLInputElement);
  #transportField = byId('channel-transport', HTMLSelectElement);
  #messageField = byId('channel-message', HTMLInputElement);
  #dropButton = byId('channel-drop', HTMLButtonElement);
  #retryButton = byId('channel-retry', HTMLButtonElement);
  #log = new ChannelLog();
  #vitals = new Vitals();
  #onFrame;
  /** @type {Tidings | undefined} */
  #tidings;
  /** @type {import('../tidings.js').Subscription | undefined} */
  #subscription;
  /** Whether the name is the room's until somebody writes another. */
  #followsRoom = true;

  /** @param {(frame: import('./frames-log.js').Frame) => void} onFrame */
  constructor(onFrame) {
    this.#onFrame = onFrame;
    byId('channel-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#followsRoom = false;
      this.#follow();
    });
    byId('channel-composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#publish();
    });
    this.#transportField.addEventListener('change', () => this.#connect());
    // These two take turns; the keyboard's focus moves on rather than getting lost.
    this.#dropButton.addEventListener('click', () => {
      this.#tidings?.drop();
      this.#retryButton.focus();
    });
    this.#retryButton.addEventListener('click', () => {
      this.#nameField.focus();
      this.#tidings?.connect();
    });
    this.#connect();
  }

  /** @param {string} name of the room that the page has joined */
  roomJoined(name) {
    if (!this.#followsRoom) return;
    this.#nameField.value = `room:${name}`;
    this.#follow();
  }

  /** Another transport is another connection; the subscription begins anew with it. */
  #connect() {
    this.#tidings?.close();
    const kind = /** @type {'' | 'websocket' | 'sse' | 'polling'} */ (this.#transportField.value);
    const tidings = (this.#tidings = new Tidings(connectUrl(), kind ? { transports: [kind] } : {}));
    tidings.on('frame', ({ direction, text }) => this.#onFrame(toFrame(direction, ROUTE, text)));
    tidings.on('state', (change) => this.#tidings === tidings && this.#stateChanged(change));
    tidings.on('error', ({ error }) => this.#log.notice(error, 'error'));
    this.#vitals.watch(tidings);
    this.#subscription = undefined;
    this.#follow();
  }

  #follow() {
    const name = this.#nameField.value.trim().normalize('NFC');
    if (name === '' || name === this.#subscription?.channel || this.#tidings === undefined) return;
    this.#subscription?.unsubscribe();
    this.#log.clear();
    this.#vitals.position(undefined);
    const subscription = (this.#subscription = this.#tidings.subscribe(name, { last: LAST }));
    subscription.on('subscribed', ({ recovered }) => this.#subscribed(recovered));
    subscription.on('message', (message) => {
      this.#log.message(message);
      this.#vitals.position(subscription.position);
    });
    subscription.on('gap', ({ from, to, reason }) => this.#log.notice(to < from ? `A gap: the log began anew (${reason})` : `A gap: ${from} to ${to} are gone (${reason})`, 'error'));
    subscription.on('unsubscribed', ({ code, reason }) => this.#log.notice(`Not subscribed: ${reason ?? code ?? 'ended by the server'}`, 'error'));
    subscription.on('error', ({ error }) => this.#log.notice(`Not subscribed yet: ${error}`, 'error'));
  }

  /** @param {boolean | undefined} recovered */
  #subscribed(recovered) {
    const { channel, position } = /** @type {import('../tidings.js').Subscription} */ (this.#subscription);
    this.#log.notice(recovered ? `Back in ${channel}: what was missed follows` : `Following ${channel} after ${position?.offset}`);
    this.#vitals.position(position);
  }

  async #publish() {
    const text = this.#messageField.value;
    if (text.trim() === '' || this.#subscription === undefined) return;
    this.#messageField.value = '';
    try {
      await this.#subscription.publish(jsonOrText(text));
    } catch (error) {
      this.#log.notice(`Not published: ${/** @type {Error} */ (error).message}`, 'error');
    }
  }

  /** @param {import('../tidings.js').StateChange} change */
  #stateChanged({ state, delay, code, reason = '', attempt }) {
    this.#dropButton.hidden = state === 'waiting' || state === 'closed';
    this.#dropButton.disabled = state !== 'connected';
    this.#retryButton.hidden = !this.#dropButton.hidden;
    if (code === undefined || (state === 'waiting' && attempt > 1)) return;
    const then = delay === undefined ? 'staying away' : `coming back in ${plural(Math.ceil(delay / 1_000), 'second')}`;
    this.#log.notice(`Closed ${describeClose(code, reason)}, ${then}`, 'error');
  }
}

/** What reads as a JSON object or array is one; all else is text. @param {string} text @returns {unknown} */
function jsonOrText(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
