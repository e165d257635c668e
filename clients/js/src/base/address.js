/** The address as http: or https:, without a fragment; in a browser it may be relative to the page. @param {string | URL} url */
export function httpUrl(url) {
  const absolute = new URL(url, baseUrl());
  absolute.hash = '';
  return absolute.href.replace(/^ws/, 'http');
}

/** What a relative address is relative to: the page, or the worker's script. @returns {string | undefined} */
function baseUrl() {
  if (typeof document !== 'undefined') return document.baseURI;
  const { location } = globalThis;
  return location?.protocol === 'blob:' ? location.origin : location?.href;
}
