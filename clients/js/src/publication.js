import { bytesOf, toBase64 } from './base/bytes.js';

/** @typedef {import('./commands/commands.js').Frame} Frame */

/**
 * The command that publishes. What is not said in passing has an idempotency key, so that it may be sent again.
 * @param {string} channel
 * @param {unknown} data any JSON, or bytes
 * @param {import('./channels/contract.js').PublishOptions} options
 * @param {() => string} newKey
 * @returns {Frame}
 */
export function publication(channel, data, { event, key, idempotencyKey, durable, ephemeral, except }, newKey) {
  const bytes = bytesOf(data);
  return {
    type: 'publish',
    channel,
    // What is undefined is not in the JSON.
    ...(bytes ? { data64: toBase64(bytes) } : { data: data === undefined ? null : data }),
    event,
    key,
    idempotencyKey: ephemeral ? idempotencyKey : (idempotencyKey ?? newKey()),
    durable,
    ephemeral,
    except,
  };
}
