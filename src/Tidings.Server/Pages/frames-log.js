import { byId, clock, make, plural, trim } from './dom.js';
import { Follow } from './follow.js';
import { isHeartbeat } from './room-text.js';

/**
 * @typedef {'in' | 'out'} Direction
 * @typedef {'text' | 'binary' | 'ping' | 'close'} Kind
 *
 * @typedef {object} Frame
 * @property {Date} at
 * @property {Direction} direction
 * @property {Kind} kind
 * @property {string} route  where it went or came from
 * @property {number} size   payload bytes
 * @property {string} text   raw, or hexadecimal; cut at MOST_CHARACTERS
 */

const MOST_FRAMES = 200;
/** Of each frame: 200 frames of a megabyte would be a lot to keep for looking at. */
const MOST_CHARACTERS = 2_048;
/** Longer ones fold. */
const FOLD_AFTER = 240;

const encoder = new TextEncoder();

/**
 * @param {Direction} direction
 * @param {string} route
 * @param {string | ArrayBuffer} data
 * @returns {Frame}
 */
export function toFrame(direction, route, data) {
  const at = new Date();
  if (typeof data !== 'string') {
    return { at, direction, kind: 'binary', route, size: data.byteLength, text: cut(toHex(data.slice(0, MOST_CHARACTERS))) };
  }
  return { at, direction, kind: isHeartbeat(data) ? 'ping' : 'text', route, size: encoder.encode(data).length, text: cut(data) };
}

/**
 * @param {Direction} direction
 * @param {string} route
 * @param {number} code
 * @param {string} reason
 * @returns {Frame}
 */
export function toCloseFrame(direction, route, code, reason) {
  // RFC 6455 §7.4.1: these two are never on the wire. 1005 is a close frame that is empty, 1006 one that never came.
  const text = code === 1005 ? 'without a code' : code === 1006 ? 'without a close frame (1006)' : `${code} ${reason}`.trim();
  const size = code === 1005 || code === 1006 ? 0 : 2 + encoder.encode(reason).length;
  return { at: new Date(), direction, kind: 'close', route, size, text };
}

/** @param {ArrayBuffer} data @returns {string} as in `00 7f ff` */
export function toHex(data) {
  return Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** @param {string} text */
function cut(text) {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** Every frame in and out, as it is. What the browser hides (protocol pings, fragments) isn't here. */
export class FramesLog {
  #list = byId('frames', HTMLOListElement);
  #count = byId('frames-count', HTMLElement);
  #pause = byId('frames-pause', HTMLButtonElement);
  #follow = new Follow(byId('frames-scroll', HTMLElement));
  /** @type {Frame[]} The newest, pausing or not. */
  #frames = [];
  #total = 0;
  #whilePaused = 0;

  constructor() {
    this.#pause.addEventListener('click', () => this.#setPaused(!this.#paused));
    byId('frames-clear', HTMLButtonElement).addEventListener('click', () => {
      this.#frames = [];
      this.#total = this.#whilePaused = 0;
      this.#list.replaceChildren();
      this.#showCount();
    });
  }

  get #paused() {
    return this.#pause.getAttribute('aria-pressed') === 'true';
  }

  /** @param {Frame} frame */
  add(frame) {
    this.#total++;
    this.#frames.push(frame);
    if (this.#frames.length > MOST_FRAMES) this.#frames.shift();
    if (this.#paused) {
      this.#whilePaused++;
    } else {
      this.#list.append(toLine(frame));
      trim(this.#list, MOST_FRAMES);
      this.#follow.added();
    }
    this.#showCount();
  }

  /** @param {boolean} paused */
  #setPaused(paused) {
    this.#pause.setAttribute('aria-pressed', String(paused));
    this.#pause.textContent = paused ? 'Resume' : 'Pause';
    if (!paused) {
      this.#whilePaused = 0;
      this.#list.replaceChildren(...this.#frames.map(toLine));
      this.#follow.toEnd();
    }
    this.#showCount();
  }

  #showCount() {
    const waiting = this.#paused ? `, ${this.#whilePaused.toLocaleString('en')} while paused` : '';
    const bounded = this.#total > MOST_FRAMES ? `, last ${MOST_FRAMES} kept` : '';
    this.#count.textContent = this.#total === 0 && !this.#paused ? 'none yet' : plural(this.#total, 'frame') + bounded + waiting;
  }
}

/** @param {Frame} frame */
function toLine(frame) {
  const arrow = make('span', { class: 'arrow', text: frame.direction === 'in' ? '↓' : '↑' });
  arrow.setAttribute('role', 'img');
  arrow.setAttribute('aria-label', frame.direction === 'in' ? 'received' : 'sent');
  const time = make('time', { text: clock(frame.at, true) });
  time.dateTime = frame.at.toISOString();
  return make('li', { data: { direction: frame.direction, kind: frame.kind } },
    arrow,
    time,
    make('span', { class: 'route', text: frame.route }),
    make('span', { class: 'size', text: `${frame.size.toLocaleString('en')} B` }),
    toBody(frame));
}

/** @param {Frame} frame */
function toBody({ kind, text }) {
  const label = kind === 'close' ? 'close ' : kind === 'binary' ? 'binary ' : '';
  if (text.length <= FOLD_AFTER) return make('code', { text: label + text });
  return make('details', { class: 'body' },
    make('summary', {}, make('code', { text: `${label}${text.slice(0, FOLD_AFTER)}…` })),
    make('code', { text: `…${text.slice(FOLD_AFTER)}` }));
}
