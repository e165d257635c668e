import { useMemo } from 'react';
import { mapOf } from 'tidings-client/channels';
import { useFollowed } from './followed.js';
import { useTidings } from './provider.js';

/** @import { Chosen, Inferred, MessageOf, Published, PublishedOf, Register } from 'tidings-client' */

/**
 * @template [T=any] @template [Said=T]
 * @typedef {object} MapView
 * @property {ReadonlyMap<string, T>} entries
 * @property {boolean} ready  whether all is there
 * @property {import('./channel.js').Fault} [error]
 * @property {(key: string, value: Said) => Promise<Published>} set
 * @property {(key: string) => Promise<Published>} remove
 */

/** @type {{ entries: ReadonlyMap<string, any>, ready: boolean }} */
const nothing = { entries: new Map(), ready: false };

/**
 * The state of a channel, a value for each key. Its kind has `State`.
 * @template [T=Inferred] @template {string} [Name=string]
 * @param {Name | null | undefined} channel  null for none
 * @param {{ token?: import('tidings-client').SubscribeOptions['token'] }} [options]
 * @returns {MapView<Chosen<T, MessageOf<Register, Name>>, Chosen<T, PublishedOf<Register, Name>>>}
 */
export function useMap(channel, options) {
  const client = useTidings();
  const view = useFollowed(channel ? ['map', channel] : undefined, (changed) => {
    const map = mapOf(client, String(channel), options);
    /** @type {import('./channel.js').Fault | undefined} */
    let error;
    const fault = (/** @type {{ code?: string, error?: string, reason?: string }} */ { code, error: why, reason = why }) => {
      error = { ...(code && { code }), ...(reason && { error: reason }) };
      changed();
    };
    map.on('change', changed);
    map.on('ready', () => {
      error = undefined;
      changed();
    });
    map.on('error', fault);
    map.on('unsubscribed', fault);
    return { read: () => ({ entries: new Map(map), ready: map.ready, ...(error && { error }) }), close: () => map.close() };
  }, nothing);
  return useMemo(() => /** @type {any} */ ({
    ...view,
    set: (/** @type {string} */ key, /** @type {any} */ value) => client.publish(String(channel), value, { key }),
    remove: (/** @type {string} */ key) => client.removeKey(String(channel), key),
  }), [client, channel, view]);
}
