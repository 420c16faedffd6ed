import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type CDPSession, type Page } from 'playwright-core';
import type { AxeResults } from 'axe-core';
import type { Locale } from '../../server/protocol/locale.ts';

/** ux.md §11: never a bare run, for target-size is off by default. */
export const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'EN-301-549', 'EN-301-549v4', 'RGAAv4', 'best-practice'];

const fakeDevices = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'];

/** For `expect.poll`: a busy machine says things later, and the announcer leaves half a second between them. */
export const patiently = { timeout: 15_000 };

/** A headless Chromium with a camera that shows a test pattern and a microphone that beeps. Whoever launches it closes it. */
export function launchBrowser({ args = [] }: { args?: readonly string[] } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...fakeDevices, ...args],
    // Without a language the names of files are read as ASCII, and "Führerschein.pdf" is another file.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
}

/** Somebody with a browser of their own: separate storage, own passkeys, and a record of everything the page said or reported. */
export interface Person extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly authenticator: Authenticator;
  /** What a screen reader was given to say, in order. */
  announcements(): Promise<readonly string[]>;
  /** Uncaught errors, console errors and violations of the content security policy, on every page so far. */
  readonly complaints: readonly string[];
}

export interface Authenticator {
  readonly cdp: CDPSession;
  readonly authenticatorId: string;
}

/** Of everybody who has not been closed yet. */
export const openContexts = new Set<BrowserContext>();

/** Opens a context and an empty page (`await using` closes them) with a platform authenticator that verifies its user and offers PRF. */
export async function newPerson(
  browser: Browser,
  { locale = 'en', ...options }: BrowserContextOptions & { locale?: Locale } = {},
): Promise<Person> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ['camera', 'microphone'],
    ...options,
    locale,
  });
  openContexts.add(context);
  context.on('close', () => void openContexts.delete(context));
  await context.addInitScript(recordAnnouncements);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return {
    context,
    page,
    authenticator: await addAuthenticator(page),
    announcements: () => page.evaluate(() => globalThis.announced ?? []),
    complaints,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/**
 * Gives `page` a passkey store of its own: CTAP 2.1, resident keys, user verification, PRF unless it is to have none. There is one
 * `internal` one, and more as keys on USB.
 */
export async function addAuthenticator(
  page: Page,
  { transport = 'internal', hasPrf = true }: { readonly transport?: 'internal' | 'usb'; readonly hasPrf?: boolean } = {},
): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, authenticatorId };
}

declare global {
  var announced: string[] | undefined;
  var axe: typeof import('axe-core') | undefined;
}

/** Runs in the page before its own scripts: notes every text that appears in a live region. */
function recordAnnouncements(): void {
  const announced: string[] = [];
  globalThis.announced = announced;
  const note = (node: Node): void => {
    const element = node instanceof Element ? node : node.parentElement;
    const region = element?.closest('[role=status], [role=alert], [role=log], [aria-live=polite], [aria-live=assertive]');
    const text = (region === element ? element : node)?.textContent?.trim();
    if (region && region.getAttribute('aria-live') !== 'off' && text) announced.push(text);
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) addedNodes.forEach(note);
  }).observe(document, { childList: true, subtree: true });
}

const axeFile = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

/** Each violation of the page as it stands, as "rule: where". Empty when there is none. */
export async function accessibilityViolations(page: Page): Promise<readonly string[]> {
  // A colour half-way between two others is nobody's colour.
  await page.evaluate(async () => void (await Promise.allSettled(document.getAnimations().map((animation) => animation.finished))));
  const cdp = await page.context().newCDPSession(page);
  // Through the debugger: the page's own policy would rightly refuse a script from outside. The session stays: one that is
  // detached takes the page's authenticator with it.
  await cdp.send('Runtime.evaluate', { expression: await readFile(axeFile, 'utf8') });
  const results: AxeResults | undefined = await page.evaluate(
    (tags) => globalThis.axe?.run({ runOnly: { type: 'tag', values: tags } }),
    axeTags,
  );
  if (results === undefined) throw new Error('axe did not run');
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
}

/** Where the page is wider than its window or cuts text off; empty when nothing is. */
export function overflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const found =
      document.documentElement.scrollWidth > window.innerWidth
        ? [`page ${document.documentElement.scrollWidth} > ${window.innerWidth}`]
        : [];
    const inside = [...document.querySelectorAll<HTMLElement>('button, a, label, h1, h2, h3, p, summary')]
      .filter(
        (element) =>
          element.checkVisibility() &&
          element.closest('.visually-hidden, .skip-link') === null &&
          element.scrollWidth > element.clientWidth + 1 &&
          getComputedStyle(element).display !== 'inline',
      )
      .map((element) => `${element.tagName} "${element.textContent?.trim().slice(0, 40)}"`);
    return [...found, ...inside];
  });
}
