import { resourceOf } from 'tidings-client/channels';
import { useFollowed } from './followed.js';
import { useTidings } from './provider.js';

/** @import { Chosen, Inferred, Register, ResourceOptions, RowOf } from 'tidings-client' */

/**
 * @template [T=any]
 * @typedef {object} ResourceView
 * @property {readonly T[]} rows
 * @property {boolean} ready  whether all were there
 * @property {{ error: string, details?: { field: string, message: string }[] }} [error]
 */

/** @type {ResourceView} */
const nothing = { rows: [], ready: false };

/**
 * The rows of a live resource, as they are on the server.
 * @template [T=Inferred] @template {string} [Name=string]
 * @param {Name | null | undefined} name  as `items`; null for none
 * @param {ResourceOptions} [options]
 * @returns {ResourceView<Chosen<T, RowOf<Register, Name>>>}
 */
export function useResource(name, options = {}) {
  const client = useTidings();
  return /** @type {any} */ (useFollowed(name ? ['resource', name, options] : undefined, (changed) => {
    const resource = resourceOf(client, String(name), options);
    /** @type {Partial<ResourceView>} */
    let view = { ready: false };
    const now = (/** @type {Partial<ResourceView>} */ more) => {
      view = { ...view, ...more };
      changed();
    };
    resource.on('reset', () => now({ ready: true, error: undefined }));
    resource.on('change', () => now({}));
    resource.on('error', (error) => now({ error }));
    return { read: () => /** @type {ResourceView} */ ({ ...view, rows: resource.rows }), close: () => resource.close() };
  }, nothing));
}
