// The client in parts, for bundlers: what is not imported is not in the page. `Tidings` has channels and calls over a WebSocket.
import { hostOf } from './base/host.js';
import { ChannelClient } from './channel-client.js';
import { webSocket } from './transports/ways.js';

export { TidingsError } from './base/tidings-error.js';
export { Channel } from './channel.js';
export { ChannelClient } from './channel-client.js';
export { mapOf } from './channel-map.js';
export { loadedOf } from './loaded-subscription.js';
export { ReconnectingWebSocket } from './sockets/reconnecting-web-socket.js';
export { resourceOf } from './resource.js';
export { taskOf } from './task.js';
export { eventStream, polling, webSocket } from './transports/ways.js';

/**
 * A connection to Tidings that comes back by itself, with channels and calls.
 * @template [App=import('./application.js').Register] what the application declares of itself
 * @extends {ChannelClient<App>}
 */
export class Tidings extends ChannelClient {
  /**
   * @param {string | URL} url of `/connect`, ws:, wss:, http: or https:; in a browser it may be relative to the page
   * @param {Omit<import('./options.js').TidingsOptions, 'transports'> & { transports?: import('./transports/transport.js').Way[] }} [options]  `transports` to try,
   * best first: `[webSocket, eventStream, polling]`; without it a WebSocket alone
   */
  constructor(url, options = {}) {
    super(url, options, options.transports ?? [webSocket], hostOf(options));
  }
}
