import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import type { Viewer } from './author-name.ts';
import type { ConversationProblem, EntryProblem } from './items.ts';

const conversationProblems = {
  gap: 'conversations.problemGap',
  fork: 'conversations.problemFork',
  rollback: 'conversations.problemRollback',
  receipt: 'conversations.problemReceipt',
  'no-keys': 'conversations.problemNoKeys',
  'unknown-version': 'conversations.problemUnknownVersion',
  'bad-epoch': 'conversations.problemBadEpoch',
  'chain-invalid': 'conversations.problemChainInvalid',
  'cannot-load': 'conversations.problemCannotLoad',
  'cannot-send': 'conversations.problemCannotSend',
  transferred: 'conversations.problemTransferred',
  expired: 'conversations.problemExpired',
} as const satisfies Record<Exclude<ConversationProblem['kind'], 'reset'>, string>;

const entryProblems = {
  undecryptable: 'conversations.entryUndecryptable',
  invalid: 'conversations.entryInvalid',
  'unknown-version': 'conversations.entryUnknownVersion',
  revoked: 'conversations.entryRevoked',
  expired: 'conversations.entryExpired',
} as const satisfies Record<EntryProblem, string>;

/** What is wrong with the conversation as a whole, and what to do. */
export function conversationProblemText(problem: ConversationProblem, viewer: Viewer = 'citizen'): string {
  if (problem.kind !== 'reset') return t(conversationProblems[problem.kind]);
  const date = fmt.date(problem.at);
  if (viewer === 'citizen') return t('conversations.problemResetOwn', { date });
  return t('conversations.problemReset', { date, names: problem.registrars.join(', ') || '–' });
}

/** Why one entry is not shown. */
export function entryProblemText(problem: EntryProblem): string {
  return t(entryProblems[problem]);
}
