import { call } from './application-code.js';

/**
 * Named events with a detail each. A listener that throws or rejects disturbs nobody: its error is reported as that of any event handler.
 * @template {Record<string, any>} Events
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(detail: Events[Name]) => void} listener the same one twice is called once
   * @returns {() => void} stops listening
   */
  on(name, listener) {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => this.off(name, listener);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(detail: Events[Name]) => void} listener
   */
  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} detail
   * @internal
   */
  emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) call(listener, detail);
  }

  /** @param {keyof Events} name @returns {boolean} @internal */
  hears(name) {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }
}
