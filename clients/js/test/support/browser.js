import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Opens a page in a Chromium of its own, until it has reported.
 * @template T
 * @param {string} address
 * @param {Promise<T>} reported
 * @param {number} [within] in so many milliseconds
 * @returns {Promise<T | string>} what it reports; a text where it does not in time
 */
export async function openPage(address, reported, within = 60_000) {
  const profile = await mkdtemp(join(tmpdir(), 'tidings-chromium-'));
  const browser = spawn('/usr/bin/chromium', [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`, address,
  ], { stdio: 'ignore' });
  let limit;
  const late = new Promise((resolve) => { limit = setTimeout(resolve, within, `the page did not report within ${within / 1000} s`); });
  try {
    return await Promise.race([reported, late]);
  } finally {
    clearTimeout(limit);
    const ended = new Promise((resolve) => browser.once('exit', resolve));
    browser.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
