import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../../artifacts/bin/Tidings.Server/release/Tidings.Server.dll', import.meta.url));

const adminKey = 'admin-key-of-the-tests';

/** A Tidings server of its own, as users start it. */
export class ServerProcess {
  #process;
  #address;
  #said;

  constructor(process, address, said) {
    this.#process = process;
    this.#address = address;
    this.#said = said;
  }

  /** @param {...string} options of `tidings serve`; those with a `=`, as `Tidings__Send=anyone`, go by the environment */
  static async start(...options) {
    // A demo without keys needs none on this machine.
    const key = options.includes('--demo') && !options.includes('--jwt-secret') ? [] : ['--admin-key', adminKey];
    const settings = options.filter((option) => option.includes('=')).map((option) => option.split(/=(.*)/s));
    const child = spawn('dotnet', [program, 'serve', '--urls', 'http://127.0.0.1:0', ...key, ...options.filter((option) => !option.includes('='))], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...Object.fromEntries(settings) },
    });
    const said = [];
    child.stderr.on('data', (data) => said.push(data));
    const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
    for await (const line of createInterface(child.stdout)) {
      said.push(line);
      const address = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      if (address) {
        clearTimeout(limit);
        child.stdout.on('data', (data) => said.push(data)).resume();
        return new ServerProcess(child, new URL(address[0]), said);
      }
    }
    clearTimeout(limit);
    throw new Error(`The server did not start: ${said.join('\n')}`);
  }

  get port() {
    return Number(this.#address.port);
  }

  /** By the server API. @param {string} channel @param {unknown} data */
  async publish(channel, data) {
    const response = await fetch(new URL('/api/publish', this.#address), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
      body: JSON.stringify({ channel, data }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Erases a message, or all of them. @param {string} channel @param {{ epoch: string, offset: number }} [position] */
  async erase(channel, position) {
    const query = new URLSearchParams({ channel, ...(position && { epoch: position.epoch, offset: String(position.offset) }) });
    const response = await fetch(new URL(`/api/history?${query}`, this.#address), { method: 'DELETE', headers: { authorization: `Bearer ${adminKey}` } });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()).erased;
  }

  get(path, init) {
    return fetch(new URL(path, this.#address), init);
  }

  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    const said = this.#said.join('\n');
    if (said.includes('failed on its lane')) throw new Error(`Work failed on a lane of the server:\n${said}`);
  }
}
