import { t } from '../i18n/translate.ts';
import type { ConversationProblem, EntryProblem } from './items.ts';

const conversationProblems = {
  gap: 'conversations.problemGap',
  fork: 'conversations.problemFork',
  'no-keys': 'conversations.problemNoKeys',
  'unknown-version': 'conversations.problemUnknownVersion',
  'bad-epoch': 'conversations.problemBadEpoch',
  'chain-invalid': 'conversations.problemChainInvalid',
  'cannot-load': 'conversations.problemCannotLoad',
  'cannot-send': 'conversations.problemCannotSend',
} as const satisfies Record<ConversationProblem['kind'], string>;

const entryProblems = {
  undecryptable: 'conversations.entryUndecryptable',
  invalid: 'conversations.entryInvalid',
  'unknown-version': 'conversations.entryUnknownVersion',
} as const satisfies Record<EntryProblem, string>;

/** What is wrong with the conversation as a whole, and what to do. */
export function conversationProblemText({ kind }: ConversationProblem): string {
  return t(conversationProblems[kind]);
}

/** Why one entry is not shown. */
export function entryProblemText(problem: EntryProblem): string {
  return t(entryProblems[problem]);
}
