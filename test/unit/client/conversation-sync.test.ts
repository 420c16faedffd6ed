import { type Arbitrary, array, assert, asyncProperty, constant, constantFrom, infiniteStream, integer, oneof, record } from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Conversation } from '../../../client/conversations/conversation.ts';
import { idOf, newId, type ConversationId, type ServiceId } from '../../../server/protocol/ids.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { type Chance } from '../../support/lossy-line.ts';
import { MemoryServer, type Member } from '../../support/memory-server.ts';
import { type Browser, openBrowser, openPage, type Page } from '../../support/page.ts';

let server: MemoryServer;
let citizen: Member;
let official: Member;
const serviceId: ServiceId = newId();

beforeAll(async () => {
  await cryptoReady;
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server = new MemoryServer();
  citizen = server.join(server.world.person(), 'citizen');
  const person = server.world.person();
  official = server.join(person, 'official', 'Anne Muller');
  server.inbox.add(server.owner, person);
});

afterEach(() => {
  vi.useRealTimers();
});

function textsOf(conversation: Conversation): string[] {
  return conversation.state.value.items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
}

/** But for who joined and left the team. */
function shown(conversation: Conversation) {
  return conversation.state.value.items.filter(({ kind }) => kind !== 'members');
}

/** Lets time pass until it holds: timers are ours, WebCrypto's threads are not. */
async function passUntil(holds: () => boolean, what: () => unknown): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < 20_000) {
    if (holds()) return;
    await vi.advanceTimersByTimeAsync(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never came: ${JSON.stringify(what())}`);
}

async function settle<Value>(promise: Promise<Value>): Promise<Value> {
  let done = false;
  const finished = () => void (done = true);
  promise.then(finished, finished);
  await passUntil(
    () => done,
    () => 'a promise that settles',
  );
  return await promise;
}

interface Scene {
  readonly pages: { readonly citizen: Page; readonly official: Page };
  readonly browsers: { readonly citizen: Browser; readonly official: Browser };
  readonly conversationId: ConversationId;
}

async function openScene(chance?: Chance): Promise<Scene> {
  const browsers = { citizen: openBrowser(citizen), official: openBrowser(official) };
  const calm = await settle(openPage(server, browsers.citizen));
  const { conversationId } = await settle(calm.messenger.startConversation({ serviceId, inboxId: idOf(server.inbox.id) }));
  calm.close();
  return {
    browsers,
    conversationId,
    pages: {
      citizen: await settle(openPage(server, browsers.citizen, chance)),
      official: await settle(openPage(server, browsers.official, chance)),
    },
  };
}

test('what one writes the other reads, with the name each goes by, and delivery is told in turn', async () => {
  const { pages, conversationId } = await openScene();
  await settle(pages.citizen.messenger.profile.saveName('Jos Weber'));
  const asked = pages.citizen.messenger.conversation(conversationId);
  const answered = pages.official.messenger.conversation(conversationId);
  await settle(asked.send('Moien', 'lb'));
  expect(asked.state.value.items.at(-1)).toMatchObject({ kind: 'message', text: 'Moien', delivery: { state: 'pending' } });
  await passUntil(
    () => textsOf(answered).length === 1,
    () => answered.state.value,
  );
  expect(answered.state.value.items).toMatchObject([
    { text: 'Moien', lang: 'lb', author: { who: 'citizen', name: 'Jos Weber' }, delivery: null },
  ]);
  expect(answered.state.value.unread).toBe(1);
  await settle(answered.send('Bonjour', 'fr'));
  await passUntil(
    () => textsOf(asked).length === 2,
    () => asked.state.value,
  );
  expect(asked.state.value.items).toMatchObject([
    { text: 'Moien', author: { who: 'me' }, delivery: { state: 'sent' } },
    { text: 'Bonjour', lang: 'fr', author: { who: 'office', name: 'Anne Muller' }, delivery: null },
  ]);
  asked.onRead(answered.state.value.items.length + 1);
  expect(asked.state.value.items[0]).toMatchObject({ delivery: { state: 'read' } });
  expect(asked.state.value.problems).toEqual([]);
  expect(answered.state.value.problems).toEqual([]);
});

test('a chain that cannot be asked for when the inbox has changed is no error of the page, which goes on', async () => {
  const { pages, conversationId } = await openScene();
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.prependListener('unhandledRejection', note);
  server.refused.set('inbox:load', 0);
  server.tellOfInbox();
  await passUntil(
    () => (server.refused.get('inbox:load') ?? 0) >= 2,
    () => 'both have asked',
  );
  server.refused.delete('inbox:load');
  const [asked, answered] = [pages.citizen, pages.official].map(({ messenger }) => messenger.conversation(conversationId));
  if (!asked || !answered) throw new Error('two pages');
  await settle(asked.send('meanwhile', 'en'));
  await passUntil(
    () => textsOf(answered).length === 1,
    () => answered.state.value,
  );
  process.off('unhandledRejection', note);
  expect(uncaught).toEqual([]);
  expect([...pages.citizen.alarms, ...pages.official.alarms]).toEqual([]);
});

test('an official who joins later reads the history; one who is removed reads nothing that follows', async () => {
  const { pages, conversationId } = await openScene();
  const asked = pages.citizen.messenger.conversation(conversationId);
  await settle(asked.send('before', 'en'));
  const late = server.join(server.world.person(), 'official', 'Late Comer');
  server.inbox.add(server.owner, late.person);
  const latePage = await settle(openPage(server, openBrowser(late)));
  const read = latePage.messenger.conversation(conversationId);
  await passUntil(
    () => textsOf(read).length === 1,
    () => read.state.value,
  );

  server.inbox.remove(server.owner, official.person);
  await settle(asked.send('after', 'en'));
  await passUntil(
    () => textsOf(read).length === 2,
    () => read.state.value,
  );
  expect(shown(read).map(({ kind }) => kind)).toEqual(['message', 'readers', 'message']);
  const left = pages.official.messenger.conversation(conversationId);
  await passUntil(
    () => shown(left).length === 3,
    () => left.state.value,
  );
  expect(shown(left)).toMatchObject([{ text: 'before' }, { kind: 'readers' }, { kind: 'problem', problem: 'undecryptable' }]);
  expect(left.state.value.problems).toContainEqual({ kind: 'no-keys' });
});

test('a page that is loaded again shows the conversation from this device, without a line', async () => {
  const { pages, browsers, conversationId } = await openScene();
  const asked = pages.citizen.messenger.conversation(conversationId);
  await settle(asked.send('kept', 'en'));
  await passUntil(
    () => asked.state.value.view?.head === 2,
    () => asked.state.value,
  );
  pages.citizen.close();
  const reloaded = await settle(openPage(server, browsers.citizen, { delay: () => 1, isLost: () => true, isDoubled: () => false }));
  const again = reloaded.messenger.conversation(conversationId);
  await passUntil(
    () => textsOf(again).length === 1,
    () => again.state.value,
  );
  expect(again.state.value).toMatchObject({ caughtUp: false, items: [{ text: 'kept', delivery: { state: 'sent' } }] });
});

type Step =
  | { readonly kind: 'write'; readonly by: 'citizen' | 'official' }
  | { readonly kind: 'break' | 'restore' | 'reload'; readonly by: 'citizen' | 'official' }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

const who = constantFrom('citizen' as const, 'official' as const);
const steps: Arbitrary<readonly Step[]> = array(
  oneof(
    { weight: 5, arbitrary: record({ kind: constant('write' as const), by: who }) },
    { weight: 3, arbitrary: record({ kind: constant('wait' as const), milliseconds: integer({ min: 1, max: 400 }) }) },
    { weight: 2, arbitrary: record({ kind: constantFrom('break' as const, 'restore' as const, 'reload' as const), by: who }) },
    { weight: 1, arbitrary: record({ kind: constant('rotate' as const) }) },
  ),
  { minLength: 1, maxLength: 12 },
);
const packets = infiniteStream(record({ delay: integer({ min: 0, max: 300 }), fate: integer({ min: 0, max: 9 }) }));

test('whatever is lost, doubled or late on the line, each message is shown once and in the same order to both', async () => {
  await assert(
    asyncProperty(steps, packets, async (script, luck) => {
      let isRough = true;
      const next = () => luck.next().value;
      const chance: Chance = {
        delay: () => next().delay,
        isLost: () => isRough && next().fate < 2,
        isDoubled: () => isRough && next().fate > 7,
      };
      const { pages: opened, browsers, conversationId } = await openScene(chance);
      const pages = { ...opened };
      const written = { citizen: [] as string[], official: [] as string[] };
      for (const step of script) {
        if (step.kind === 'write') {
          const text = `${step.by} ${written[step.by].length + 1}`;
          written[step.by].push(text);
          await settle(pages[step.by].messenger.conversation(conversationId).send(text, 'en'));
        } else if (step.kind === 'reload') {
          pages[step.by].close();
          pages[step.by] = await settle(openPage(server, browsers[step.by], chance));
        } else if (step.kind === 'wait') await vi.advanceTimersByTimeAsync(step.milliseconds);
        else if (step.kind === 'rotate') server.inbox.rotate(server.owner);
        else if (step.kind === 'break') pages[step.by].line.breakOff();
        else pages[step.by].line.restore();
      }
      isRough = false;
      // Breaking off first makes both notice: a line that is restored was gone.
      for (const page of Object.values(pages)) page.line.breakOff();
      for (const page of Object.values(pages)) page.line.restore();
      const mine = pages.citizen.messenger.conversation(conversationId);
      const theirs = pages.official.messenger.conversation(conversationId);
      const all = written.citizen.length + written.official.length;
      const isDone = (conversation: Conversation) => {
        const messages = conversation.state.value.items.filter((item) => item.kind === 'message');
        return messages.length === all && messages.every(({ position, delivery }) => position !== null && delivery?.state !== 'pending');
      };
      await passUntil(
        () => isDone(mine) && isDone(theirs),
        () => [mine.state.value, theirs.state.value],
      );
      expect(textsOf(mine)).toEqual(textsOf(theirs));
      for (const by of ['citizen', 'official'] as const) expect(textsOf(mine).filter((text) => text.startsWith(by))).toEqual(written[by]);
      expect(mine.state.value.problems).toEqual([]);
      expect(theirs.state.value.problems).toEqual([]);
      expect(server.messageCount(conversationId)).toBe(all);
      for (const page of Object.values(pages)) page.close();
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);
