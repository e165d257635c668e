// The dashboard in Chromium, for those who use a keyboard or a screen reader: axe-core finds nothing wrong, wide and narrow, light and dark.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { DevTools } from './support/devtools.js';
import { ServerProcess } from './support/server-process.js';

const panels = ['channels', 'connections', 'tasks', 'nodes', 'receivers', 'refusals'];
const widths = { desktop: [1280, 850], phone: [390, 844] };

let server;
let browser;
let axe;
let listener;

before(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  server = await ServerProcess.start('--demo');
  browser = await DevTools.start();
  listener = new WebSocket(`ws://127.0.0.1:${server.port}/ws/lobby`);
  await new Promise((resolve, reject) => listener.once('open', resolve).once('error', reject));
  await fetch(`http://127.0.0.1:${server.port}/api/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'demo', data: { files: 100 } }) });
});

after(async () => {
  listener?.close();
  await browser?.close();
  await server?.stop();
});

for (const [device, [width, height]] of Object.entries(widths)) {
  for (const scheme of ['light', 'dark']) {
    test(`axe finds nothing wrong with any panel on a ${device}, ${scheme}`, async () => {
      await browser.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: device === 'phone' });
      await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
      await open();
      const wrong = [];
      for (const panel of panels) {
        await browser.evaluate(`document.getElementById('tab-${panel}').click()`);
        await shown(`document.querySelector('#${panel}-table tbody tr') !== null`);
        if (panel === 'channels') await browser.evaluate(`document.querySelector('#channels-table tbody button').click()`);
        if (panel === 'connections') {
          await browser.evaluate(`document.querySelector('#connections-table tbody button:nth-child(1)').click()`);
          await shown(`document.getElementById('follow-note').textContent.startsWith('Live')`);
          listener.send('to be seen');
          await shown(`document.querySelector('#follow-frames li') !== null`);
          wrong.push(...(await violations()).map((one) => `follow: ${one}`));
          await browser.evaluate(`document.getElementById('follow-stop').click()`);
          await browser.evaluate(`document.querySelector('#connections-table tbody button:nth-child(2)').click()`);
          wrong.push(...(await violations()).map((one) => `dialog: ${one}`));
          await browser.evaluate(`document.getElementById('dialog-no').click()`);
          await browser.evaluate(`document.querySelector('#connections-table th[data-sort=queue] button').click()`);
        }
        wrong.push(...(await violations()).map((one) => `${panel}: ${one}`));
      }
      assert.deepEqual(wrong, []);
    });
  }
}

test('axe finds nothing wrong with the page to sign in with', async () => {
  const guarded = await ServerProcess.start();
  try {
    await browser.send('Page.navigate', { url: `http://127.0.0.1:${guarded.port}/dashboard` });
    await shown(`document.getElementById('key') !== null && document.readyState === 'complete'`);
    await browser.evaluate(axe);
    assert.deepEqual(await violations(), []);
  } finally {
    await guarded.stop();
  }
});

async function open() {
  await browser.send('Page.navigate', { url: `http://127.0.0.1:${server.port}/dashboard` });
  await shown(`document.querySelector('#state[data-state=live]') !== null && document.querySelector('#channels-table tbody button') !== null`);
  await browser.evaluate(axe);
}

/** Waits until an expression is true in the page. @param {string} expression */
async function shown(expression) {
  for (const until = Date.now() + 20_000; !(await browser.evaluate(expression)); ) {
    if (Date.now() > until) throw new Error(`Not within 20 s: ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Each as text, with where it is. */
function violations() {
  return browser.evaluate(`axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html, any }) => html.slice(0, 200) + ' ' + any.map(({ message }) => message).join('; ')).join(' | ')))`);
}
