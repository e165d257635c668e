import { TidingsError } from './base/tidings-error.js';
import { outputOf } from './task-output.js';

/**
 * @template [Result=any]
 * @typedef {object} TaskState
 * @property {string} task_id
 * @property {string} name
 * @property {'pending' | 'running' | 'completed' | 'failed' | 'cancelled'} status  the last three are final
 * @property {number} progress  0 to 100
 * @property {string} [message]
 * @property {Result} [result]
 * @property {string} [error]
 */

/**
 * What a task needs of its client.
 * @typedef {object} TaskOwner
 * @property {() => import('./channels/subscription.js').Subscription} subscribe
 * @property {() => Promise<any>} cancel
 * @property {(offset: number) => AsyncGenerator<string | Uint8Array, void>} output
 * @property {() => void} left  nobody watches it any more
 */

const order = ['pending', 'running', 'completed', 'failed', 'cancelled'];

/** @param {TaskState} state */
const isFinal = ({ status }) => order.indexOf(status) > 1;

/** @param {any} data @returns {data is TaskState} */
const isState = (data) => order.includes(data?.status);

/** @param {TaskState} state @param {TaskState | undefined} shown whether nothing in it goes back */
const follows = (state, shown) =>
  !shown || (!isFinal(shown) && order.indexOf(state.status) >= order.indexOf(shown.status) && (isFinal(state) || state.progress >= shown.progress));

/**
 * A task's progress, through all connections: `for await (const state of task)` has the present state, what follows (of fast changes the
 * newest), and the final state, with which it ends.
 * @template [Result=any]
 */
export class Task {
  #owner;
  /** @type {TaskState<Result> | undefined} */
  #state;
  /** @type {Error | undefined} */
  #error;
  #loops = 0;
  /** @type {import('./channels/subscription.js').Subscription | undefined} */
  #subscription;
  /** @type {{ promise: Promise<void>, resolve: () => void } | undefined} */
  #change;

  /** @param {string} id @param {TaskOwner} owner @internal */
  constructor(id, owner) {
    this.id = id;
    this.#owner = owner;
  }

  /** The newest state that is known; undefined before the first. @returns {TaskState<Result> | undefined} */
  get state() {
    return this.#state;
  }

  /** @returns {AsyncGenerator<TaskState<Result>, void>} throws a TidingsError where there is no such task, or it may not be watched. Its `return` ends it at once, also while it waits */
  [Symbol.asyncIterator]() {
    let left = false;
    const states = this.#states(() => left);
    const end = states.return.bind(states);
    states.return = (value) => {
      left = true;
      this.#tell();
      return end(value);
    };
    return states;
  }

  /** @param {() => boolean} isLeft @returns {AsyncGenerator<TaskState<Result>, void>} */
  async *#states(isLeft) {
    this.#enter();
    try {
      for (let seen; !seen || !isFinal(seen); yield seen) {
        while (this.#state === seen || !this.#state) {
          if (isLeft()) return;
          if (this.#error) throw this.#error;
          this.#change ??= later();
          await this.#change.promise;
        }
        seen = this.#state;
      }
    } finally {
      this.#leave();
    }
  }

  /** @returns {Promise<Result>} the result, once there is one; fails with a TidingsError whose code is `failed` or `cancelled` */
  async result() {
    /** @type {any} */
    let last;
    for await (last of this);
    if (last.status === 'completed') return last.result;
    throw new TidingsError(last.status, last.error ?? `The task was ${last.status}.`);
  }

  /**
   * What the task says besides its state, as it comes and from the beginning: pieces of text, or bytes where it writes bytes. It ends with the task; whether that failed, `result` says.
   * @param {{ offset?: number }} [options] the first byte, where not all is wanted
   * @returns {AsyncGenerator<string | Uint8Array, void>} throws a TidingsError where there is no such task, or it may not be watched
   */
  output({ offset = 0 } = {}) {
    return this.#owner.output(offset);
  }

  /** Cancels it, where clients may. Completes when it is cancelled. @returns {Promise<void>} fails with a TidingsError */
  async cancel() {
    await this.#owner.cancel();
  }

  #enter() {
    if (this.#loops++ || (this.#state && isFinal(this.#state))) return;
    this.#error = undefined;
    const subscription = (this.#subscription = this.#owner.subscribe());
    // What was missed is gone and need not be had: the newest state is all there is to know.
    subscription.on('gap', async () => {
      const last = await subscription.history({ last: 1 }).catch(() => undefined);
      for (const { data } of last?.messages ?? []) this.#take(data);
    });
    subscription.on('message', ({ data }) => this.#take(data));
    void this.#await(subscription);
  }

  /** @param {import('./channels/subscription.js').Subscription} subscription */
  async #await(subscription) {
    try {
      for await (const _ of subscription);
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
    }
  }

  #leave() {
    if (--this.#loops) return;
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#owner.left();
  }

  /** @param {unknown} state */
  #take(state) {
    if (!isState(state) || !follows(state, this.#state)) return;
    this.#state = state;
    this.#tell();
  }

  /** @param {Error} error */
  #fail(error) {
    this.#error = error;
    this.#tell();
  }

  #tell() {
    this.#change?.resolve();
    this.#change = undefined;
  }
}

function later() {
  let resolve = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve: () => resolve() };
}

/** The tasks of a client: while one is watched, the same id is the same task. */
export class Tasks {
  #client;
  /** @type {Map<string, Task>} */
  #watched = new Map();

  /** @param {import('./channel-client.js').ChannelClient<any>} client */
  constructor(client) {
    this.#client = client;
  }

  /** @param {string} id @returns {Task} */
  of(id) {
    const channel = `task:${id}`;
    /** @type {Task} */
    const task = this.#watched.get(id) ?? new Task(id, {
      subscribe: () => this.#watched.set(id, task) && this.#client.subscribe(channel, { last: 1 }),
      cancel: () => this.#client.publish(channel, { type: 'cancel' }),
      output: (offset) => outputOf(this.#client, id, offset),
      left: () => this.#watched.delete(id),
    });
    return task;
  }
}

/** @type {WeakMap<object, Tasks>} */
const tasksOf = new WeakMap();

/**
 * A task, as `Tidings.task` gives it.
 * @template [T=import('./application.js').Inferred] @template [App=any]
 * @param {import('./channel-client.js').ChannelClient<App>} client @param {string} id @returns {Task<import('./application.js').ResultOf<App, T>>}
 */
export function taskOf(client, id) {
  const tasks = tasksOf.get(client) ?? new Tasks(client);
  tasksOf.set(client, tasks);
  return tasks.of(id);
}
