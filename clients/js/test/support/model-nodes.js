import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../../artifacts/bin/Model/release/Model.dll', import.meta.url));

/** A node of samples/Model, in a process of its own that can be killed. */
export class ModelNode {
  #settings;
  #process;
  #ended;
  port = 0;

  /** @param {Record<string, string>} settings */
  constructor(settings) {
    this.#settings = settings;
  }

  async start() {
    const child = spawn('dotnet', [program, '--urls', 'http://127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...this.#settings } });
    this.#process = child;
    this.#ended = new Promise((resolve) => child.once('exit', resolve));
    const limit = setTimeout(() => child.kill('SIGKILL'), 90_000);
    for await (const line of createInterface(child.stdout)) {
      const address = /listening on: http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      if (address) {
        clearTimeout(limit);
        child.stdout.resume();
        this.port = Number(address[1]);
        return this;
      }
    }
    clearTimeout(limit);
    throw new Error('The sample did not start.');
  }

  async kill() {
    this.#process?.kill('SIGKILL');
    await this.#ended;
  }
}

/** One address in front of several nodes, as a balancer is: each request goes to the node that was named for it, or to one that answers. */
export class Front {
  /** The node that new questions go to. */
  asks = 0;
  /** The node that everything else goes to. */
  views = 0;
  #nodes;
  #pages;
  #server;

  /**
   * @param {ModelNode[]} nodes
   * @param {Record<string, (body: string) => unknown | Promise<unknown>>} pages what the front answers by itself, by path: a text is a page, anything else JSON
   */
  constructor(nodes, pages) {
    this.#nodes = nodes;
    this.#pages = pages;
    this.#server = createServer((request, response) => this.#serve(request, response).catch(() => response.destroy()));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #order(path) {
    const first = path === '/ask' ? this.asks : this.views;
    return [this.#nodes[first], ...this.#nodes.filter((_, i) => i !== first)];
  }

  async #serve(incoming, response) {
    let body = '';
    for await (const part of incoming) body += part;
    const page = this.#pages[incoming.url];
    if (page) {
      const answer = await page(body);
      response.setHeader('content-type', typeof answer === 'string' ? 'text/html; charset=utf-8' : 'application/json');
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? null));
      return;
    }
    for (const { port } of this.#order(incoming.url)) {
      const answer = await new Promise((resolve) => {
        const outgoing = request({ host: '127.0.0.1', port, path: incoming.url, method: incoming.method, headers: incoming.headers }, resolve);
        outgoing.on('error', () => resolve(undefined));
        response.on('close', () => outgoing.destroy());
        outgoing.end(body);
      });
      if (!answer) continue;
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.on('aborted', () => response.destroy());
      answer.pipe(response);
      return;
    }
    response.statusCode = 502;
    response.end();
  }

  #upgrade(incoming, socket, head, order = this.#order(incoming.url)) {
    const [node, ...others] = order;
    socket.on('error', () => {});
    if (!node) return socket.destroy();
    const upstream = connect(node.port, '127.0.0.1', () => {
      const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
      upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers}\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    let opened = false;
    upstream.once('connect', () => { opened = true; });
    upstream.on('error', () => (opened ? socket.destroy() : this.#upgrade(incoming, socket, head, others)));
    upstream.on('close', () => opened && socket.destroy());
    socket.on('close', () => upstream.destroy());
  }
}
