import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chainIdSchema, idSchema, slugSchema } from '../../server/platform/wire-schemas.ts';
import { locales } from '../../server/protocol/locale.ts';
import { launchBrowser } from '../support/browser.ts';
import { findCanaries, findCanariesInDatabase, findCanariesInFiles, newCanary } from '../support/canaries.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, hearsAndSees, lineOf, log, newVisitor, signUp, type Visitor, write, unlock } from '../support/visitors.ts';

const officeId = slugSchema<'office'>().parse('citizens-office');
const canaries = { question: newCanary(), answer: newCanary(), aside: newCanary(), afterRemoval: newCanary() };

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let colleague: Visitor;
let supervisor: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  [citizen, official, colleague, supervisor] = [
    await newVisitor(browser, installation),
    await newVisitor(browser, installation),
    await newVisitor(browser, installation),
    await newVisitor(browser, installation),
  ];
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** Resolves when a tile on the supervisor's page shows this figure. */
async function figureIs(name: string, value: string): Promise<void> {
  const tile = supervisor.page.getByRole('listitem').filter({ has: supervisor.page.getByRole('heading', { name }) });
  await tile.locator('.tile-value', { hasText: value }).waitFor();
}

function teamRow(name: string): Locator {
  return supervisor.page.getByRole('region', { name: 'Team' }).getByRole('listitem').filter({ hasText: name });
}

async function answerCall(page: Page): Promise<void> {
  await page
    .getByRole('alertdialog', { name: 'Claire Weber, Citizens’ office, is calling you' })
    .getByRole('button', { name: 'Answer with video' })
    .click();
}

async function countEpochs(): Promise<number> {
  const [row] = await installation.query(`select count(*)::int as count from entries where kind = 'epoch'`);
  return Number(row?.['count']);
}

