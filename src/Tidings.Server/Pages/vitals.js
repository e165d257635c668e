import { byId } from './dom.js';

/** How often the way to the server and back is timed. */
const EVERY = 3_000;

/** @type {Readonly<Record<string, string>>} */
const transports = { websocket: 'WebSocket', sse: 'SSE', polling: 'Long polling' };

/** @type {Readonly<Record<string, string>>} */
const states = { idle: 'Not connected', connecting: 'Connecting', connected: 'Connected', waiting: 'Waiting', closed: 'Closed' };

/** Transport, state, latency and position of the connection to /connect. */
export class Vitals {
  #transport = byId('vital-transport', HTMLElement);
  #state = byId('vital-state', HTMLElement);
  #latency = byId('vital-latency', HTMLElement);
  #position = byId('vital-position', HTMLElement);
  /** @type {import('../tidings.js').Tidings | undefined} */
  #tidings;

  constructor() {
    setInterval(() => void this.#measure(), EVERY);
  }

  /** @param {import('../tidings.js').Tidings} tidings */
  watch(tidings) {
    this.#tidings = tidings;
    this.#showState(tidings.state);
    tidings.on('state', ({ state }) => this.#tidings === tidings && this.#showState(state));
    tidings.on('connected', ({ transport }) => {
      if (this.#tidings !== tidings) return;
      this.#transport.textContent = transports[transport];
      void this.#measure();
    });
  }

  /** @param {{ epoch: string, offset: number } | undefined} position */
  position(position) {
    this.#position.textContent = position ? `${position.offset}` : '–';
    this.#position.title = position ? `Offset ${position.offset} in epoch ${position.epoch}` : '';
  }

  /** @param {string} state */
  #showState(state) {
    this.#state.textContent = states[state];
    this.#state.dataset.state = state;
    if (state === 'connected') return;
    this.#transport.textContent = this.#latency.textContent = '–';
  }

  async #measure() {
    const tidings = this.#tidings;
    if (tidings?.state !== 'connected' || document.hidden) return;
    try {
      const milliseconds = await tidings.ping();
      if (tidings === this.#tidings) this.#latency.textContent = `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
    } catch {
      // The state says why.
    }
  }
}
