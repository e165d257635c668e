// All relative to the page, so that a server behind a path base is reached too.

/** @param {string} path @returns {string} */
export function httpUrl(path) {
  return new URL(path, document.baseURI).href;
}

/** @param {string} path @returns {string} */
function socketUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** @param {string} room */
export function roomUrl(room) {
  return socketUrl(`ws/${encodeURIComponent(room)}`);
}

export function echoUrl() {
  return socketUrl('ws');
}

/** What the channels are spoken over: `/connect`, by whatever transport gets through. */
export function connectUrl() {
  return socketUrl('connect');
}

/** The page itself, opened in a room. @param {string} room */
export function pageUrl(room) {
  return `./#room=${encodeURIComponent(room)}`;
}

/** @returns {string} the room in the page's own address, or '' */
export function roomInAddress() {
  return new URLSearchParams(location.hash.slice(1)).get('room') ?? '';
}
