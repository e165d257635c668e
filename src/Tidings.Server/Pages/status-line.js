import { describeClose } from './close-codes.js';
import { byId } from './dom.js';

/** @typedef {import('./room-socket.js').SocketStatus} SocketStatus */

/** The state in words, with the seconds that are left. Screen readers hear each change once, not each second. */
export class StatusLine {
  #line = byId('state', HTMLElement);
  #announce = byId('announce', HTMLElement);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /** @param {Readonly<SocketStatus>} status @param {string} room */
  show(status, room) {
    clearInterval(this.#ticking);
    const tell = () => (this.#line.textContent = words(status, room));
    tell();
    if (status.state === 'reconnecting') this.#ticking = setInterval(tell, 250);
    this.#line.dataset.state = status.state;
    this.#announce.textContent = this.#line.textContent;
  }
}

/** @param {Readonly<SocketStatus>} status @param {string} room */
function words({ state, attempt, dueAt = 0, code, reason = '', opened, left }, room) {
  switch (state) {
    case 'connecting':
      return attempt > 0 ? `Connecting to ${room}, attempt ${attempt}` : `Connecting to ${room}`;
    case 'open':
      return `Open, in ${room}`;
    case 'reconnecting': {
      const why = opened === false && code === 1006 ? 'No connection' : `Closed ${code}${reason ? ` “${reason}”` : ''}`;
      return `${why}. Reconnecting in ${Math.max(0, Math.ceil((dueAt - performance.now()) / 1_000))} s, attempt ${attempt}`;
    }
    default:
      if (left) return 'Closed 1000, you left';
      return code === undefined ? 'Not connected' : `Closed ${describeClose(code, reason)}. Staying away`;
  }
}
