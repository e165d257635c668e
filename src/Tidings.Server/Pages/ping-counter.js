import { byId } from './dom.js';

/** Counts the server's pings and rings once for each. */
export class PingCounter {
  #bell = byId('pulse', HTMLElement);
  #number = byId('pings', HTMLElement);
  #word = byId('pings-word', HTMLElement);
  #calm = matchMedia('(prefers-reduced-motion: reduce)');
  #count = 0;

  count() {
    this.#count++;
    this.#number.textContent = this.#count.toLocaleString('en');
    this.#word.textContent = this.#count === 1 ? 'ping' : 'pings';
    const ring = this.#calm.matches
      ? [{ opacity: 0.2 }, { opacity: 1 }]
      : [{ boxShadow: '0 0 0 0 var(--ping)' }, { boxShadow: '0 0 0 0.75rem transparent' }];
    this.#bell.animate(ring, { duration: 1_400, easing: 'ease-out' });
  }
}
