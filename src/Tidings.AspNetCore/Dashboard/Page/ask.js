/** What the server said no to, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Where something below the dashboard is: beside this file. @param {string} path as `data/tasks` */
export const below = (path) => new URL(path, import.meta.url).href;

/**
 * Asks the server for something below the dashboard; the session's cookie goes along by itself.
 * @param {string} path as `data/tasks`
 * @param {{ method?: string, query?: Record<string, string | number | undefined>, body?: unknown }} [options]
 * @returns {Promise<any>}
 */
export async function ask(path, { method = 'GET', query = {}, body } = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(name, String(value));
  const response = await fetch(below(`${path}${search.size > 0 ? `?${search}` : ''}`), {
    method,
    cache: 'no-store',
    redirect: 'error',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  throw new Refused(response.status, String(answer?.detail ?? answer?.title ?? `The server answered ${response.status}.`));
}
