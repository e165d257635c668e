import { LiveResource } from './sockets/live-resource.js';

/** @import { Chosen, Inferred, RowOf } from './application.js' */

/**
 * The rows of a live resource, as `Tidings.resource` gives them.
 * @template [T=Inferred] @template [App=any] @template {string} [Name=string]
 * @param {import('./channel-client.js').ChannelClient<App>} client
 * @param {Name} name as `items`
 * @param {import('./sockets/live-resource.js').ResourceOptions} [options]
 * @returns {LiveResource<Chosen<T, RowOf<App, Name>>>}
 */
export function resourceOf(client, name, options = {}) {
  const { url, options: { token, maxRetries, WebSocket }, host } = client.aside();
  const feed = options.url === undefined ? new URL(`ws/${name}`, url) : new URL(options.url, url);
  return new LiveResource(name, feed.href.replace(/^http/, 'ws'), { token, maxRetries, WebSocket, ...options }, host);
}
