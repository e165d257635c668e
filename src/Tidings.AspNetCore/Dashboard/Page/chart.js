import { make } from './dom.js';
import { Moment } from './moment.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 100;

/** How much a chart shows, in milliseconds. */
export const SPAN = 5 * 60_000;

/** Where there is nothing for so long, the line is broken. */
const BREAK = 4_000;

/** @typedef {{ at: number } & Record<string, number | undefined>} Sample */

/** One tile: what it is, the newest values as text, and lines of the last five minutes. */
export class Chart {
  #lines;
  #values;
  #paths;
  #format;
  #moment;
  #top = make('span');
  /** @type {readonly Sample[]} */
  #samples = [];
  #now = 0;

  /**
   * @param {HTMLElement} tile
   * @param {string} title
   * @param {{ key: string, label: string }[]} lines at most two
   * @param {(value: number | undefined) => string} format
   */
  constructor(tile, title, lines, format) {
    this.#lines = lines;
    this.#format = format;
    this.#values = lines.map(() => make('b', { text: '–' }));
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true');
    this.#paths = lines.map((_, i) => {
      const path = document.createElementNS(SVG, 'path');
      path.dataset.line = String(i);
      svg.append(path);
      return path;
    });
    this.#moment = new Moment(svg, `${title}, the last five minutes`, SPAN, (ago) => this.#read(ago));
    tile.append(
      make('h2', { text: title }),
      make('p', { class: 'values' }, ...lines.map(({ label }, i) => make('span', { data: { line: String(i) } }, this.#values[i], make('span', { text: label })))),
      this.#moment.plot,
      make('p', { class: 'scale' }, make('span', { text: '5 min ago' }), this.#top, make('span', { text: 'now' })),
    );
  }

  /** @param {readonly Sample[]} samples in order @param {number} now */
  draw(samples, now) {
    let top = 0;
    for (const sample of samples) for (const { key } of this.#lines) top = Math.max(top, sample[key] ?? 0);
    const newest = samples.at(-1);
    this.#lines.forEach(({ key }, i) => {
      this.#values[i].textContent = this.#format(newest && now - newest.at < BREAK ? newest[key] : undefined);
      this.#paths[i].setAttribute('d', path(samples, key, now, top || 1));
    });
    this.#top.textContent = top > 0 ? `max ${this.#format(top)}` : '';
    [this.#samples, this.#now] = [samples, now];
    this.#moment.draw();
  }

  /** The figures of a moment. @param {number} ago in milliseconds */
  #read(ago) {
    const at = this.#now - ago;
    const nearest = this.#samples.reduce((/** @type {Sample | undefined} */ best, sample) => (best && Math.abs(best.at - at) <= Math.abs(sample.at - at) ? best : sample), undefined);
    if (!nearest || Math.abs(nearest.at - at) > BREAK / 2) return 'no figures';
    return this.#lines.map(({ key, label }) => `${label} ${this.#format(nearest[key])}`).join(' · ');
  }
}

/** @param {readonly Sample[]} samples @param {string} key @param {number} now @param {number} top */
function path(samples, key, now, top) {
  let drawn = '';
  let before = -Infinity;
  for (const sample of samples) {
    const value = sample[key];
    if (value === undefined) continue;
    const x = WIDTH * (1 - (now - sample.at) / SPAN);
    const y = HEIGHT - 2 - (value / top) * (HEIGHT - 6);
    drawn += `${sample.at - before > BREAK ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    before = sample.at;
  }
  return drawn;
}
