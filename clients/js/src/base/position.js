import { fromBase64, toBase64 } from './bytes.js';

/**
 * A place in a channel's log: what was said up to and including `offset` is known.
 * @typedef {{ epoch: string, offset: number }} StreamPosition
 *
 * @typedef {[channel: string, epoch: string, offset: number]} ChannelPosition
 */

/**
 * Something was missed and is gone: load the state anew. The subscription goes on after `epoch` and `offset`.
 * @typedef {object} Gap
 * @property {string} channel
 * @property {string} epoch
 * @property {number} offset
 * @property {number} from  the first offset that is missing
 * @property {number} to    the last one; `from` − 1 where the log began anew and nobody knows
 * @property {'trimmed' | 'slow' | 'epoch' | 'cleared'} reason  `cleared`: the log was erased, and what was kept of it is to go
 */

/**
 * @param {StreamPosition} before
 * @param {string} channel
 * @param {StreamPosition} now
 * @returns {Gap} what lies between them and is gone
 */
export function missedSince(before, channel, { epoch, offset }) {
  const from = before.offset + 1;
  return before.epoch === epoch ? { channel, epoch, offset, from, to: offset, reason: 'trimmed' } : { channel, epoch, offset, from, to: before.offset, reason: 'epoch' };
}

/** @param {StreamPosition | undefined} position @param {Record<string, any>} other @returns {boolean} whether it is as far */
export function reaches(position, { epoch, offset }) {
  return position?.epoch === epoch && /** @type {StreamPosition} */ (position).offset >= offset;
}

/** How many channels one stream, poll or position can hold. */
export const MOST_CHANNELS = 16;
/** In characters. */
export const LONGEST_POSITION = 2_048;
export const LONGEST_EPOCH = 32;

/**
 * @param {ReadonlyArray<ChannelPosition>} channels
 * @returns {string} what `since` takes in a URL
 */
export function encodePosition(channels) {
  return toBase64(new TextEncoder().encode(JSON.stringify(channels))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * @param {string} position
 * @returns {ChannelPosition[] | undefined} undefined when it is none
 */
export function decodePosition(position) {
  if (position.length > LONGEST_POSITION) return undefined;
  try {
    const bytes = fromBase64(position.replaceAll('-', '+').replaceAll('_', '/'));
    const channels = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(channels) && channels.length <= MOST_CHANNELS && channels.every(isChannelPosition) ? channels : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} entry */
function isChannelPosition(entry) {
  if (!Array.isArray(entry) || entry.length !== 3) return false;
  const [channel, epoch, offset] = entry;
  return typeof channel === 'string' && typeof epoch === 'string' && epoch !== '' && epoch.length <= LONGEST_EPOCH && Number.isSafeInteger(offset) && offset >= 0;
}