describe('the main job', () => {
  test('the start page is there in five languages', async () => {
    const { page } = citizen;
    const headings = new Set<string>();
    for (const locale of locales) {
      await page.goto(`/${locale}/`);
      await page.getByRole('heading', { level: 3 }).first().waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(locale);
      headings.add(await page.getByRole('heading', { level: 1 }).innerText());
    }
    expect(headings.size).toBe(locales.length);
  });

  test('an official enrols through a one-time link, is admitted by the owner, and finds his inbox empty', async () => {
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    await official.page.getByRole('heading', { name: 'No messages yet' }).waitFor();
  });

  test('the same link a second time is refused in words', async () => {
    await using stranger = await newVisitor(browser, installation);
    await stranger.page.goto(installation.links.get('Claire Weber') ?? '');
    await stranger.page.getByRole('heading', { level: 1, name: 'This invitation is no longer valid' }).waitFor();
    expect(await stranger.page.getByRole('button', { name: 'Create a passkey and begin' }).count()).toBe(0);
  });

  test('a supervisor enrols, sees that nobody waits, and is offered nothing to read', async () => {
    const { page } = supervisor;
    await enrol(page, installation.links.get('Marc Hoffmann') ?? '');
    await figureIs('Waiting now', '0');
    expect(await page.getByRole('navigation', { name: 'Main menu' }).getByRole('link').allInnerTexts()).toEqual(['Overview', 'My account']);
    const line = await lineOf(supervisor);
    await expect(line.request('conversation:list', {})).rejects.toMatchObject({ code: 'forbidden' });
    line.socket.disconnect();
  });

  test('a citizen chooses a service, sees that it is open and the wait, signs in with a new passkey and writes', async () => {
    const { page } = citizen;
    await page.goto('/en/');
    await page.getByRole('link', { name: 'Driving licence' }).click();
    await page.getByRole('heading', { level: 1, name: 'Driving licence' }).waitFor();
    expect(await page.locator('.service-state').innerText()).toMatch(/Open[^]*(No wait|Wait now|cannot estimate)/);
    await page.getByRole('link', { name: 'Write a message' }).click();
    await signUp(page);
    await page.getByLabel('How should we address you?').fill('Anna Muller');
    await page.getByLabel('Your message').fill(canaries.question);
    const sentAt = performance.now();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await official.page.getByRole('region', { name: 'Conversations' }).getByText(canaries.question).waitFor();
    console.log(`a new conversation was in the official’s inbox ${Math.round(performance.now() - sentAt)} ms after “Send” was pressed`);
    await log(page).getByText(/^Sent/).waitFor();
  });

  test('the official reads and answers, and the citizen sees it', async () => {
    await official.page.getByRole('link', { name: 'Anna Muller' }).click();
    await log(official.page).getByText(canaries.question).waitFor();
    await official.page.getByLabel('Your message').fill(canaries.answer);
    const sentAt = performance.now();
    await official.page.keyboard.press('Enter');
    await log(citizen.page).getByText(canaries.answer).waitFor();
    console.log(`an answer was on the citizen’s screen ${Math.round(performance.now() - sentAt)} ms after Enter was pressed`);
    await log(citizen.page).getByText('Claire Weber').waitFor();
  });

  test('the citizen joins the line, is called in, and both see and hear each other until the official hangs up', async () => {
    await citizen.page.goto('/en/services/driving-licence/line');
    await citizen.page.getByRole('button', { name: 'Take a number' }).click();
    const ticket = citizen.page.getByRole('region', { name: 'Your place' });
    expect(await ticket.innerText()).toMatch(/Your place\s*1[^]*Your number\s*A1/);
    expect(await ticket.innerText()).toContain('You are next.');
    await figureIs('Waiting now', '1');
    await figureIs('Longest wait', '0');

    await official.page.getByRole('radio', { name: 'Available' }).check();
    await figureIs('People available', '1');
    await official.page.getByRole('button', { name: 'Take next (1 waiting' }).click();
    await answerCall(citizen.page);
    await Promise.all([citizen, official].map(hearsAndSees));
    await teamRow('Claire Weber').getByText('In a call').waitFor();
    await figureIs('Waiting now', '0');

    await official.page.getByRole('button', { name: 'Hang up' }).click();
    await citizen.page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor();
    await citizen.page.getByRole('link', { name: 'Go to the conversation' }).click();
    for (const { page } of [citizen, official]) {
      await log(page).getByText('Joined the line. Number: A1').waitFor();
      await log(page).getByText('Video call started. Official: Claire Weber').waitFor();
      await log(page)
        .getByText(/^Video call ended. Duration: /)
        .waitFor();
    }
    await teamRow('Claire Weber').getByText('Available').waitFor();
  });

  test('the citizen books a free time, finds it again, checks in at its time and is called in from the same line', async () => {
    const { page } = citizen;
    await page.goto('/en/services/residence/book');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Confirm the appointment' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your appointment is booked' }).waitFor();
    await page.getByRole('link', { name: 'Appointments', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'My appointments' }).waitFor();
    // A time can be booked a quarter of an hour ahead at the soonest; what was booked is moved to five minutes from now.
    await installation.query(`
      update appointments set starts_at = now() + interval '5 minutes', ends_at = now() + interval '5 minutes' + (ends_at - starts_at)
      where state = 'booked'`);
    await page.reload();
    await page.getByRole('listitem').filter({ hasText: 'You can check in now.' }).getByRole('link').click();
    await page.getByRole('button', { name: 'I am here: check in' }).click();
    await page.getByRole('heading', { level: 1, name: 'You are in the line' }).waitFor();

    await official.page.getByRole('link', { name: 'Waiting line' }).click();
    await official.page.getByRole('button', { name: 'Accept number C1' }).click();
    await answerCall(page);
    await Promise.all([citizen, official].map(hearsAndSees));
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('link', { name: 'Go to the conversation' }).click();
    await log(page)
      .getByText(/^Video call ended. Duration: /)
      .waitFor();
    await page.getByRole('link', { name: 'Appointments', exact: true }).click();
    await page.getByText('Completed').waitFor();
  });

  test('a second official who is added later reads the whole history', async () => {
    const owner = await installation.connectOwner();
    await enrol(colleague.page, await owner.invite({ officeId, role: 'official', displayName: 'Jean Becker' }));
    owner.close();
    await openThread(colleague.page);
    await log(colleague.page).getByText(canaries.question).waitFor();
    await log(colleague.page).getByText(canaries.answer).waitFor();
    await write(colleague.page, canaries.aside);
    await log(colleague.page).getByText(/^Sent/).waitFor();
  });

  test('an official who was removed does not see what follows, neither in the browser nor from the server', async () => {
    const epochs = await countEpochs();
    const [account] = await installation.query(`select account_id from accounts where display_name = 'Jean Becker'`);
    const owner = await installation.connectOwner();
    await owner.remove(officeId, chainIdSchema<'account'>().parse(account?.['account_id']));
    owner.close();
    await colleague.page.getByRole('heading', { level: 1, name: 'You no longer belong to this team' }).waitFor();

    await citizen.page.getByRole('link', { name: 'Messages', exact: true }).click();
    await openThread(citizen.page, 'Driving licence');
    await log(citizen.page).getByText(canaries.aside).waitFor();
    await write(citizen.page, canaries.afterRemoval);
    await official.page.getByRole('link', { name: 'Inbox' }).click();
    await openThread(official.page);
    await log(official.page).getByText(canaries.afterRemoval).waitFor();
    expect(await countEpochs()).toBeGreaterThan(epochs);

    const [conversation] = await installation.query(`select conversation_id from conversations where service_id = 'driving-licence'`);
    const line = await lineOf(colleague);
    const conversationId = idSchema<'conversation'>().parse(conversation?.['conversation_id']);
    await expect(line.request('conversation:pull', { conversationId, after: 0 })).rejects.toMatchObject({ code: 'not_found' });
    line.socket.disconnect();
    await colleague.page.reload();
    await unlock(colleague.page);
    await colleague.page.getByRole('heading', { level: 1, name: 'You no longer belong to this team' }).waitFor();
    expect(await colleague.page.locator('body').innerText()).not.toContain(canaries.afterRemoval);
  });

  test('nothing that was written can be read in the database, in any file of the installation, or in a log', async () => {
    const { databaseUrl, dataDirectory } = installation;
    const written = Object.values(canaries);
    expect(await findCanariesInDatabase(databaseUrl, written)).toEqual([]);
    expect(await findCanariesInFiles(dataDirectory, written)).toEqual([]);
    expect(findCanaries('log', Buffer.from(installation.output()), written)).toEqual([]);
    // The search finds what is there.
    const planted = newCanary();
    const values = [Buffer.from(planted, 'utf16le'), { text: Buffer.from(planted).toString('base64') }];
    await installation.query('create table planted (a bytea, b jsonb)');
    await installation.query('insert into planted values ($1, $2)', values);
    expect(await findCanariesInDatabase(databaseUrl, [planted])).toContain(`planted.a: ${planted} as UTF-16LE`);
    expect(await findCanariesInDatabase(databaseUrl, [planted])).toContain(`planted.b: ${planted} as base64`);
    expect(await findCanariesInFiles(dataDirectory, [planted])).not.toEqual([]);
  });

  test('no page asked anything of another origin, and none complained', async () => {
    const visitors = [citizen, official, colleague, supervisor];
    expect(visitors.flatMap(({ foreignRequests, complaints }) => [...foreignRequests, ...complaints])).toEqual([]);
    // A page that tries is stopped, and it is noticed.
    await citizen.page.evaluate(async () => await fetch('http://127.0.0.1:9/').catch(() => undefined));
    await expect.poll(() => citizen.complaints.join(), { timeout: 20_000 }).toContain('Content Security Policy');
  });
});

async function openThread(page: Page, name = 'Anna Muller'): Promise<void> {
  await page.getByRole('main').getByRole('link', { name }).filter({ visible: true }).first().click();
  await log(page).waitFor();
}
