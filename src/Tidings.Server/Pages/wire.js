import { byId } from './dom.js';

const SPAN = 60_000;
const MOST_MARKS = 1_000;
/** A mark moves about one pixel in this time. */
const STEP = 50;

/** The last minute as marks on a line: what came in hangs below, what went out stands above, as long as its size on a logarithmic scale. */
export class Wire {
  #canvas = byId('wire', HTMLCanvasElement);
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
  #calm = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {{ at: number, frame: import('./frames-log.js').Frame }[]} */
  #marks = [];
  #scheduled = false;
  /** @type {Record<string, string>} */
  #colors = {};

  constructor() {
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#resize());
  }

  /** @param {import('./frames-log.js').Frame} frame */
  add(frame) {
    this.#marks.push({ at: performance.now(), frame });
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
    this.#schedule();
  }

  #resize() {
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.#canvas);
    for (const name of ['line', 'received', 'sent', 'ping', 'close']) this.#colors[name] = style.getPropertyValue(`--${name}`).trim();
    this.#draw();
  }

  // While something is in sight, and not in a tab that nobody sees: requestAnimationFrame rests there.
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
      if (this.#marks.length > 0) this.#schedule();
    }), this.#calm.matches ? 1_000 : STEP);
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = this.#context;
    const now = performance.now();
    const gone = this.#marks.findIndex(({ at }) => now - at < SPAN);
    this.#marks = gone < 0 ? [] : this.#marks.slice(gone);

    const middle = Math.round(height / 2);
    context.clearRect(0, 0, width, height);
    context.fillStyle = this.#colors.line;
    context.fillRect(0, middle, width, 1);
    for (const { at, frame } of this.#marks) {
      const age = (now - at) / SPAN;
      this.#mark(width - 6 - age * (width - 6), middle, frame, Math.min(1, (1 - age) * 6));
    }
    context.globalAlpha = 1;
  }

  /** @param {number} x @param {number} middle @param {import('./frames-log.js').Frame} frame @param {number} alpha */
  #mark(x, middle, frame, alpha) {
    const context = this.#context;
    context.globalAlpha = alpha;
    context.fillStyle = this.#colors[frame.kind === 'ping' || frame.kind === 'close' ? frame.kind : frame.direction === 'in' ? 'received' : 'sent'];
    const down = frame.direction === 'in' ? 1 : -1;
    // 1 B is the shortest, 64 KB as long as there is room.
    const length = 5 + (middle - 9) * Math.min(1, Math.log2(1 + frame.size) / 16);
    context.beginPath();
    context.roundRect(x - 1.25, down > 0 ? middle + 2.5 : middle - 1.5 - length, 2.5, length, 1.25);
    context.fill();
    if (frame.kind === 'ping' || frame.kind === 'close') {
      context.beginPath();
      context.arc(x, middle + 0.5 + down * (length + 2), 3, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
