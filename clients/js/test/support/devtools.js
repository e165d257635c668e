import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

/** A Chromium with one page, which a test drives by the DevTools protocol. */
export class DevTools {
  #process;
  #profile;
  #socket;
  #session;
  #ids = 0;
  #waiting = new Map();

  /** @param {import('node:child_process').ChildProcess} process @param {string} profile @param {WebSocket} socket */
  constructor(process, profile, socket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.on('message', (text) => {
      const { id, result, error } = JSON.parse(text);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    });
  }

  static async start(within = 30_000) {
    const profile = await mkdtemp(join(tmpdir(), 'tidings-chromium-'));
    const child = spawn('/usr/bin/chromium', [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank',
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), within);
    for await (const line of createInterface(child.stderr)) {
      const address = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (!address) continue;
      child.stderr.resume();
      clearTimeout(limit);
      const socket = new WebSocket(address);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const tools = new DevTools(child, profile, socket);
      const { targetInfos } = await tools.send('Target.getTargets');
      const { sessionId } = await tools.send('Target.attachToTarget', { targetId: targetInfos.find(({ type }) => type === 'page').targetId, flatten: true });
      tools.#session = sessionId;
      return tools;
    }
    throw new Error('Chromium did not start.');
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  send(method, params = {}) {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    });
  }

  /** What an expression is in the page, once a promise is kept. @param {string} expression @returns {Promise<any>} */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
