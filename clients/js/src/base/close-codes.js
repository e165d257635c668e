/**
 * What a client does after a close:
 * `come-back` and `come-back-slowly` after a back-off; `renew-and-come-back` with a new token, at once the first time;
 * `ask-token-once` likewise, but a second such close is final; `stay-away`, because coming back would end the same way.
 * @typedef {'come-back' | 'come-back-slowly' | 'renew-and-come-back' | 'ask-token-once' | 'stay-away'} CloseAction
 */

/** RFC 6455 §7.4.1: never on the wire; the connection ended without a close frame, or was never made. */
export const BROKEN = 1006;
export const FINISHED = 1000;
/** One of the application's own: what the client itself closes a dead connection with. */
export const SILENT = 4200;

/** Every other code comes back. @type {ReadonlyMap<number, CloseAction>} */
const actions = new Map([
  [1000, 'stay-away'],
  [1002, 'stay-away'],
  [1003, 'stay-away'],
  [1007, 'stay-away'],
  [1008, 'come-back-slowly'],
  [1009, 'stay-away'],
  [4001, 'ask-token-once'],
  [4002, 'renew-and-come-back'],
  [4003, 'stay-away'],
  [4009, 'stay-away'],
  [4010, 'stay-away'],
]);

/** @type {ReadonlyMap<number, number>} */
const codesOfStatuses = new Map([
  [204, 1000],
  [400, 1003],
  [401, 4001],
  [403, 4003],
  [413, 1009],
  [429, 1013],
  [500, 1011],
]);

/** @param {number} code @returns {CloseAction} */
export function actionAfter(code) {
  return actions.get(code) ?? 'come-back';
}

/**
 * The close code that a WebSocket would have got.
 * @param {number} status of an HTTP response that is no stream and no answer
 * @returns {number} BROKEN where the status says nothing of the client: the transport is not to be had there
 */
export function codeOfStatus(status) {
  return codesOfStatuses.get(status) ?? (status > 501 ? 1013 : BROKEN);
}
