/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`No ${type.name} #${id} in the page.`);
  return found;
}

/**
 * Text goes in as text: nothing in these pages is ever parsed as HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{ class?: string, text?: string, dir?: string, data?: Record<string, string> }} [options]
 * @param {...Node} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  if (options.class) element.className = options.class;
  if (options.dir) element.dir = options.dir;
  if (options.text !== undefined) element.textContent = options.text;
  Object.assign(element.dataset, options.data);
  element.append(...children);
  return element;
}

/** Drops the oldest children. @param {HTMLElement} list @param {number} most */
export function trim(list, most) {
  while (list.childElementCount > most) list.firstElementChild?.remove();
}

/** @param {Date} at @param {boolean} [milliseconds] */
export function clock(at, milliseconds = false) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return milliseconds ? `${time}.${String(at.getMilliseconds()).padStart(3, '0')}` : time;
}

/** @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
