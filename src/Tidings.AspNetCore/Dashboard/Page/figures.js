import { SPAN } from './chart.js';

/** Who has said nothing for so long is not counted any more, in milliseconds. */
const FRESH = 3_500;
const MOST_NODES = 100;

/** @typedef {import('./feed.js').Report} Report */
/** @typedef {import('./chart.js').Sample} Sample */

/** What each node has said, and samples of the last five minutes: of each by itself, and of all together. */
export class Figures {
  /** @type {Map<string, { report: Report, at: number }>} */
  #latest = new Map();
  /** @type {Map<string, Sample[]>} by node, and of all by the empty string */
  #samples = new Map();

  /** @param {Report} report @param {number} now */
  add(report, now) {
    if (!this.#latest.has(report.node) && this.#latest.size >= MOST_NODES) return;
    this.#latest.set(report.node, { report, at: now });
  }

  /** Takes a sample of all. @param {number} now */
  tick(now) {
    const reports = this.nodes(now);
    if (reports.length > 0) this.#push('', combine(reports, now), now);
    for (const report of reports) this.#push(report.node, combine([report], now), now);
    for (const [node, samples] of this.#samples) if ((samples.at(-1)?.at ?? 0) < now - SPAN) this.#samples.delete(node);
    for (const [node, { at }] of this.#latest) if (at < now - SPAN) this.#latest.delete(node);
  }

  /** Those who are there now, by name. @param {number} now @returns {Report[]} */
  nodes(now) {
    return [...this.#latest.values()].filter(({ at }) => now - at < FRESH).map(({ report }) => report).sort((a, b) => a.name.localeCompare(b.name));
  }

  /** @param {string} node or the empty string for all @returns {readonly Sample[]} */
  samples(node) {
    return this.#samples.get(node) ?? [];
  }

  /** @param {string} node @param {Sample} sample @param {number} now */
  #push(node, sample, now) {
    const samples = this.#samples.get(node) ?? [];
    samples.push(sample);
    while (samples[0].at < now - SPAN) samples.shift();
    this.#samples.set(node, samples);
  }
}

/** Sums; of latencies the worst. @param {Report[]} reports @param {number} at @returns {Sample} */
function combine(reports, at) {
  /** @param {(report: Report) => number | undefined} pick @param {(a: number, b: number) => number} [how] */
  const of = (pick, how = (a, b) => a + b) => {
    const values = reports.map(pick).filter((value) => value !== undefined);
    return values.length > 0 ? values.reduce(how) : undefined;
  };
  return {
    at,
    connections: of((report) => Object.values(report.connections).reduce((a, b) => a + b, 0)),
    websocket: of((report) => report.connections.websocket ?? 0),
    overHttp: of((report) => (report.connections.sse ?? 0) + (report.connections.poll ?? 0)),
    received: of((report) => report.received),
    sent: of((report) => report.sent),
    p50: of((report) => report.latencyP50, Math.max),
    p99: of((report) => report.latencyP99, Math.max),
    memory: of((report) => report.memory),
    heap: of((report) => report.heap),
    queue: of((report) => report.queueBytes),
    cpu: of((report) => report.cpu),
  };
}
