import { BROKEN } from '../base/close-codes.js';
import { decodePosition } from '../base/position.js';
import { endOf } from './http-end.js';
import { HttpTransport } from './http-transport.js';

/** How long the server holds a poll that has nothing to say, in seconds. */
const WAIT = 25;
/** How long an answer may take beyond that, in milliseconds. */
const ANSWER_LIMIT = 15_000;
/** Between two polls that were both answered with nothing at once: something on the way doesn't let them wait. */
const BREATH = 1_000;

/** @type {import('./transport.js').OpenTransport} */
export function openPolling(context) {
  return new HttpTransport(context, carry, false);
}

/**
 * @typedef {import('../commands/commands.js').Frame} Frame
 * @typedef {{ position: string, messages: Frame[], gaps: Frame[], expires: Record<string, number> }} PollAnswer
 */

/** @type {import('./http-transport.js').Carry} */
async function carry(transport, signal) {
  const { host } = transport;
  for (let wait = 0; ; wait = WAIT) {
    const begun = host.now();
    const poll = new AbortController();
    const abort = () => poll.abort();
    signal.addEventListener('abort', abort);
    const cancel = host.after(abort, wait * 1_000 + ANSWER_LIMIT);
    try {
      const response = await transport.request({ wait: String(wait) }, { headers: { accept: 'application/json' }, signal: poll.signal });
      if (response.status !== 200) return await endOf(response);
      const text = await response.text();
      const answer = readAnswer(text);
      if (answer === undefined) return { code: BROKEN, reason: 'No answer to a poll' };
      transport.trace(text);
      if (wait === 0) connect(transport, answer);
      for (const frame of [...answer.gaps, ...answer.messages]) if (!signal.aborted) transport.receive(frame);
      const nothing = answer.gaps.length + answer.messages.length === 0;
      if (nothing && wait > 0 && host.now() - begun < BREATH) await pause(host, signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
    if (signal.aborted) return { code: BROKEN, reason: '' };
  }
}

/**
 * The first answer says where everything begins: where the request said, or before the messages that came with it.
 * @param {HttpTransport} transport
 * @param {PollAnswer} answer
 */
function connect(transport, { position, messages, expires }) {
  const subscriptions = (decodePosition(position) ?? []).map(([channel, epoch, offset]) => {
    const first = messages.find((frame) => frame.channel === channel && typeof frame.offset === 'number');
    return { channel, ...(expires[channel] !== undefined && { expires: expires[channel] }), ...(transport.since(channel) ?? { epoch, offset: first ? first.offset - 1 : offset }) };
  });
  transport.connected({ type: 'connected', connection: null, user: null, subscriptions });
}

/** @param {string} text @returns {PollAnswer | undefined} */
function readAnswer(text) {
  try {
    const answer = JSON.parse(text);
    const isFrame = (/** @type {any} */ frame) => typeof frame?.type === 'string';
    if (typeof answer.position !== 'string') return undefined;
    return { position: answer.position, messages: (answer.messages ?? []).filter(isFrame), gaps: (answer.gaps ?? []).filter(isFrame), expires: answer.expires ?? {} };
  } catch {
    return undefined;
  }
}

/** @param {import('../base/host.js').Host} host @param {AbortSignal} signal */
function pause(host, signal) {
  return new Promise((resolve) => {
    const cancel = host.after(() => resolve(undefined), BREATH);
    signal.addEventListener('abort', () => {
      cancel();
      resolve(undefined);
    }, { once: true });
  });
}
