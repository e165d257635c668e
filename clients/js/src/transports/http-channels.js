import { encodePosition, LONGEST_EPOCH, LONGEST_POSITION, MOST_CHANNELS } from '../base/position.js';

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {import('../base/position.js').StreamPosition & { channel: string, expires?: number }} ListedChannel
 */

/** How much of an address may say what is shown of this client, in characters. */
const LONGEST_INFOS = 3_000;
const EVERYBODY = 'all';
const TOO_MANY = `At most ${MOST_CHANNELS} channels without a WebSocket`;

const NO_STATE = 'A state needs a WebSocket or Server-Sent Events';

/**
 * Which channels a stream or poll asks for, and what it owes as answers: over HTTP a set of channels belongs to a request,
 * so that `subscribe` and `unsubscribe` mean another request with another set.
 */
export class HttpChannels {
  #context;
  #hasState;
  #user = '';
  /** Subscribe commands without an answer: channel and id. @type {Map<string, unknown>} */
  #unanswered = new Map();
  /** @type {Map<string, import('../base/position.js').StreamPosition & { expires?: number }>} What the last answer listed. */
  #listed = new Map();
  /** What the request under way asks for. @type {Set<string>} */
  #requested = new Set();
  /** The `subscribe` commands that its listing answers, as it was asked: none that is older, or wants something else. @type {Map<string, string>} */
  #answerable = new Map();
  /** Whether something of it is not wanted any more. */
  #unwanted = false;
  /** What did not fit into it. @type {string[]} */
  #excess = [];
  /** Tokens of the channels that the next request asks for, as a header has them. */
  #tokens = '';
  /** What the request has no room to say of this client. @type {Frame[]} */
  #unsaid = [];

  /** @param {import('./transport.js').TransportContext} context @param {boolean} hasState whether what answers the requests can have states */
  constructor(context, hasState) {
    this.#context = context;
    this.#hasState = hasState;
  }

