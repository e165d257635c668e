import { Tidings } from '../tidings.js';
import { byId, make } from './dom.js';
import { toFrame } from './frames-log.js';
import { connectUrl, httpUrl } from './routes.js';

/**
 * @typedef {import('../tidings.js').TaskState} TaskState
 * @typedef {{ line: HTMLElement, bar: HTMLProgressElement, status: HTMLElement, percent: HTMLElement, text: HTMLElement, cancel: HTMLButtonElement }} Row
 */

const ROUTE = '/connect';
/** All windows of this browser show the same tasks. */
const KEY = 'tidings.tasks';
const MOST = 8;

/** @type {Record<TaskState['status'], string>} */
const WORDS = { pending: 'waiting', running: 'running', completed: 'completed', failed: 'failed', cancelled: 'cancelled' };

/** The tasks panel: starts demonstration tasks, and watches those that any window of this browser has started. */
export class Tasks {
  #list = byId('tasks', HTMLOListElement);
  #empty = byId('tasks-empty', HTMLElement);
  #note = byId('tasks-note', HTMLElement);
  #files = byId('task-files', HTMLSelectElement);
  #clear = byId('tasks-clear', HTMLButtonElement);
  #onFrame;
  /** @type {Tidings | undefined} */
  #tidings;
  /** @type {Map<string, Row>} */
  #rows = new Map();

  /** @param {(frame: import('./frames-log.js').Frame) => void} onFrame */
  constructor(onFrame) {
    this.#onFrame = onFrame;
    byId('task-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#start();
    });
    this.#clear.addEventListener('click', () => this.#clearFinished());
    addEventListener('storage', ({ key }) => key === KEY && this.#watchAll());
    this.#watchAll();
  }

  async #start() {
    this.#note.textContent = '';
    try {
      const response = await fetch(httpUrl('api/tasks'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'demo', data: { files: Number(this.#files.value) } }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail ?? answer.title);
      store([answer.task_id, ...stored()]);
      this.#watchAll();
    } catch (error) {
      this.#note.textContent = `Not started: ${/** @type {Error} */ (error).message}`;
    }
  }

  #watchAll() {
    const ids = stored();
    for (const [id, row] of this.#rows) {
      if (ids.includes(id)) continue;
      row.line.remove();
      this.#rows.delete(id);
    }
    for (const id of [...ids].reverse()) if (!this.#rows.has(id)) void this.#watch(id);
    this.#empty.hidden = this.#rows.size > 0;
    this.#clear.disabled = this.#rows.size === 0;
  }

  /** @param {string} id */
  async #watch(id) {
    const task = this.#client().task(id);
    const row = this.#addRow(id, () => task.cancel());
    try {
      for await (const state of task) show(row, state);
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'not_allowed') {
        row.text.textContent = /** @type {Error} */ (error).message;
        return;
      }
      // The server knows it no more.
      store(stored().filter((other) => other !== id));
      this.#watchAll();
    }
  }

  #client() {
    if (this.#tidings) return this.#tidings;
    this.#tidings = new Tidings(connectUrl());
    this.#tidings.on('frame', ({ direction, text }) => this.#onFrame(toFrame(direction, ROUTE, text)));
    return this.#tidings;
  }

  /** @param {string} id @param {() => Promise<void>} cancel @returns {Row} */
  #addRow(id, cancel) {
    const bar = make('progress');
    bar.max = 100;
    bar.setAttribute('aria-label', `Progress of task ${id}`);
    const row = {
      bar,
      status: make('span', { class: 'status-word', text: '…' }),
      percent: make('span', { class: 'percent' }),
      text: make('p', { class: 'aside text' }),
      cancel: make('button', { class: 'quiet', text: 'Cancel' }),
      line: make('li', { class: 'task', data: { id, status: 'pending' } }),
    };
    row.cancel.type = 'button';
    row.cancel.hidden = true;
    row.cancel.addEventListener('click', async () => {
      row.cancel.disabled = true;
      await cancel().catch((/** @type {Error} */ error) => (row.text.textContent = error.message));
    });
    row.line.append(make('div', { class: 'head' }, make('code', { text: id.slice(0, 8) }), row.status, row.percent), bar, make('div', { class: 'foot' }, row.text, row.cancel));
    this.#rows.set(id, row);
    this.#list.prepend(row.line);
    return row;
  }

  #clearFinished() {
    const running = stored().filter((id) => ['pending', 'running'].includes(this.#rows.get(id)?.line.dataset.status ?? ''));
    store(running);
    this.#watchAll();
  }
}

/** @param {Row} row @param {TaskState} state */
function show(row, { status, progress, message, error }) {
  row.line.dataset.status = status;
  row.bar.value = progress;
  row.percent.textContent = `${Math.round(progress)} %`;
  row.status.textContent = WORDS[status];
  row.text.textContent = error ?? message ?? '';
  row.cancel.hidden = status !== 'pending' && status !== 'running';
}

/** @returns {string[]} the newest first */
function stored() {
  try {
    const ids = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @param {string[]} ids */
function store(ids) {
  try {
    localStorage.setItem(KEY, JSON.stringify(ids.slice(0, MOST)));
  } catch {
    // Without storage this window alone shows them, until it is reloaded.
  }
}
