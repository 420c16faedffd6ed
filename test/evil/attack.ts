import { expect, inject, test } from 'vitest';
import { alarmText } from '../../client/app/alarm-text.ts';
import type { Alarm } from '../../client/storage/alarm.ts';
import { conversationProblemText, entryProblemText } from '../../client/conversations/problem-text.ts';
import type { ConversationProblem, EntryProblem } from '../../client/conversations/items.ts';
import { errorText } from '../../client/i18n/error-text.ts';
import { loadAreas, setLocale, t } from '../../client/i18n/translate.ts';
import { RequestError } from '../../client/net/request-error.ts';
import { AppError } from '../../server/platform/app-error.ts';
import type { ErrorCode } from '../../server/protocol/errors.ts';
import { locales } from '../../server/protocol/locale.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the names of the attacks that are to run contain; empty: all. */
    attack: string;
  }
  interface TaskMeta {
    evil?: { attack: number; codes: string[]; reads: string[] };
  }
}

/** What an attack was answered with, for the table. */
export interface Findings {
  /** The work must be refused, with this code: a CryptoError's, a RequestError's or an AppError's. */
  refused(code: string, work: () => unknown): Promise<void>;
  /** The person reads this, in each of the five languages. */
  reads(text: () => string): Promise<void>;
}

/** One attack of crypto.md §13. Its title is a sentence about what the attacker gets. */
export function attack(number: number, title: string, run: (findings: Findings) => Promise<void>, timeoutMs?: number): void {
  const only = inject('attack');
  const name = `attack ${number}: ${title}`;
  test.runIf(name.includes(only))(name, timeoutMs ? { timeout: timeoutMs } : {}, async ({ task }) => {
    const codes = new Set<string>();
    const reads = new Set<string>();
    task.meta.evil = { attack: number, codes: [], reads: [] };
    try {
      await run({
        refused: async (code, work) => {
          expect(await codeOf(work)).toBe(code);
          codes.add(code);
        },
        reads: async (text) => void reads.add(await inFiveLanguages(text)),
      });
    } finally {
      task.meta.evil = { attack: number, codes: [...codes], reads: [...reads] };
    }
  });
}

export const alarmed = (kind: Alarm['kind']) => () => alarmText(kind);
export const problem = (kind: Exclude<ConversationProblem['kind'], 'reset'>) => () => conversationProblemText({ kind });
export const entry = (kind: EntryProblem) => () => entryProblemText(kind);
export const failure = (code: ErrorCode) => () => errorText(code);
export const says =
  (...text: Parameters<typeof t>) =>
  () =>
    t(...text);

/** What is refused, and how: `accepted` when nothing is. Anything that is no refusal of ours fails the test. */
async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    if (error instanceof CryptoError || error instanceof RequestError || error instanceof AppError) return error.code;
    throw error;
  }
}

/** The English one; in the others there must be one too, and not the same. */
async function inFiveLanguages(text: () => string): Promise<string> {
  await loadAreas(['account', 'conversations', 'safety']);
  const texts = new Set<string>();
  let english = '';
  for (const locale of locales) {
    await setLocale(locale);
    const read = text();
    expect(read.length, locale).toBeGreaterThan(20);
    texts.add(read);
    if (locale === 'en') english = read;
  }
  expect(texts.size, english).toBe(locales.length);
  return english;
}
