import type { Browser, Locator, Page } from 'playwright-core';
import { type Person, newPerson } from './browser.ts';
import { watchMedia } from './call-media.ts';
import type { Installation } from './installation.ts';

/** Somebody at an installation, and the requests of his pages that went anywhere else. */
export interface Visitor extends Person {
  readonly foreignRequests: readonly string[];
}

export async function newVisitor(
  browser: Browser,
  { origin }: Pick<Installation, 'origin'>,
  options?: Parameters<typeof newPerson>[1],
): Promise<Visitor> {
  const person = await newPerson(browser, { baseURL: origin, ...options });
  await watchMedia(person.context);
  const foreignRequests: string[] = [];
  person.context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'blob:' && url.protocol !== 'data:') foreignRequests.push(request.url());
  });
  return { ...person, foreignRequests };
}

/** At the gate: a new passkey, then on to what it stands before. */
export async function signUp(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Create a passkey' }).click();
}

/** Through a one-time link, until the official's own pages open. */
export async function enrol(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: 'Create a passkey and begin' }).click();
  await page.getByRole('navigation', { name: 'Main menu' }).waitFor();
}

/** The log of the conversation on the page. */
export function log(page: Page): Locator {
  return page.getByRole('log', { name: 'Messages in this conversation' });
}

export async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your message').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}
