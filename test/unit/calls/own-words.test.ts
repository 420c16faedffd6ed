import { expect, test, vi } from 'vitest';
import { LiveText } from '../../../client/calls/text/live-text.ts';
import { OwnWords } from '../../../client/calls/text/own-words.ts';
import { Subject } from '../../../client/net/observable.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { createTexts } from '../../../client/storage/texts.ts';
import { openVault } from '../../../client/storage/vault.ts';
import { newId } from '../../../server/protocol/ids.ts';

const accountId = newId<'account'>();
const callId = newId<'call'>();
const database = memoryDatabase();
const { drafts } = createTexts({ database, vault: await openVault(database), accountId });

/** A page of a call. */
function open(of = callId) {
  const text = new LiveText({ accountId, send: () => undefined });
  const own = new Subject({ agreesToKeepText: false });
  const words = new OwnWords({ callId: of, drafts, text, own, agree: () => own.set({ agreesToKeepText: true }) });
  return { text, own, words, read: () => text.lines.value.map((line) => line.text) };
}

test('what somebody wrote and agreed to in a call is there again after a reload, in this call only, and gone after its end', async () => {
  const page = open();
  // The page has looked for what there was before it.
  await vi.waitFor(async () => {
    page.own.set({ agreesToKeepText: false });
    page.text.setLine('Good morning');
    expect(await drafts.load('call')).toContain('Good morning');
  });
  page.text.endLine();
  page.text.setLine('One moment');
  page.own.set({ agreesToKeepText: true });
  await vi.waitFor(async () => expect(await drafts.load('call')).toMatch(/"agrees":true.*One moment/));
  page.words.close();

  const again = open();
  await vi.waitFor(() => expect(again.read()).toEqual(['Good morning', 'One moment']));
  expect(again.own.value.agreesToKeepText).toBe(true);
  again.words.close();

  const reloadedAtTheEnd = open();
  await vi.waitFor(() => expect(reloadedAtTheEnd.read()).toHaveLength(2));
  await reloadedAtTheEnd.words.forget();
  expect(await drafts.load('call')).toBe('');
});

test('the words of one call are not shown in the next', async () => {
  await drafts.save(
    'call',
    JSON.stringify({ callId, at: 1, agrees: true, written: { lane: 'x', first: 0, lines: [{ text: 'Hello', ageMs: 0 }] } }),
  );
  const next = open(newId<'call'>());
  await vi.waitFor(async () => {
    next.text.setLine('Good evening');
    expect(await drafts.load('call')).toContain('Good evening');
  });
  expect(await drafts.load('call')).not.toContain('Hello');
  expect(next.own.value.agreesToKeepText).toBe(false);
});
