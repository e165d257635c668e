/** A string, which is passed over, or a number. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Fewer digits are always held exactly. */
const DIGITS = 16;

/**
 * @param {string} text JSON
 * @returns {any} the same with those numbers as text, digit by digit, that JavaScript cannot hold; undefined where there is none
 */
export function parseInexactAsText(text) {
  if (!/\d{16}/.test(text)) return undefined;
  return JSON.parse(text.replace(TOKEN, (token) => (token[0] === '"' || token.length < DIGITS || String(Number(token)) === token ? token : `"${token}"`)));
}
