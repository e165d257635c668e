import { httpUrl } from './base/address.js';
import { unpack } from './base/bytes.js';
import { SILENT } from './base/close-codes.js';
import { Emitter } from './base/emitter.js';
import { TidingsError } from './base/tidings-error.js';
import { Channel } from './channel.js';
import { Subscriptions } from './channels/subscriptions.js';
import { callerOf } from './commands/caller.js';
import { Commands } from './commands/commands.js';
import { OwnMessages } from './commands/own-messages.js';
import { publication } from './publication.js';
import { Connection } from './connection/connection.js';
import { Link } from './link/link.js';

/**
 * @import { Frame } from './commands/commands.js'
 * @import { PublishOptions, Published, HistoryOptions, History, Presence, SubscribeOptions } from './channels/contract.js'
 * @import { Caller, Chosen, Inferred, MessageOf, PublishedOf, Register } from './application.js'
 * @import { TransportKind, Way } from './transports/transport.js'
 * @import { TidingsOptions, TidingsEvents } from './options.js'
 */

const CLIENT = { name: 'tidings-js', version: '0.1.0' };

/**
 * A connection to Tidings that comes back by itself. It begins to connect as soon as the code that made it has run; where that code asked for resources
 * alone, as soon as something else is asked for or listened to.
 * @template [App=Register] what the application declares of itself
 * @extends {Emitter<TidingsEvents>}
 */
export class ChannelClient extends Emitter {
  #host;
  #url;
  #options;
  #carrier;
  #link;
  #commands;
  #subscriptions;
  #own = new OwnMessages((channel) => this.#subscriptions.settled(channel));
  /** Whether anything was asked for but resources, which have connections of their own. */
  #isUsed = false;
  #hasResources = false;
  #lastId = 0;
  /**
   * Calls a method of the application: `call('sum', [1, 2])`, or `call.sum(1, 2)`.
   * @type {Caller<App>}
   */
  call = callerOf(async (method, params) => {
    const { data } = await this.#run({ type: 'call', method, params }, { repeatable: false });
    return data;
  });
  /** @type {string | null} */
  #connection = null;
  /** @type {string | null} */
  #user = null;