  /** What a WebSocket is subscribed to without asking. */
  get #unasked() {
    return this.#user ? [EVERYBODY, `user:${this.#user}`] : [EVERYBODY];
  }

  /** Tokens that grant single channels of the request, as its header has them; '' for none. */
  get tokens() {
    return this.#tokens;
  }

  /** What the request under way had no room to say of this client, as commands. */
  get unsaid() {
    return this.#unsaid;
  }

  /** A channel that may not be read. @param {Frame} frame `unsubscribed` @returns {Frame} what answers the command that asked for it */
  refused(frame) {
    const id = this.#unanswered.get(frame.channel);
    if (frame.code === undefined || id === undefined || this.#listed.has(frame.channel)) return frame;
    this.#unanswered.delete(frame.channel);
    this.#answerable.delete(frame.channel);
    return { type: 'error', id, code: frame.code, error: frame.reason };
  }

  /** @returns {URLSearchParams} the query of the next request */
  next() {
    const followed = this.#context.subscribes();
    const names = new Set(followed.map(({ channel }) => channel));
    const served = this.#context.served();
    const unfollowed = [...new Set([...this.#unasked, ...served.keys()])].filter((channel) => !names.has(channel));
    // First what may always be read: a request for nothing but forbidden channels would be refused as a whole.
    /** @type {Frame[]} */
    const commands = [...unfollowed.map((channel) => ({ type: 'subscribe', channel, since: served.get(channel) })), ...followed];

    // One request has one `last`: channels with another wait for the next request.
    const last = commands.find(({ since }) => !since)?.last ?? 0;
    const taken = commands.filter((command) => command.since || (command.last ?? 0) === last);
    this.#excess = taken.splice(MOST_CHANNELS).map(({ channel }) => channel);
    while (encodePosition(taken.map(longestPosition)).length > LONGEST_POSITION) this.#excess.push(taken.pop()?.channel);
    const since = positionOf(taken);
    const query = new URLSearchParams();
    for (const { channel } of taken) query.append('channel', channel);
    if (since) query.set('since', since);
    if (last > 0) query.set('last', String(last));
    for (const wish of ['presence', 'occupancy']) if (taken.some((command) => command[wish])) query.set(wish, 'true');
    const [infos, unsaid] = infosOf(taken);
    if (Object.keys(infos).length > 0) query.set('info', JSON.stringify(infos));
    this.#unsaid = unsaid;
    for (const { channel, state } of taken) if (state && this.#hasState) query.append('state', channel);
    this.#requested = new Set(taken.map(({ channel }) => channel));
    this.#answerable = new Map(taken.filter((command) => followed.includes(command)).map((command) => [command.channel, wishOf(command)]));
    this.#unwanted = false;
    this.#listed.clear();
    this.#tokens = taken.flatMap(({ channel, token }) => (token === undefined ? [] : `${encodeURIComponent(channel)}=${token}`)).join();
    return query;
  }

  /**
   * @param {Frame[]} commands
   * @returns {Frame[]} those that are commands of their own; for the others another request is needed where `stale` says so
   */
  take(commands) {
    return commands.filter((command) => {
      const { type, channel, id } = command;
      if (type === 'subscribe') {
        this.#unanswered.set(channel, id);
        if (this.#answerable.get(channel) !== wishOf(command)) this.#forget(channel);
      } else if (type === 'unsubscribe') {
        this.#unanswered.delete(channel);
        this.#forget(channel);
      }
      return type !== 'subscribe' && type !== 'unsubscribe';
    });
  }

  /** What the request under way says of it is not wanted, or older than the wish. @param {string} channel */
  #forget(channel) {
    this.#answerable.delete(channel);
    this.#listed.delete(channel);
    this.#unwanted ||= this.#requested.has(channel);
  }

  /** Whether the request under way asks for other channels than are wanted now. */
  get stale() {
    const wanted = [...this.#context.subscribes().map(({ channel }) => channel), ...this.#unasked];
    return this.#unwanted || wanted.some((channel) => !this.#requested.has(channel) && !this.#excess.includes(channel));
  }

  /**
   * @param {ListedChannel[]} subscriptions where each channel begins, as the server says
   * @param {unknown} user
   * @returns {ListedChannel[]} those that nobody follows
   */
  list(subscriptions, user) {
    this.#user = typeof user === 'string' ? user : '';
    this.#listed = new Map(subscriptions.map(({ channel, epoch, offset, expires }) => [channel, { epoch, offset, ...(expires !== undefined && { expires }) }]));
    const followed = new Set(this.#context.subscribes().map(({ channel }) => channel));
    return subscriptions.filter(({ channel }) => !followed.has(channel));
  }

  /** @returns {Frame[]} the answers that can be given now */
  answers() {
    /** @type {Frame[]} */
    const answers = [];
    for (const { channel, since, state } of this.#context.subscribes()) {
      const id = this.#unanswered.get(channel);
      const listed = this.#listed.get(channel);
      if (id === undefined) {
        if (this.#excess.includes(channel)) answers.push({ type: 'unsubscribed', channel, code: 'too_many', reason: TOO_MANY });
        continue;
      }
      if (state && !this.#hasState) {
        answers.push({ type: 'error', id, code: 'bad_request', error: NO_STATE });
      } else if (listed) {
        const recovered = since && { recovered: since.epoch === listed.epoch && since.offset === listed.offset };
        answers.push({ type: 'subscribed', id, channel, ...listed, ...recovered });
      } else if (this.#excess.includes(channel)) {
        answers.push({ type: 'error', id, code: 'too_many', error: TOO_MANY });
      } else {
        continue;
      }
      this.#unanswered.delete(channel);
      this.#answerable.delete(channel);
    }
    return answers;
  }
}

/**
 * What they say of this client, as far as it fits into an address.
 * @param {Frame[]} commands @returns {[Record<string, any>, Frame[]]} the rest as commands
 */
function infosOf(commands) {
  /** @type {Record<string, any>} */
  const infos = {};
  /** @type {Frame[]} */
  const rest = [];
  let room = LONGEST_INFOS;
  for (const { channel, info } of commands) {
    if (info === undefined) continue;
    room -= encodeURIComponent(JSON.stringify([channel, info])).length;
    if (room > 0) infos[channel] = info;
    else rest.push({ type: 'track', channel, info });
  }
  return [infos, rest];
}

/** @param {Frame} command @returns {string} what it asks for */
function wishOf({ since, last, presence, occupancy, state, token }) {
  return JSON.stringify([since, last, presence, occupancy, state, token]);
}

/** @param {Frame[]} commands @returns {string} where those stand that stand anywhere; '' where none does */
function positionOf(commands) {
  /** @type {import('../base/position.js').ChannelPosition[]} */
  const channels = [];
  for (const { channel, since } of commands) if (since) channels.push([channel, since.epoch, since.offset]);
  return channels.length > 0 ? encodePosition(channels) : '';
}

/** @param {Frame} command @returns {import('../base/position.js').ChannelPosition} as long as its position may become */
function longestPosition({ channel, since }) {
  return [channel, since?.epoch ?? 'e'.repeat(LONGEST_EPOCH), Number.MAX_SAFE_INTEGER];
}
