import { ask, below, Refused } from './ask.js';

/** After so long without a report the page says so, in milliseconds. */
const SILENCE = 5_000;
const AGAIN = 3_000;

/**
 * @typedef {{ node: string, name: string, version: string, started: number, time: number, connections: Record<string, number>, users: number, channels: number,
 *   received?: number, sent?: number, latencyP50?: number, latencyP99?: number, memory: number, heap: number, cpu: number, queueBytes: number,
 *   directory?: { bytes: number, segments: number, commitTime?: number, writable: boolean }, available: boolean, draining: boolean, short?: string }} Report
 */

/** The nodes' reports, for as long as the page is open. */
export class Feed {
  #source = new EventSource(below('data/events'));
  #heard = 0;
  #onReport;
  #onState;

  /** @param {(report: Report) => void} onReport @param {(state: 'live' | 'connecting' | 'refused', text: string) => void} onState */
  constructor(onReport, onState) {
    this.#onReport = onReport;
    this.#onState = onState;
    this.#listen();
    setInterval(() => {
      if (this.#heard > 0 && performance.now() - this.#heard > SILENCE) this.#onState('connecting', 'No report for some seconds');
    }, SILENCE);
  }

  #listen() {
    this.#source.addEventListener('report', (event) => {
      const report = readReport(event.data);
      if (!report) return;
      this.#heard = performance.now();
      this.#onState('live', 'Live, a report each second');
      this.#onReport(report);
    });
    this.#source.addEventListener('error', () => void this.#failed());
  }

  async #failed() {
    this.#onState('connecting', 'Connecting again');
    if (this.#source.readyState !== EventSource.CLOSED) return;
    try {
      await ask('data/refusals');
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        this.#onState('refused', 'Signed out: reload the page to sign in');
        return;
      }
    }
    setTimeout(() => {
      this.#source = new EventSource(below('data/events'));
      this.#listen();
    }, AGAIN);
  }
}

/** Whatever came: a report, or undefined. @param {string} text @returns {Report | undefined} */
function readReport(text) {
  try {
    const report = JSON.parse(text);
    const numbers = [report.started, report.time, report.users, report.channels, report.memory, report.heap, report.cpu, report.queueBytes];
    return typeof report.node === 'string' && numbers.every(Number.isFinite) && typeof report.connections === 'object' ? report : undefined;
  } catch {
    return undefined;
  }
}
