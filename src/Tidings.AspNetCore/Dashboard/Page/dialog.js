import { byId } from './dom.js';

const dialog = byId('dialog', HTMLDialogElement);
const code = byId('dialog-code', HTMLSelectElement);
const reason = byId('dialog-reason', HTMLInputElement);

/**
 * Asks whether something is to be done that cannot be undone.
 * @param {{ title: string, text: string, yes: string, closes?: boolean }} question with `closes`, also what a connection is told
 * @returns {Promise<{ code: number, reason: string } | undefined>} undefined where it is not
 */
export function confirm({ title, text, yes, closes = false }) {
  byId('dialog-title', HTMLElement).textContent = title;
  byId('dialog-text', HTMLElement).textContent = text;
  byId('dialog-yes', HTMLElement).textContent = yes;
  byId('dialog-close', HTMLElement).hidden = !closes;
  reason.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => resolve(dialog.returnValue === 'yes' ? { code: Number(code.value), reason: reason.value || (code.value === '4010' ? 'Disconnected by server' : '') } : undefined),
      { once: true },
    );
  });
}