  /**
   * @param {string | URL} url of `/connect`, ws:, wss:, http: or https:; in a browser it may be relative to the page
   * @param {Omit<TidingsOptions, 'transports'>} options
   * @param {readonly Way[]} ways to try, best first
   * @param {import('./base/host.js').Host} host
   * @internal
   */
  constructor(url, options, ways, host) {
    super();
    this.#host = host;
    this.#url = httpUrl(url);
    this.#options = options;
    const newId = () => ++this.#lastId;
    const send = (/** @type {Frame[]} */ commands) => this.#carrier.send(commands);
    this.#commands = new Commands(host, newId, send, this.#own);
    this.#subscriptions = new Subscriptions(host, newId, send, this.#own, (name, detail) => this.emit(name, detail));
    this.#carrier = new Connection(host, {
      url: this.#url,
      client: CLIENT,
      token: options.token,
      binary: options.binary,
      ways,
      subscribes: () => this.#subscriptions.commands(),
      served: () => this.#subscriptions.served,
      onConnected: (frame) => this.#connected(frame),
      onFrame: (frame) => this.#received(frame),
      onTrace: (direction, text, transport) => this.hears('frame') && this.emit('frame', { direction, text, transport }),
      onNoToken: (reason) => this.emit('error', { code: 'unauthorized', error: reason }),
    });
    this.#link = new Link(host, {
      dial: (dial) => this.#carrier.dial(dial),
      onChange: (change) => this.#changed(change),
      maxRetries: options.maxRetries ?? Infinity,
      renewable: this.#carrier.renewable,
    });
    queueMicrotask(() => (this.#isUsed || !this.#hasResources) && this.#begin());
  }

  /**
   * @template {keyof TidingsEvents} Name
   * @param {Name} name
   * @param {(detail: TidingsEvents[Name]) => void} listener the same one twice is called once
   * @returns {() => void} stops listening
   */
  on(name, listener) {
    this.#use();
    return super.on(name, listener);
  }

  /** @returns {import('./link/state.js').ConnectionState} */
  get state() {
    return this.#link.state;
  }

  /** What carries the connection; undefined when there is none. @returns {TransportKind | undefined} */
  get transport() {
    return this.#carrier.transport;
  }

  /** The connection's id, to which others may `send`; null where there is none. */
  get connection() {
    return this.#connection;
  }

  /** The user's id; null while nobody is authenticated. */
  get user() {
    return this.#user;
  }

  /**
   * A channel by its name, with the type of its messages said once.
   * @template [T=Inferred] @template {string} [Name=string] @param {Name} name
   * @returns {Channel<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>>}
   */
  channel(name) {
    return new Channel(name, this);
  }

  /**
   * Follows a channel until `unsubscribe`, through all connections. Of one channel there may be several subscriptions: the server knows one, and
   * each has its own beginning and end. Throws a TypeError when the options are not to be had in JSON.
   * @template [T=Inferred] @template {string} [Name=string]
   * @param {Name} channel @param {SubscribeOptions} [options]
   * @returns {import('./channels/subscription.js').Subscription<Chosen<T, MessageOf<App, Name>>, Chosen<T, PublishedOf<App, Name>>>}
   */
  subscribe(channel, options = {}) {
    JSON.stringify(options);
    return this.follow(channel, options);
  }

  /**
   * Completes when the message has its place in the channel's log. While there is no connection it waits; however often it has to be sent, it is entered once.
   * @template {string} Name
   * @param {Name} channel
   * @param {PublishedOf<App, Name> | ArrayBuffer | ArrayBufferView} data any JSON; or bytes, an ArrayBuffer or a view of one as Uint8Array, which come as `message.bytes`
   * @param {PublishOptions} [options]
   * @returns {Promise<Published>} fails with a TidingsError
   */
  publish(channel, data, options = {}) {
    return this.#publish(publication(channel, data, options, this.#host.newKey));
  }

  /**
   * Takes a key out of a channel's state. While there is no connection it waits.
   * @param {string} channel @param {string} key
   * @returns {Promise<Published>} fails with a TidingsError
   */
  removeKey(channel, key) {
    return this.#publish({ type: 'publish', channel, key, remove: true, idempotencyKey: this.#host.newKey() });
  }

  /**
   * To all connections of a user, or to one connection. Fails with `not_allowed` unless the server lets clients send (`Tidings:Send`, or `send` in the token).
   * @param {string} to @param {unknown} data any JSON
   * @returns {Promise<{ delivered?: number }>} how many connections those are, where this user may see who is there
   */
  async send(to, data) {
    const { delivered } = await this.#run({ type: 'send', to, data: data === undefined ? null : data }, { repeatable: false });
    return delivered === undefined ? {} : { delivered };
  }

  /**
   * @template [T=Inferred] @template {string} [Name=string]
   * @param {Name} channel @param {HistoryOptions} [options] @returns {Promise<History<Chosen<T, MessageOf<App, Name>>>>} what is kept
   */
  async history(channel, { since, last, before, limit } = {}) {
    const command = { type: 'history', channel, since: since || undefined, before: before || undefined, last, limit };
    const { epoch, offset, messages, recovered } = await this.#run(command, { repeatable: true });
    const own = (/** @type {Frame} */ message) => (this.#own.has(channel, epoch, message.offset) ? { ...message, own: true } : message);
    return { epoch, offset, messages: messages.map(own), ...(recovered !== undefined && { recovered }) };
  }

  /** @param {string} channel @param {{ limit?: number }} [options] @returns {Promise<Presence>} who is there */
  async presence(channel, { limit } = {}) {
    const { members, count } = await this.#run({ type: 'presence', channel, limit }, { repeatable: true });
    return { members, count };
  }

  /** @returns {Promise<number>} how long the way to the server and back takes, in milliseconds */
  async ping() {
    const begun = this.#host.now();
    await this.#run({ type: 'ping' }, { repeatable: false, keep: false });
    return this.#host.now() - begun;
  }

  /** Connects again after `close`, or when it stays away; cuts short the waiting for the next attempt. */
  connect() {
    if (this.#link.state === 'waiting') this.#link.retryNow();
    else this.#link.start();
  }

  /** Ends the connection as if the network had; it comes back. For tests and demonstrations. */
  drop() {
    this.#link.drop(SILENT, 'Dropped on purpose');
  }

  /** Ends the connection until `connect`. What waits for an answer fails; subscriptions stay and go on where they were. */
  close() {
    this.#link.stop();
  }

  /**
   * @param {string} channel @param {SubscribeOptions} options @param {(error: Error) => void} [stopped] @param {import('./channels/members.js').Members} [members]
   * @internal
   */
  follow(channel, options, stopped, members) {
    this.#use();
    return this.#subscriptions.add(channel, options, {
      publish: (name, data, how) => this.publish(name, data, how),
      history: (name, what) => this.history(name, what),
      presence: (name, what) => this.presence(name, what),
      track: (name, info) => this.#run({ type: 'track', channel: name, info: info ?? null }, { repeatable: true }),
      unsubscribe: (subscription) => this.#subscriptions.remove(subscription),
      members, stopped,
    });
  }

  /** What has a connection of its own beside this one: it needs none of the client's. @internal */
  aside() {
    this.#hasResources = true;
    const onClosed = (/** @type {() => void} */ listener) => super.on('state', ({ state }) => state === 'closed' && listener());
    return { url: this.#url, options: this.#options, host: this.#host, onClosed };
  }

  /** What else of the surroundings the parts need that follow channels. @internal */
  get host() {
    return this.#host;
  }

  /** Something needs the connection. */
  #use() {
    if (this.#isUsed) return;
    this.#isUsed = true;
    queueMicrotask(() => this.#begin());
  }

  #begin() {
    if (this.#link.state === 'idle') this.#link.start();
  }

  /** @param {Frame} command @returns {Promise<Published>} */
  async #publish(command) {
    const keep = !command.ephemeral;
    const { type: _, id: __, ...published } = await this.#run(command, { repeatable: keep, keep });
    return /** @type {Published} */ (published);
  }

  /** @param {Frame} command @param {Parameters<Commands['run']>[1]} how */
  #run(command, how) {
    this.#use();
    return this.#commands.run(command, how);
  }

  /** @param {import('./link/link.js').StateChange} change */
  #changed(change) {
    if (change.previous === 'closed') {
      this.#commands.started();
      this.#subscriptions.started();
    }
    if (change.previous === 'connected') {
      this.#carrier.lost();
      this.#connection = null;
      this.#commands.lost();
      this.#subscriptions.lost();
    }
    if (change.state === 'closed') {
      const error = new TidingsError('closed', `The connection is closed (${change.code}${change.reason ? ` ${change.reason}` : ''}).`);
      this.#commands.closed(error);
      this.#subscriptions.closed(error);
    }
    this.emit('state', change);
  }

  /** @param {Frame} frame */
  #connected(frame) {
    const { server, version, subscriptions } = frame;
    this.#isNow(frame);
    this.#own.leavesOutUnwanted = this.transport !== 'websocket';
    // What was subscribed before something was published hears it.
    this.#subscriptions.opened(subscriptions ?? []);
    this.#commands.opened();
    this.emit('connected', { transport: /** @type {TransportKind} */ (this.transport), connection: this.#connection, user: this.#user, server, version });
  }

  /** @param {Frame} frame */
  #isNow({ connection, user }) {
    this.#connection = connection ?? null;
    this.#user = this.#own.user = user ?? null;
  }

  /** @param {Frame} frame */
  #received(frame) {
    unpack(frame);
    if (this.#subscriptions.receive(frame) || this.#commands.answered(frame)) return;
    switch (frame.type) {
      case 'connected':
        // A stream that began anew in the middle of a connection.
        this.#isNow(frame);
        break;
      case 'auth_success':
        this.#user = this.#own.user = frame.user ?? null;
        break;
      case 'direct':
        this.emit('direct', {
          ...(frame.from !== undefined && { from: frame.from }),
          ...(frame.connection !== undefined && { connection: frame.connection }),
          data: frame.data,
        });
        break;
      case 'token_expiring':
        void this.#carrier.renew();
        break;
      case 'error':
        this.emit('error', { code: frame.code, error: frame.error });
        break;
    }
  }
}
