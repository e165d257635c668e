import { useMemo } from 'react';
import { taskOf } from 'tidings-client/channels';
import { useFollowed } from './followed.js';
import { useTidings } from './provider.js';

/** @import { Inferred, Register, ResultOf, TaskState } from 'tidings-client' */

/**
 * @template [Result=any]
 * @typedef {object} TaskView
 * @property {TaskState<Result>} [state]  undefined before the first
 * @property {import('./channel.js').Fault} [error]  there is no such task, or it may not be watched
 * @property {() => Promise<void>} cancel
 */

/** @type {{ state?: TaskState, error?: import('./channel.js').Fault }} */
const nothing = {};

/**
 * A task's progress and result: `useTask<Report>(id)`, or `useTask<'report'>(id)` where the application declares it.
 * @template [T=Inferred]
 * @param {string | null | undefined} id  null before there is one
 * @returns {TaskView<ResultOf<Register, T>>}
 */
export function useTask(id) {
  const client = useTidings();
  const view = useFollowed(id ? ['task', id] : undefined, (changed) => follow(client, String(id), changed), nothing);
  return useMemo(() => /** @type {any} */ ({ ...view, cancel: () => taskOf(client, String(id)).cancel() }), [client, id, view]);
}

/** @param {import('./provider.js').AnyClient} client @param {string} id @param {() => void} changed */
function follow(client, id, changed) {
  const states = taskOf(client, id)[Symbol.asyncIterator]();
  let view = nothing;
  void (async () => {
    try {
      for await (const state of states) {
        view = { state };
        changed();
      }
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      view = { ...view, error: { code, error: message } };
      changed();
    }
  })();
  return { read: () => view, close: () => void states.return() };
}
