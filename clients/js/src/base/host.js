import { LONGEST_TIMER } from './waits.js';

/**
 * All that the client takes from its surroundings: a page, a worker, Node, Deno, or a test.
 * @typedef {object} Host
 * @property {(new (url: string, protocols?: string | string[]) => WebSocket) | undefined} WebSocket
 * @property {typeof fetch | undefined} fetch
 * @property {() => number} now          milliseconds that never run backwards
 * @property {import('./backoff.js').Random} random
 * @property {(callback: () => void, milliseconds: number) => () => void} after  at most 2³¹ − 1; returns what cancels it
 * @property {() => boolean} isOnline    false only when there is certainly no network
 * @property {() => boolean} isHidden    whether nobody can see the page
 * @property {(listener: (why: Wake) => void) => () => void} onWake  the network is back, or the page is seen again; returns what stops it
 * @property {() => string} newKey       a random string that nobody else draws
 * @property {{ get(key: string): string | null, set(key: string, value: string): void }} memory  outlives a reload of the page, if it can
 *
 * @typedef {'online' | 'visible'} Wake
 */

/**
 * @param {{ WebSocket?: any }} options in Node before version 22 there is no WebSocket of its own
 * @returns {Host}
 */
export function hostOf(options) {
  const page = typeof document === 'undefined' ? undefined : document;
  return {
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    fetch: globalThis.fetch?.bind(globalThis),
    now: () => performance.now(),
    random: Math.random,
    after(callback, milliseconds) {
      const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_TIMER));
      return () => clearTimeout(timer);
    },
    isOnline: () => globalThis.navigator?.onLine !== false,
    isHidden: () => page?.visibilityState === 'hidden',
    onWake(listener) {
      const online = () => listener('online');
      const visible = () => page?.visibilityState === 'visible' && listener('visible');
      // Workers hear of the network as well; Node has neither.
      globalThis.addEventListener?.('online', online);
      page?.addEventListener('visibilitychange', visible);
      return () => {
        globalThis.removeEventListener?.('online', online);
        page?.removeEventListener('visibilitychange', visible);
      };
    },
    newKey,
    memory: sessionMemory(),
  };
}

/** 128 random bits. crypto.randomUUID is missing on pages that came by plain http. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Storage that is missing, full or forbidden only costs what would have been remembered. @returns {Host['memory']} */
function sessionMemory() {
  return {
    get(key) {
      try {
        return sessionStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        sessionStorage.setItem(key, value);
      } catch {
        // Found again next time.
      }
    },
  };
}
