import { BROKEN, codeOfStatus } from '../base/close-codes.js';
import { textsOf } from './body-texts.js';

/** How much of a refusal is read, in characters. */
const LONGEST = 4_096;

/**
 * @param {Response} response that is no answer
 * @returns {Promise<import('../link/link.js').End>}
 */
export async function endOf(response) {
  const after = Number(response.headers.get('retry-after'));
  const code = response.status === 200 ? BROKEN : codeOfStatus(response.status);
  const reason = (await detailOf(response)) ?? `HTTP ${response.status}`;
  return { code, reason, ...(after > 0 && { after: after * 1_000 }) };
}

/** @param {Response} response @returns {Promise<string | undefined>} why the server refused, where it says so as RFC 9457 has it */
async function detailOf({ headers, body }) {
  if (body === null || !headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  try {
    let text = '';
    for await (const part of textsOf(body)) if ((text += part).length >= LONGEST) break;
    const { detail } = JSON.parse(text);
    return typeof detail === 'string' ? detail : undefined;
  } catch {
    return undefined;
  }
}
