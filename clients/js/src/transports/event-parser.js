/** The longest line or event that is taken, in characters. */
const LONGEST = 16 * 1_048_576;

/**
 * The lines of an event stream (HTML Standard §9.2.6), whatever pieces they come in.
 * Ids and event names are passed over: positions are read from the frames themselves.
 */
export class EventParser {
  #onData;
  #line = '';
  #data = '';
  #hasData = false;
  #afterReturn = false;

  /** @param {(data: string) => void} onData */
  constructor(onData) {
    this.#onData = onData;
  }

  /**
   * @param {string} text
   * @returns {boolean} false when a line or an event is too long
   */
  push(text) {
    let start = 0;
    if (this.#afterReturn && text.startsWith('\n')) start = 1;
    if (text !== '') this.#afterReturn = false;
    const ends = /\r\n|\r|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
      this.#take(this.#line + text.slice(start, end.index));
      this.#line = '';
      start = ends.lastIndex;
      this.#afterReturn = end[0] === '\r' && start === text.length;
    }
    this.#line += text.slice(start);
    return this.#line.length + this.#data.length <= LONGEST;
  }

  /** @param {string} line */
  #take(line) {
    if (line === '') {
      if (this.#hasData) this.#onData(this.#data);
      this.#data = '';
      this.#hasData = false;
    } else if (line === 'data' || line.startsWith('data:')) {
      const value = line.slice(line.startsWith('data: ') ? 6 : 5);
      this.#data += this.#hasData ? `\n${value}` : value;
      this.#hasData = true;
    }
  }
}
