import { clock, make } from './dom.js';

const STEP = 1_000;
const LEAP = 30_000;

/** The moment of a chart that is pointed to, or gone to by arrow keys: a line, a label beside it, and the same as text for those who do not see it. */
export class Moment {
  #span;
  #read;
  #line = make('div', { class: 'moment' });
  #label = make('div', { class: 'tip' });
  #plot;
  /** @type {number | undefined} milliseconds before now */
  #ago;

  /**
   * @param {SVGElement} svg
   * @param {string} title
   * @param {number} span how much the chart shows, in milliseconds
   * @param {(ago: number) => string} read the figures of a moment
   */
  constructor(svg, title, span, read) {
    this.#span = span;
    this.#read = read;
    this.#line.hidden = this.#label.hidden = true;
    const plot = (this.#plot = make('div', { class: 'plot' }, svg, this.#line, this.#label));
    plot.tabIndex = 0;
    plot.role = 'slider';
    plot.ariaLabel = title;
    plot.ariaValueMin = String(-span / STEP);
    plot.ariaValueMax = '0';
    plot.addEventListener('pointermove', (event) => this.#point(event));
    plot.addEventListener('pointerdown', (event) => this.#point(event));
    plot.addEventListener('pointerleave', () => this.#go(document.activeElement === plot && plot.matches(':focus-visible') ? this.#ago : undefined));
    plot.addEventListener('focus', () => this.#go(this.#ago ?? 0));
    plot.addEventListener('blur', () => this.#go(undefined));
    plot.addEventListener('keydown', (event) => this.#press(event));
    this.draw();
  }

  get plot() {
    return this.#plot;
  }

  /** Says the figures of the same distance from now, which are others each second. */
  draw() {
    const ago = this.#ago;
    const at = ago ?? 0;
    const text = `${clock(new Date(Date.now() - at))} · ${this.#read(at)}`;
    this.#plot.ariaValueNow = String(-Math.round(at / STEP));
    this.#plot.ariaValueText = text;
    this.#line.hidden = this.#label.hidden = ago === undefined;
    if (ago === undefined) return;
    const place = `${(100 * (1 - ago / this.#span)).toFixed(1)}%`;
    this.#label.textContent = text;
    this.#line.style.left = this.#label.style.left = place;
    this.#label.style.transform = `translateX(-${place})`;
  }

  /** @param {number | undefined} ago */
  #go(ago) {
    this.#ago = ago === undefined ? undefined : Math.min(this.#span, Math.max(0, ago));
    this.draw();
  }

  /** @param {PointerEvent} event */
  #point({ clientX }) {
    const { left, width } = this.#plot.getBoundingClientRect();
    this.#go(this.#span * (1 - (clientX - left) / width));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const ago = this.#ago ?? 0;
    const to = {
      ArrowLeft: ago + STEP, ArrowDown: ago + STEP, ArrowRight: ago - STEP, ArrowUp: ago - STEP, PageDown: ago + LEAP, PageUp: ago - LEAP, Home: this.#span, End: 0,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#go(to);
    } else if (event.key === 'Escape') {
      this.#go(undefined);
    }
  }
}
