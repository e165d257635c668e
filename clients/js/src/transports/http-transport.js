import { textOf } from '../base/application-code.js';
import { HttpChannels } from './http-channels.js';
import { HttpCommands } from './http-commands.js';

/** Between two polls that begin to say something of this client, in milliseconds. */
const TRACK_PAUSE = 1_000;

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('../link/link.js').End} End
 * @typedef {import('./transport.js').Transport} Transport
 *
 * What brings the frames down: requests until it is aborted, or until they end.
 * @typedef {(transport: HttpTransport, signal: AbortSignal) => Promise<End>} Carry
 */

/**
 * Frames come down by what `carry` does, commands go up by POST. Another set of channels is another request,
 * which begins where the one before ended.
 * @implements {Transport}
 */
export class HttpTransport {
  #context;
  #carry;
  #channels;
  #commands;
  #token;
  #request = new AbortController();
  /** The stream that hears what is said to this client. @type {string | null} */
  #connection = null;
  #opened = false;
  #closed = false;
  #restarting = false;
  /** @type {(() => void) | undefined} */
  #cancelTrack;

  /** @param {import('./transport.js').TransportContext} context @param {Carry} carry @param {boolean} hasState whether its answers can have states */
  constructor(context, carry, hasState) {
    this.#context = context;
    this.#carry = carry;
    this.#token = context.token;
    this.#channels = new HttpChannels(context, hasState);
    this.#commands = new HttpCommands(context, () => this.headers, () => this.#connection, (end) => this.#end(end));
    this.#start();
  }

  get host() {
    return this.#context.host;
  }

  /** @returns {Record<string, string>} */
  get headers() {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /**
   * A request for the channels that are wanted now, from where they stand.
   * @param {Record<string, string>} parameters
   * @param {RequestInit} init
   * @returns {Promise<Response>}
   */
  request(parameters, init) {
    const query = this.#channels.next();
    for (const [name, value] of Object.entries(parameters)) query.set(name, value);
    return /** @type {typeof fetch} */ (this.host.fetch)(`${this.#context.url}?${query}`, {
      ...init,
      headers: { ...init.headers, ...this.headers, ...(this.#channels.tokens && { 'tidings-channel-token': this.#channels.tokens }) },
      cache: 'no-store',
    });
  }

  /** @param {Frame} frame `connected`, of the first request or a later one */
  connected(frame) {
    const listed = this.#channels.list(frame.subscriptions ?? [], frame.user);
    const isFirst = !this.#opened;
    this.#opened = true;
    this.#connection = frame.connection ?? null;
    this.#context.receive({ ...frame, subscriptions: listed });
    const served = this.#context.served();
    for (const subscription of listed) if (!isFirst && !served.has(subscription.channel)) this.#context.receive({ type: 'subscribed', ...subscription });
    if (this.#connection !== null && this.#channels.unsaid.length > 0) this.#commands.send(this.#channels.unsaid);
    this.#answer();
  }

  /** @param {Frame} frame */
  receive(frame) {
    this.#context.receive(frame.type === 'unsubscribed' && frame.id === undefined ? this.#channels.refused(frame) : frame);
  }

  /** @param {string} text a frame as it came */
  trace(text) {
    this.#context.trace('in', text);
  }

  /** @param {string} channel @returns {import('../base/position.js').StreamPosition | undefined} where it stands */
  since(channel) {
    return this.#context.subscribes().find((command) => command.channel === channel)?.since ?? this.#context.served().get(channel);
  }

  /** @param {Frame[]} commands */
  send(commands) {
    const own = this.#channels.take(commands);
    const said = this.#connection === null ? own.filter((command) => !this.#trackByPoll(command)) : own;
    if (said.length > 0) this.#commands.send(said);
    if (own.length < commands.length) this.#answer();
  }

  /** A poll says what is shown of this client as it comes: another one begins, at most one a second. @param {Frame} command @returns {boolean} whether it does */
  #trackByPoll({ type, channel, id }) {
    if (type !== 'track') return false;
    queueMicrotask(() => this.#closed || this.#context.receive({ type: 'tracked', channel, id }));
    this.#cancelTrack ??= this.host.after(() => {
      this.#cancelTrack = undefined;
      if (!this.#closed) this.#restart();
    }, TRACK_PAUSE);
    return true;
  }

  /** @param {string} token */
  renew(token) {
    this.#token = token;
    this.#restart();
  }

  /** @param {import('../base/host.js').Wake} why */
  wake(why) {
    if (why === 'online') this.#restart();
  }

  close() {
    this.#closed = true;
    this.#request.abort();
    this.#commands.stop();
    this.#cancelTrack?.();
  }

  #answer() {
    for (const answer of this.#channels.answers()) this.#context.receive(answer);
    if (this.#channels.stale) this.#restart();
  }

  /** Once for all that is changed in one go. */
  #restart() {
    if (this.#restarting) return;
    this.#restarting = true;
    queueMicrotask(() => {
      this.#restarting = false;
      if (this.#closed) return;
      this.#request.abort();
      this.#start();
    });
  }

  #start() {
    const request = (this.#request = new AbortController());
    const over = (/** @type {End} */ end) => request.signal.aborted || this.#end(end);
    this.#carry(this, request.signal).then(over, (error) => over({ code: 1006, reason: textOf(error) }));
  }

  /** @param {End} end */
  #end(end) {
    if (this.#closed) return;
    this.close();
    this.#context.ended(end);
  }
}
