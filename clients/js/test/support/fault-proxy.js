import { connect, createServer } from 'node:net';

/**
 * A TCP proxy that misbehaves on demand:
 * `pass` all through; `delay` it by 50 ms; `dribble` it byte by byte; `stall` it, both sides staying open (half-open, blackhole);
 * `deafen` the client: what it says passes, what it should hear does not.
 */
export class FaultProxy {
  /** @type {'pass' | 'delay' | 'dribble' | 'stall' | 'deafen'} */
  mode = 'pass';
  /** New connections are cut at once. */
  refusing = false;
  /** Looks at the head of a connection's first request; false cuts it. @type {(head: string) => boolean} */
  admits = () => true;
  accepted = 0;
  #port;
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();
  #server = createServer((client) => this.#accept(client));

  constructor(port) {
    this.#port = port;
  }

  static async start(port) {
    const proxy = new FaultProxy(port);
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Leads new connections to another server. @param {number} port */
  lead(port) {
    this.#port = port;
  }

  /** Ends every connection without a word. */
  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client) {
    this.accepted++;
    if (this.refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(this.#port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      socket.setNoDelay();
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        (socket === client ? upstream : client).destroy();
      });
    }
    client.once('data', (head) => this.admits(head.toString('latin1')) || client.destroy());
    this.#forward(client, upstream, false);
    this.#forward(upstream, client, true);
  }

  #forward(from, to, isDown) {
    let last = Promise.resolve();
    from.on('data', (data) => {
      last = last.then(() => this.#carry(data, to, isDown));
    });
    from.on('end', () => last.then(() => this.mode !== 'stall' && to.end()));
  }

  async #carry(data, to, isDown) {
    if (this.mode === 'stall' || (this.mode === 'deafen' && isDown)) return;
    if (this.mode === 'delay') await new Promise((resolve) => setTimeout(resolve, 50));
    if (this.mode !== 'dribble') {
      to.write(data);
      return;
    }
    for (const byte of data) {
      to.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
  }
}
