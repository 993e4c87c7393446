import type { TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let running: Promise<Browser> | undefined;

export async function closeBrowser(): Promise<void> {
  await (await running)?.close();
  running = undefined;
}

/** A page of the system's Chromium, and whatever it complained about: errors, warnings, refused resources. */
export async function openPage(
  t: TestContext,
  url: string,
  options: { width?: number; dark?: boolean } = {},
): Promise<{ page: Page; complaints: string[] }> {
  running ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  const context = await (await running).newContext({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
  });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('requestfailed', (request) => {
    // Streams end when their page is left.
    if (!/\/(?:live|fleet\/events)/.test(request.url()))
      complaints.push(`${request.url()} ${request.failure()?.errorText}`);
  });
  await page.goto(url);
  return { page, complaints };
}
