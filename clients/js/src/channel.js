/**
 * @typedef {import('./channels/contract.js').PublishOptions} PublishOptions
 * @typedef {import('./channels/contract.js').HistoryOptions} HistoryOptions
 * @typedef {import('./channels/contract.js').SubscribeOptions} SubscribeOptions
 */

/**
 * A channel by its name: what can be done with it, with its messages' type said once. It is not followed before `subscribe`.
 * @template [T=any] what its messages are
 * @template [Said=any] what may be published in it
 */
export class Channel {
  #client;

  /** @param {string} name @param {import('./channel-client.js').ChannelClient<any>} client @internal */
  constructor(name, client) {
    this.name = name;
    this.#client = client;
  }

  /** Follows it until `unsubscribe`. @param {SubscribeOptions} [options] @returns {import('./channels/subscription.js').Subscription<T, Said>} */
  subscribe(options) {
    return /** @type {any} */ (this.#client.subscribe(this.name, options));
  }

  /** @param {Said | ArrayBuffer | ArrayBufferView} data any JSON, or bytes @param {PublishOptions} [options] fails with a TidingsError */
  publish(data, options) {
    return this.#client.publish(this.name, data, options);
  }

  /** @param {HistoryOptions} [options] @returns {Promise<import('./channels/contract.js').History<T>>} what is kept */
  history(options) {
    return this.#client.history(this.name, options);
  }

  /** @param {{ limit?: number }} [options] who is there */
  presence(options) {
    return this.#client.presence(this.name, options);
  }
}
