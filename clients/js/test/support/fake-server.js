import { createServer } from 'node:http';
import { decodePosition, encodePosition } from '../../src/base/position.js';

/**
 * The HTTP side of /connect in small: channels with a log that keeps everything, streams, polls and commands.
 * `blocked` says what doesn't get through: a transport's name and how.
 */
export class FakeServer {
  /** @type {Map<string, { epoch: string, messages: any[] }>} */
  logs = new Map();
  /** @type {Map<'websocket' | 'sse' | 'polling', 'refused' | 'hangs' | 'buffered'>} */
  blocked = new Map([['websocket', 'refused']]);
  /** What arrived, as `GET sse chat:a` or `POST publish`. @type {string[]} */
  seen = [];
  authorization = [];
  user = null;
  /** @type {Map<import('node:http').ServerResponse, string[]>} */
  streams = new Map();
  /** @type {Set<() => void>} */
  polls = new Set();
  /** Answers instead, once each. @type {((request: any, response: any) => boolean)[]} */
  instead = [];
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();
  #server = createServer((request, response) => this.#answer(request, response));

  static async start() {
    const server = new FakeServer();
    server.#server.on('connection', (socket) => {
      server.#sockets.add(socket);
      socket.on('close', () => server.#sockets.delete(socket)).on('error', () => {});
    });
    server.#server.on('upgrade', (_, socket) => server.blocked.get('websocket') === 'hangs' || socket.destroy());
    await new Promise((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/connect`;
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  log(channel) {
    let log = this.logs.get(channel);
    if (!log) this.logs.set(channel, (log = { epoch: `epoch-${this.logs.size + 1}`, messages: [] }));
    return log;
  }

  publish(channel, data) {
    const log = this.log(channel);
    const message = { type: 'message', channel, offset: log.messages.length + 1, data, time: 1 };
    log.messages.push(message);
    for (const [stream, channels] of this.streams) if (channels.includes(channel)) this.#event(stream, message);
    for (const poll of this.polls) poll();
    return { channel, epoch: log.epoch, offset: message.offset };
  }

  /** Ends all streams and polls as a network would. */
  cut() {
    for (const stream of this.streams.keys()) stream.destroy();
    this.streams.clear();
  }

  #event(stream, frame) {
    stream.write(`data: ${JSON.stringify(frame)}\n\n`);
  }

  async #answer(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const kind = request.method === 'POST' ? 'post' : request.headers.accept === 'text/event-stream' ? 'sse' : 'polling';
    this.authorization.push(request.headers.authorization);
    if (this.instead[0]?.({ kind, url, request }, response)) {
      this.instead.shift();
      return;
    }
    if (kind === 'post') {
      await this.#commands(request, response);
      return;
    }
    const channels = url.searchParams.getAll('channel');
    this.seen.push(`GET ${kind} ${channels.join(',')}`);
    const block = this.blocked.get(kind);
    if (block === 'refused') response.writeHead(404).end();
    if (block === 'buffered') response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    if (block) return;
    const since = new Map(decodePosition(url.searchParams.get('since') ?? 'W10')?.map(([channel, epoch, offset]) => [channel, { epoch, offset }]));
    const last = Number(url.searchParams.get('last') ?? 0);
    const starts = channels.map((channel) => {
      const { epoch, messages } = this.log(channel);
      return { channel, epoch, offset: since.get(channel)?.offset ?? Math.max(0, messages.length - last) };
    });
    const missed = () => starts.flatMap(({ channel, offset }) => this.log(channel).messages.slice(offset));
    if (kind === 'sse') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.#event(response, { type: 'connected', connection: 'c1', user: this.user, pingInterval: 30_000, subscriptions: starts });
      for (const message of missed()) this.#event(response, message);
      this.streams.set(response, channels);
      response.on('close', () => this.streams.delete(response));
    } else {
      this.#poll(url, response, starts, missed);
    }
  }

  #poll(url, response, starts, missed) {
    const answer = () => {
      this.polls.delete(later);
      clearTimeout(timer);
      if (response.destroyed) return;
      const position = encodePosition(starts.map(({ channel }) => [channel, this.log(channel).epoch, this.log(channel).messages.length]));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ position, messages: missed(), gaps: [] }));
    };
    const later = () => missed().length > 0 && answer();
    const wait = Number(url.searchParams.get('wait'));
    const timer = setTimeout(answer, wait * 1_000);
    response.on('close', () => {
      clearTimeout(timer);
      this.polls.delete(later);
    });
    if (wait === 0 || missed().length > 0) answer();
    else this.polls.add(later);
  }

  async #commands(request, response) {
    let body = '';
    for await (const chunk of request) body += chunk;
    const replies = JSON.parse(body).map((command) => {
      this.seen.push(`POST ${command.type}`);
      return { id: command.id, ...this.#carryOut(command) };
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(replies));
  }

  #carryOut({ type, channel, data }) {
    if (type === 'publish') return { type: 'published', ...this.publish(channel, data) };
    if (type === 'ping') return { type: 'pong' };
    return { type: 'error', code: 'not_allowed', error: 'Not allowed' };
  }
}

/** @param {() => boolean} condition */
export async function eventually(condition, limit = 5_000) {
  for (const until = Date.now() + limit; !condition(); ) {
    if (Date.now() > until) throw new Error(`Not within ${limit} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
