import { type Base64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { ConversationMark } from '../storage/conversation-marks.ts';
import type { ConversationLog } from './conversation-log.ts';
import type { ConversationProblem } from './items.ts';

/**
 * What this device holds against the server, as JSON: the receipt and the key it verifies with, the place it had been shown before, and
 * what it is shown now. Ciphertext and hashes only: who gets it learns nothing of what was written.
 */
export function describeEvidence(facts: {
  readonly conversationId: ConversationId;
  readonly mark: ConversationMark;
  readonly receiptKey: Uint8Array;
  readonly log: ConversationLog | null;
  /** What the server says is the last position. */
  readonly head: number | null;
  readonly runs: readonly { readonly position: number; readonly run: Base64Url }[];
  readonly problems: readonly ConversationProblem[];
  readonly at: number;
}): string {
  const { conversationId, mark, receiptKey, log, head, runs, problems, at } = facts;
  const evidence = {
    format: 'schalter-evidence-1',
    conversationId,
    exportedAt: new Date(at).toISOString(),
    signed: mark.receipt && { ...mark.receipt, receiptKey: toBase64Url(receiptKey) },
    shownBefore: mark.head,
    shownNow: { head, runs, entries: log?.entries ?? [] },
    warnings: log?.opened.filter(({ kind }) => kind === 'warning') ?? [],
    problems: problems.map(({ kind }) => kind),
  };
  return JSON.stringify(evidence, null, 2);
}
