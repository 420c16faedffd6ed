import type { ConversationLog } from './conversation-log.ts';
import type { ConversationProblem } from './items.ts';
import type { LogWarning } from './opened-entry.ts';
import type { Reader } from './reader.ts';

const problemOf = {
  missing: 'gap',
  'out-of-order': 'fork',
  'other-history': 'fork',
  inconsistent: 'fork',
  'not-as-seen': 'fork',
  'not-as-signed': 'receipt',
} as const satisfies Record<LogWarning['kind'], ConversationProblem['kind']>;

/** What is wrong with the conversation as a whole: what came up on the way, and what its log says; each kind once. */
export function problemsOf(
  log: ConversationLog | null,
  reader: Pick<Reader, 'side' | 'resetSince' | 'hasExpired'>,
  others: readonly ConversationProblem[],
): readonly ConversationProblem[] {
  if (log === null) return others;
  const epoch = log.epoch;
  const reset = epoch && reader.resetSince(epoch.state);
  const isElsewhere = reader.side === 'office' && epoch !== null && epoch.keys === null && isHandedOver(log);
  const found: ConversationProblem[] = log.opened.flatMap((entry) =>
    entry.kind === 'warning' ? [{ kind: problemOf[entry.warning.kind] }] : [],
  );
  if (log.opened.some((entry) => entry.kind === 'problem' && entry.problem === 'unknown-version')) found.push({ kind: 'unknown-version' });
  if (log.isBroken) found.push({ kind: 'bad-epoch' });
  if (reset) found.push({ kind: 'reset', ...reset });
  else if (isElsewhere) found.push({ kind: 'transferred' });
  else if (hasExpired(log, reader)) found.push({ kind: 'expired' });
  else if (log.isMissingKeys) found.push({ kind: 'no-keys' });
  // What follows from a reset or a transfer is said by them.
  const rest = reset || isElsewhere ? others.filter(({ kind }) => kind !== 'cannot-send' && kind !== 'cannot-load') : others;
  const all = [...found, ...rest];
  return all.filter(({ kind }, index) => all.findIndex((other) => other.kind === kind) === index);
}

/** What is shown says so, and why, instead of blaming this device. */
export function hasExpired({ epoch }: ConversationLog, reader: Pick<Reader, 'hasExpired'>): boolean {
  return epoch !== null && epoch.keys === null && reader.hasExpired(epoch.state);
}

/** The last inbox the case was with is another than the one before. */
function isHandedOver({ opened }: ConversationLog): boolean {
  return opened.findLast((entry) => entry.kind === 'epoch' && entry.state.reason === 'transfer') !== undefined;
}
