/** @param {Uint8Array} bytes @returns {string} base64 */
export function toBase64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} base64 @returns {Uint8Array<ArrayBuffer>} */
export function fromBase64(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {any} data @returns {Uint8Array | undefined} what an ArrayBuffer or a view of one holds */
export function bytesOf(data) {
  return ArrayBuffer.isView(data) || data instanceof ArrayBuffer
    ? new Uint8Array(/** @type {any} */ (data).buffer ?? data, /** @type {any} */ (data).byteOffset, data.byteLength)
    : undefined;
}

/** Binary payloads of a frame, and of the messages that it lists, as `bytes`. @param {Record<string, any>} frame */
export function unpack(frame) {
  for (const message of [frame, ...(frame.messages ?? []), ...(frame.entries ?? [])]) {
    if (message.data64 === undefined) continue;
    message.bytes = fromBase64(message.data64);
    delete message.data64;
  }
}
