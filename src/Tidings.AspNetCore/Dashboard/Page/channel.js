import { ask, below } from './ask.js';
import { byId, clock, make, plural, trim } from './dom.js';

const SHOWN = 200;
const BEFORE = 50;
const LONGEST = 2_000;
const NAMES = 20;

/** One channel: its last messages, what comes, who is present, and a field to publish with. */
export class Channel {
  #name = byId('channel-name', HTMLInputElement);
  #title = byId('channel-title', HTMLElement);
  #present = byId('channel-present', HTMLElement);
  #messages = byId('channel-messages', HTMLElement);
  #data = byId('publish-data', HTMLTextAreaElement);
  #ephemeral = byId('publish-ephemeral', HTMLInputElement);
  #publish = byId('publish', HTMLButtonElement);
  #note = byId('publish-note', HTMLElement);
  /** @type {EventSource | undefined} */
  #source;
  #channel = '';

  constructor() {
    byId('channel-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.open(this.#name.value.trim());
    });
    byId('publish-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    setInterval(() => !document.hidden && void this.#showPresent(), 5_000);
  }

  /** @param {string} channel */
  open(channel) {
    this.#source?.close();
    this.#channel = this.#name.value = this.#title.textContent = channel;
    this.#messages.replaceChildren();
    this.#say('');
    this.#publish.disabled = false;
    const source = (this.#source = new EventSource(below(`data/messages?${new URLSearchParams({ channel, last: String(BEFORE) })}`)));
    source.addEventListener('message', (event) => this.#show(JSON.parse(event.data)));
    source.addEventListener('gap', (event) => this.#show(JSON.parse(event.data)));
    source.addEventListener('removed', (event) => this.#remove(JSON.parse(event.data).offset));
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.#say('The server does not show this channel: its name may be wrong.', true);
    });
    this.#title.scrollIntoView({ block: 'nearest' });
    void this.#showPresent();
  }

  /** @param {{ offset: number, data?: unknown, note?: string, from?: string, time: number, reason?: string }} message */
  #show({ offset, data, note, from, time, reason }) {
    const list = this.#messages;
    const atEnd = list.scrollTop + list.clientHeight > list.scrollHeight - 24;
    const text = note !== undefined ? `(${note})` : reason === undefined ? JSON.stringify(data) : `What was said up to offset ${offset} is gone (${reason}).`;
    const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
    list.append(
      make(
        'li',
        { data: { kind: reason === undefined ? 'message' : 'gap', offset: String(offset) } },
        make('span', { class: 'offset', text: offset > 0 ? String(offset) : '–' }),
        make('span', { class: 'text mono', text: from ? `${from}: ${shown}` : shown }),
        make('time', { text: time > 0 ? clock(new Date(time)) : '' }),
      ),
    );
    trim(list, SHOWN);
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  /** @param {number} offset of a message that was erased */
  #remove(offset) {
    this.#messages.querySelector(`[data-kind="message"][data-offset="${offset}"]`)?.remove();
  }

  async #showPresent() {
    const channel = this.#channel;
    if (!channel || !this.#messages.checkVisibility()) return;
    try {
      const { members, count } = await ask('api/presence', { query: { channel, limit: NAMES } });
      if (channel !== this.#channel) return;
      const names = members.map((/** @type {{ user: string }} */ { user }) => user).join(', ');
      this.#present.textContent = count > 0 ? `${plural(count, 'member')} present: ${names}${count > NAMES ? ' …' : ''}` : '';
    } catch {
      this.#present.textContent = '';
    }
  }

  async #send() {
    const text = this.#data.value;
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      data = text;
    }
    try {
      const { offset } = await ask('api/publish', { method: 'POST', body: { channel: this.#channel, data, ephemeral: this.#ephemeral.checked } });
      this.#data.value = '';
      this.#say(offset === undefined ? 'Published in passing.' : `Published at offset ${offset}.`);
    } catch (error) {
      this.#say(String(/** @type {Error} */ (error).message), true);
    }
  }

  /** @param {string} text @param {boolean} [isError] */
  #say(text, isError = false) {
    this.#note.textContent = text;
    this.#note.dataset.kind = isError ? 'error' : 'note';
  }
}
