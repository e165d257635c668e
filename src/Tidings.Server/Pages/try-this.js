import { byId } from './dom.js';
import { httpUrl, roomUrl } from './routes.js';

/** Command lines for the room at hand, to copy. */
export class TryThis {
  #curl = byId('try-curl', HTMLElement);
  #python = byId('try-python', HTMLElement);
  #talk = byId('try-talk', HTMLElement);

  constructor() {
    for (const button of document.querySelectorAll('button[data-copy]')) {
      if (button instanceof HTMLButtonElement) button.addEventListener('click', () => copyFrom(button));
    }
  }

  /** @param {string} room */
  show(room) {
    const body = shellQuoted(JSON.stringify({ content: 'hello from curl', room }));
    this.#curl.textContent = [
      `curl -X POST ${httpUrl('broadcast')} \\`,
      `  -H 'content-type: application/json' \\`,
      `  -d ${body}`,
    ].join('\n');
    this.#python.textContent = [
      'from websockets.sync.client import connect',
      `with connect(${JSON.stringify(roomUrl(room))}) as ws:`,
      '    ws.send("hello from Python")',
      '    for message in ws:',
      '        print(message)',
    ].join('\n');
    this.#talk.textContent = `python3 -m websockets ${shellQuoted(roomUrl(room))}`;
  }
}

/** @param {string} text */
function shellQuoted(text) {
  return /^[\w:/.@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {HTMLButtonElement} button */
async function copyFrom(button) {
  const source = byId(button.dataset.copy ?? '', HTMLElement);
  const copied = await copy(source);
  button.textContent = copied ? 'Copied' : 'Selected';
  setTimeout(() => (button.textContent = 'Copy'), 2_000);
}

/** @param {HTMLElement} source @returns {Promise<boolean>} false when it could only be selected */
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent ?? '');
    return true;
  } catch {
    // Over plain http from another machine there is no clipboard: selected text is a key press away.
    getSelection()?.selectAllChildren(source);
    source.focus();
    return false;
  }
}
