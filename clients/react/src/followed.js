import { useMemo, useSyncExternalStore } from 'react';
import { useTidings } from './provider.js';

/** @typedef {import('./provider.js').AnyClient} AnyClient */

/**
 * What components follow.
 * @template Value
 * @typedef {{ read: () => Value, close: () => void }} Source
 */

/**
 * What all components that ask for the same follow together. It opens with the first, and closes a tick after the last: components that are mounted anew, as StrictMode does, keep it.
 * @template Value
 */
class Followed {
  /** @type {Set<() => void>} */
  listeners = new Set();
  #changed = false;

  /** @param {(changed: () => void) => Source<Value>} open */
  constructor(open) {
    const source = open(() => this.#change());
    this.close = source.close;
    this.read = source.read;
    this.value = source.read();
  }

  /** What changes at once is shown at once. */
  #change() {
    if (this.#changed) return;
    this.#changed = true;
    queueMicrotask(() => {
      this.#changed = false;
      this.value = this.read();
      for (const listener of [...this.listeners]) listener();
    });
  }
}

/** @type {WeakMap<AnyClient, Map<string, Followed<any>>>} */
const byClient = new WeakMap();

/** @param {AnyClient} client */
function allOf(client) {
  let all = byClient.get(client);
  if (!all) byClient.set(client, (all = new Map()));
  return all;
}

/**
 * @template Value
 * @param {unknown[] | undefined} what  what is followed, as JSON; undefined for nothing. Components that ask for the same share it
 * @param {(changed: () => void) => Source<Value>} open
 * @param {Value} initial  before it is opened; always the same
 * @returns {Value}
 */
export function useFollowed(what, open, initial) {
  const client = useTidings();
  const key = what && JSON.stringify(what);
  const { subscribe, get } = useMemo(() => {
    const all = allOf(client);
    return {
      /** @param {() => void} listener */
      subscribe(listener) {
        if (!key) return () => {};
        const followed = all.get(key) ?? new Followed(open);
        all.set(key, followed);
        followed.listeners.add(listener);
        return () => {
          followed.listeners.delete(listener);
          setTimeout(() => {
            if (followed.listeners.size || all.get(key) !== followed) return;
            all.delete(key);
            followed.close();
          });
        };
      },
      get: () => (key && all.get(key)?.value) || initial,
    };
  }, [client, key]);
  return useSyncExternalStore(subscribe, get, () => initial);
}
