import { ask } from './ask.js';
import { confirm } from './dialog.js';
import { make } from './dom.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { WholeList } from './whole-list.js';

/** @typedef {{ id: string, name: string, status: string, progress: number, message?: string, error?: string, cancellable: boolean }} Row */

/** Tasks of all nodes that share their store. */
export class Tasks {
  #panel;

  constructor() {
    const rows = new Rows('tasks-table', {
      key: (/** @type {Row} */ { id }) => id,
      cells: (task, row) => [
        { text: task.id },
        { text: task.name },
        { text: task.status },
        { text: '', class: 'short', node: progress(task, row.cells[3]?.firstChild) },
        { text: task.error ?? task.message ?? '' },
        { text: '', class: 'action', node: this.#canceller(task, row.cells[5]?.firstChild) },
      ],
      empty: 'There are no tasks.',
    });
    const list = new WholeList('tasks', rows, {
      texts: ({ id, name, status, message, error }) => [id, name, status, message ?? '', error ?? ''],
      values: { task: ({ id }) => id, name: ({ name }) => name, state: ({ status }) => status, progress: ({ progress }) => progress },
    });
    this.#panel = new Panel('tasks', async () => {
      const { tasks, more } = await ask('data/tasks');
      list.show(tasks);
      if (more) this.#panel.note(`These are the ${tasks.length} that come first; there are more.`);
    });
  }

  /** @param {Row} task @param {Node | null | undefined} present */
  #canceller(task, present) {
    const button = present instanceof HTMLButtonElement ? present : make('button', { class: 'quiet', text: 'Cancel' });
    if (button !== present) {
      button.type = 'button';
      button.addEventListener('click', () => void this.#cancel(task));
    }
    button.hidden = !task.cancellable;
    return button;
  }

  /** @param {Row} task */
  async #cancel({ id, name }) {
    if (!(await confirm({ title: 'Cancel the task?', text: `${name}, ${id}`, yes: 'Cancel the task' }))) return;
    try {
      await ask(`api/tasks/${encodeURIComponent(id)}`, { method: 'DELETE' });
      this.#panel.note(`Cancelled ${id}.`);
    } catch (error) {
      this.#panel.note(String(/** @type {Error} */ (error).message), 'error');
    }
    await this.#panel.refresh();
  }
}

/** @param {Row} task @param {Node | null | undefined} present */
function progress(task, present) {
  const whole = present instanceof HTMLSpanElement ? present : make('span', {}, make('progress'), make('span'));
  const [bar, text] = whole.children;
  /** @type {HTMLProgressElement} */ (bar).max = 100;
  /** @type {HTMLProgressElement} */ (bar).value = task.progress;
  bar.setAttribute('aria-label', `Progress of ${task.id}`);
  text.textContent = ` ${Math.round(task.progress)} %`;
  return whole;
}
