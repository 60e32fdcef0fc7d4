// Takes the pictures of docs/operations.md: node scripts/screenshots.mjs, beside a running `npm start`.
// Needs a Chromium (CHROMIUM, default /usr/bin/chromium).
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { ExternalApiClient } from 'durable-external-api';

const TEMPORAL = '127.0.0.1:7233';
const WEB_UI = 'http://localhost:8233';
const FAKE_PROVIDER = 'http://127.0.0.1:4010';
const FOLDER = new URL('../docs/images/', import.meta.url);

const client = ExternalApiClient.connect({ temporal: { connectionOptions: { address: TEMPORAL } } });

/** Tells the fake provider what happens to the next submit. */
async function script(fault) {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify([{ endpoint: '/process', fault }]);
  const response = await fetch(`${FAKE_PROVIDER}/_control/faults`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(await response.text());
}

async function start(data, options) {
  const handle = await client.process({ data, options });
  await handle.result({ timeout: '4 seconds' }).catch(() => {});
  return handle;
}

async function shoot(browser, name, { requestId }) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${WEB_UI}/namespaces/default/workflows/${encodeURIComponent(`external-api/${requestId}`)}`);
  await page.getByText('pollStatus').or(page.getByText('process')).first().waitFor();
  await delay(1_500); // The page draws its timeline after its text.
  // A running workflow's page never goes idle, so playwright's own screenshot would wait for ever.
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'png' });
  writeFileSync(new URL(`${name}.png`, FOLDER), Buffer.from(data, 'base64'));
  await page.close();
}

mkdirSync(FOLDER, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const completed = await start({ message: 'finished' }, { async: true });
  await script({ kind: 'status', code: 400, body: { error: 'the message is too odd' } });
  const failed = await start({ message: 'refused' }, {});
  await script({ kind: 'job', durationMs: 600_000 });
  const polling = await start({ message: 'slow' }, { async: true });
  await shoot(browser, 'web-ui-completed', completed);
  await shoot(browser, 'web-ui-failed', failed);
  await shoot(browser, 'web-ui-polling', polling);
  await polling.cancel('the pictures are taken');
} finally {
  await browser.close();
  await client.close();
}
