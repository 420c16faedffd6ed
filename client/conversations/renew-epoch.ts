import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { EpochEntry } from '../../server/protocol/conversations.ts';
import { decodeSignedEpoch, type EpochReason } from '../../server/protocol/epoch.ts';
import type { EpochState } from '../../server/protocol/epoch-rules.ts';
import type { ConversationId, InboxId } from '../../server/protocol/ids.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { createEpoch } from '../crypto/epoch-keys.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { toSignedLink } from '../net/wire.ts';
import type { ConversationLog } from './conversation-log.ts';
import { type Reader, reasonForEpoch, type WantedReaders } from './reader.ts';

export interface EpochParts {
  readonly conversationId: ConversationId;
  readonly request: RequestFunction;
  readonly reader: Reader;
  readonly catchUp: () => Promise<void>;
  readonly log: () => ConversationLog | null;
}

/** How often somebody else's epoch may come first before an act is given up. */
const maxAttempts = 5;

/** The epoch in force, with its keys. Throws `cannot_open` when there is none this account could write in. */
export function presentEpoch({ log }: Pick<EpochParts, 'log'>) {
  const epoch = log()?.epoch ?? null;
  ensure(epoch !== null && epoch.keys !== null, 'cannot_open', 'the present epoch does not verify, or does not open');
  return { ...epoch, keys: epoch.keys };
}

/**
 * Appends a new epoch when a reader has newer keys. False when somebody else's came first: catch up and decide again. Never gives a
 * history to an account that was reset: that takes an official's own decision (crypto.md §13, 37).
 */
export async function renewEpoch(parts: EpochParts, { fresh }: { readonly fresh: boolean }): Promise<boolean> {
  const { state, ageMs, messages } = presentEpoch(parts);
  const wanted = await parts.reader.readersWanted(state.parties, state, { fresh });
  if (parts.reader.resetSince(state) !== null)
    throw new CryptoError('not_allowed', "the citizen's account was reset: an official gives the history back first");
  const reason = reasonForEpoch(state, wanted, { messages, ageMs });
  return reason === null || (await appendEpoch(parts, reason, wanted));
}

/** Hands the case to another office's inbox: from then on its team reads, and this one reads nothing new. Throws a CryptoError or a RequestError. */
export async function transferCase(parts: EpochParts, inboxId: InboxId): Promise<void> {
  const target = fromBase64Url(inboxId);
  try {
    await act(parts, 'transfer', async (state) => {
      refuseAfterReset(parts, state);
      return await parts.reader.readersWanted({ ...state.parties, inboxId: target }, null, { fresh: true });
    });
  } catch (error) {
    // The answer to an earlier attempt was lost, and now the case is out of reach: that is what was wanted.
    const present = parts.log()?.epoch?.state.parties.inboxId;
    if (present === undefined || !equalBytes(present, target)) throw error;
  }
}

/** Seals the conversation, with all before it, to the keys the citizen has since the reset: an official has made sure who it is. */
export async function giveHistoryBack(parts: EpochParts): Promise<void> {
  await act(parts, 'restored', async (state) => await parts.reader.readersWanted(state.parties, state, { fresh: true }));
}

/** Whether the entry is the epoch that hands a case over. Nothing is said about its truth. */
export function isTransfer({ link }: Pick<EpochEntry, 'link'>): boolean {
  try {
    return decodeSignedEpoch(fromBase64Url(link)).link.reason === 'transfer';
  } catch {
    return false;
  }
}

async function act(parts: EpochParts, reason: EpochReason, wantedFor: (state: EpochState) => Promise<WantedReaders>): Promise<void> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await parts.catchUp();
    const { state } = presentEpoch(parts);
    if (state.reason === reason && (await isDone(parts, state, reason))) return;
    if (await appendEpoch(parts, reason, await wantedFor(state))) return;
  }
  throw new RequestError({ code: 'conflict', retryable: true, ref: null });
}

/** Whether a colleague was faster with the same act. */
async function isDone({ reader }: EpochParts, state: EpochState, reason: EpochReason): Promise<boolean> {
  if (reason !== 'restored') return false;
  await reader.readersWanted(state.parties, state, { fresh: true });
  return reader.resetSince(state) === null;
}

function refuseAfterReset({ reader }: EpochParts, state: EpochState): void {
  ensure(reader.resetSince(state) === null, 'not_allowed', "the citizen's account was reset: the history is given back first");
}

async function appendEpoch(parts: EpochParts, reason: EpochReason, { readers }: WantedReaders): Promise<boolean> {
  const { conversationId, request, reader, catchUp } = parts;
  const { state, keys } = presentEpoch(parts);
  const epoch = createEpoch({ conversationId: state.conversationId, previous: { state, keys }, readers, reason, signer: reader });
  try {
    await request('epoch:append', { conversationId, epoch: toSignedLink(epoch) });
  } catch (error) {
    if (error instanceof RequestError && (error.code === 'conflict' || error.code === 'stale_epoch')) return false;
    throw error;
  }
  try {
    // The epoch is verified like anybody else's before it is used.
    await catchUp();
  } catch (error) {
    // Whoever hands a case over may not read it from then on.
    if (reason !== 'transfer' || !(error instanceof RequestError) || error.retryable) throw error;
  }
  return true;
}
