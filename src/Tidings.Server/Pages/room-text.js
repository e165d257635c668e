/**
 * What the server says for itself, in JSON. People's words come after `[room] `, so nobody can forge it.
 * @typedef {{ kind: 'ping' } | { kind: 'control' } | { kind: 'error', text: string }} ControlFrame
 * @typedef {ControlFrame | { kind: 'message', text: string }} RoomFrame
 */

/** Exactly the five that the text-room dialect writes; anything else is what somebody typed. @type {Readonly<Record<string, string>>} */
const characters = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'" };

/**
 * One pass, so that `&amp;lt;` becomes `&lt;` and stays it.
 * @param {string} text
 */
export function unescapeText(text) {
  return text.replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => characters[entity]);
}

/**
 * @param {string} raw
 * @returns {RoomFrame}
 */
export function readRoomFrame(raw) {
  const prefix = /^\[[^\]\s]+\] /u.exec(raw);
  if (prefix) return { kind: 'message', text: unescapeText(raw.slice(prefix[0].length)) };
  return readControl(raw) ?? { kind: 'message', text: raw };
}

/** @param {string} raw @returns {ControlFrame | undefined} */
export function readControl(raw) {
  const value = parseObject(raw);
  if (value?.type === 'ping') return { kind: 'ping' };
  if (typeof value?.error === 'string') return { kind: 'error', text: value.error };
  return typeof value?.type === 'string' ? { kind: 'control' } : undefined;
}

/** A ping or its answer, in either direction. @param {string} raw */
export function isHeartbeat(raw) {
  const type = parseObject(raw)?.type;
  return type === 'ping' || type === 'pong';
}

/**
 * The start of a message that looks like `name: text`. It is a habit of writing, not an identity.
 * @param {string} text
 * @returns {{ name: string, rest: string }}
 */
export function splitName(text) {
  const match = /^([^\s:][^:\n]{0,39}): (?=\S)/u.exec(text);
  return match ? { name: match[1], rest: text.slice(match[0].length) } : { name: '', rest: text };
}

/**
 * @param {string} raw
 * @returns {Record<string, unknown> | undefined}
 */
function parseObject(raw) {
  if (!raw.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
