import { useMemo } from 'react';
import { useFollowed } from './followed.js';
import { useTidings } from './provider.js';

/**
 * @import { Chosen, Inferred, Message, MessageOf, PublishedOf, Published, PublishOptions, Register, SubscribeOptions, Subscription } from 'tidings-client'
 *
 * @typedef {'connecting' | 'live' | 'ended'} Status  `ended`: refused, or ended by the server; `error` says why
 * @typedef {{ code?: string, error?: string }} Fault
 */

/**
 * @template [T=any] @template [Said=any]
 * @typedef {object} ChannelView
 * @property {readonly Message<T>[]} messages  the newest, oldest first. Where something was missed it has what `last` asks for, anew
 * @property {Status} status
 * @property {Fault} [error]
 * @property {Subscription<T, Said>} [subscription]  for its own events; undefined in the first render
 * @property {(data: Said, options?: PublishOptions) => Promise<Published>} publish
 */

/** @type {{ messages: readonly Message[], status: Status }} */
const nothing = { messages: [], status: 'connecting' };

/**
 * The messages of a channel.
 * @template [T=Inferred] @template {string} [Name=string]
 * @param {Name | null | undefined} channel  null for none
 * @param {SubscribeOptions & { keep?: number }} [options]  those of `subscribe`, and how many messages are kept: 100 without. The functions of the first render count
 * @returns {ChannelView<Chosen<T, MessageOf<Register, Name>>, Chosen<T, PublishedOf<Register, Name>>>}
 */
export function useChannel(channel, options = {}) {
  const client = useTidings();
  const { keep = 100, ...how } = options;
  const view = useFollowed(channel ? ['channel', channel, keep, how] : undefined, (changed) => follow(client, String(channel), how, keep, changed), nothing);
  return useMemo(() => /** @type {any} */ ({ ...view, publish: (/** @type {any} */ data, /** @type {PublishOptions} */ options) => client.publish(String(channel), data, options) }), [client, channel, view]);
}

/**
 * @param {import('./provider.js').AnyClient} client @param {string} channel @param {SubscribeOptions} how @param {number} keep @param {() => void} changed
 */
function follow(client, channel, how, keep, changed) {
  const subscription = client.subscribe(channel, how);
  /** @type {Message[]} */
  let messages = [];
  /** @type {Fault | undefined} */
  let error;
  const show = (/** @type {Message[]} */ now) => {
    messages = keep ? now.slice(-keep) : [];
    changed();
  };
  subscription.on('message', (message) => show([...messages, message]));
  subscription.on('removed', ({ offset }) => show(messages.filter((message) => message.offset !== offset)));
  subscription.on('gap', async () => {
    show([]);
    if (!how.last) return;
    const kept = await subscription.history({ last: how.last }).catch(() => undefined);
    const before = kept?.messages.filter(({ offset, removed }) => !removed && !messages.some((message) => message.offset === offset)) ?? [];
    show([...before.map((message) => ({ channel, ...message })), ...messages]);
  });
  const stop = watch(client, subscription, (fault) => {
    error = fault;
    changed();
  });
  return { read: () => ({ messages, status: statusOf(subscription), ...(error && { error }), subscription }), close: stop };
}

/** @param {{ ended: boolean, active: boolean }} subscription @returns {Status} */
export const statusOf = ({ ended, active }) => (ended ? 'ended' : active ? 'live' : 'connecting');

/**
 * Tells when a subscription is there, is away, is refused.
 * @param {import('./provider.js').AnyClient} client @param {Subscription<any, any>} subscription @param {(fault?: Fault) => void} told
 * @returns {() => void} ends all of it
 */
export function watch(client, subscription, told) {
  subscription.on('subscribed', () => told());
  subscription.on('error', told);
  subscription.on('unsubscribed', ({ code, reason }) => told({ code, error: reason }));
  const stop = client.on('state', () => subscription.ended || told());
  return () => {
    stop();
    subscription.unsubscribe();
  };
}
