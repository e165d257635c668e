/** Keeps a scrolled list at its end, unless the reader has scrolled away from it. */
export class Follow {
  #scroller;
  #onStray;
  #following = true;
  #scheduled = false;
  #lastTop = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {(strayed: boolean) => void} [onStray] something came while the reader looked elsewhere, or the reader is back
   */
  constructor(scroller, onStray = () => {}) {
    this.#scroller = scroller;
    this.#onStray = onStray;
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#follow(true);
    // A keyboard that slides in on a phone makes the list shorter: its end stays in sight.
    new ResizeObserver(() => this.#following && this.#schedule()).observe(scroller);
  }

  /** Call it after adding to the list. */
  added() {
    if (this.#following) this.#schedule();
    else this.#onStray(true);
  }

  toEnd() {
    this.#follow(true);
    this.#schedule();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    if (scrollHeight - scrollTop - clientHeight < 24) {
      this.#follow(true);
      this.#onStray(false);
    } else if (scrollTop < this.#lastTop) {
      // Upwards only: the event of our own scrolling comes late, when there may be more below already.
      this.#follow(false);
    }
    this.#lastTop = scrollTop;
  }

  /** @param {boolean} following */
  #follow(following) {
    this.#following = following;
    // Anchoring keeps a reader's lines in place while old ones go; at the end it would look like scrolling up.
    this.#scroller.style.overflowAnchor = following ? 'none' : 'auto';
  }

  // Once a frame, however many lines came: setting scrollTop costs a layout each time.
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#lastTop = this.#scroller.scrollTop;
    });
  }
}
