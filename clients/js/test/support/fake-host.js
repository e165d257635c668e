/** Time that passes only when told, a network that is what the test makes of it. */
export class FakeHost {
  time = 0;
  randomValue = 0.5;
  online = true;
  hidden = false;
  /** @type {{ due: number, callback: () => void }[]} */
  timers = [];
  /** @type {Set<(why: 'online' | 'visible') => void>} */
  wakers = new Set();
  stored = new Map();
  keys = 0;
  WebSocket;
  fetch;

  constructor({ WebSocket, fetch } = {}) {
    this.WebSocket = WebSocket;
    this.fetch = fetch;
  }

  now = () => this.time;
  random = () => this.randomValue;
  isOnline = () => this.online;
  isHidden = () => this.hidden;
  newKey = () => `key-${++this.keys}`;
  memory = { get: (key) => this.stored.get(key) ?? null, set: (key, value) => this.stored.set(key, value) };

  after = (callback, milliseconds) => {
    const timer = { due: this.time + milliseconds, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  onWake = (listener) => {
    this.wakers.add(listener);
    return () => this.wakers.delete(listener);
  };

  wake(why) {
    for (const waker of [...this.wakers]) waker(why);
  }

  /** Lets everything that is due happen, in order, and what follows from it. */
  async pass(milliseconds) {
    const until = this.time + milliseconds;
    await settle();
    for (;;) {
      const next = this.timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.due);
      next.callback();
      await settle();
    }
    this.time = until;
  }
}

/** Lets promises that are resolved already run on. */
export async function settle() {
  for (let turn = 0; turn < 50; turn++) await undefined;
}
