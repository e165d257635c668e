import { useEffect, useMemo } from 'react';
import { statusOf, watch } from './channel.js';
import { useFollowed } from './followed.js';
import { useTidings } from './provider.js';

/**
 * @import { Member } from 'tidings-client'
 *
 * @typedef {object} PresenceView
 * @property {readonly Member[]} members  who is there, as far as it is listed
 * @property {number} count               how many are there, listed or not
 * @property {import('./channel.js').Status} status
 * @property {import('./channel.js').Fault} [error]
 */

/** @type {PresenceView & { tell?: (info: string) => void }} */
const nothing = { members: [], count: 0, status: 'connecting' };

/**
 * Who is in a channel.
 * @param {string | null | undefined} channel  null for none
 * @param {unknown} [info]  what others are shown of this client, where the channel's kind has `PresenceInfo`: any JSON of at most 4 KB. Said again where it changes
 * @returns {PresenceView}
 */
export function usePresence(channel, info) {
  const client = useTidings();
  const { tell, members, count, status, error } = useFollowed(channel ? ['presence', channel] : undefined, (changed) => follow(client, String(channel), info, changed), nothing);
  const said = JSON.stringify(info);
  useEffect(() => {
    if (said !== undefined) tell?.(said);
  }, [tell, said]);
  return useMemo(() => ({ members, count, status, ...(error && { error }) }), [members, count, status, error]);
}

/** @param {import('./provider.js').AnyClient} client @param {string} channel @param {unknown} info @param {() => void} changed */
function follow(client, channel, info, changed) {
  const subscription = client.subscribe(channel, { presence: true, ...(info !== undefined && { info }) });
  /** @type {import('./channel.js').Fault | undefined} */
  let error;
  let said = JSON.stringify(info);
  /** Of those who say something else the last counts. @param {string} now */
  const tell = (now) => {
    if (now !== said) subscription.track(JSON.parse((said = now))).catch(() => {});
  };
  subscription.members.on('change', changed);
  const stop = watch(client, subscription, (fault) => {
    error = fault;
    changed();
  });
  return { read: () => ({ members: [...subscription.members], count: subscription.members.count, status: statusOf(subscription), ...(error && { error }), tell }), close: stop };
}
