/** @typedef {import('./commands/commands.js').Frame} Frame */

/**
 * The command that publishes. What is not said in passing has an idempotency key, so that it may be sent again.
 * @param {string} channel
 * @param {unknown} data any JSON
 * @param {import('./channels/contract.js').PublishOptions} options
 * @param {() => string} newKey
 * @returns {Frame}
 */
export function publication(channel, data, { event, key, idempotencyKey, durable, ephemeral, except }, newKey) {
  const unique = ephemeral ? idempotencyKey : (idempotencyKey ?? newKey());
  return {
    type: 'publish',
    channel,
    data: data === undefined ? null : data,
    ...(event !== undefined && { event }),
    ...(key !== undefined && { key }),
    ...(unique !== undefined && { idempotencyKey: unique }),
    ...(durable && { durable }),
    ...(ephemeral && { ephemeral }),
    ...(except && { except }),
  };
}
