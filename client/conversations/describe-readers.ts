import type { EpochState } from '../../server/protocol/epoch-rules.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import type { Author, MembersItem, ReadersItem } from './items.ts';
import type { OpenedEntry, OpenedEpoch } from './opened-entry.ts';
import type { MembershipChange } from './readers-now.ts';
import type { Reader } from './reader.ts';

type Names = Pick<Reader, 'accountId' | 'nameOf' | 'readersNow' | 'membershipChanges'>;

/** What a new epoch says to people: why it came, who made it, whose keys are newer. */
export function describeEpoch({ position, acceptedAt: at, state, previous }: OpenedEpoch, reader: Names, by: Author): ReadersItem {
  const isNewer = (kind: 'user' | 'inbox') => generationOf(state, kind) !== generationOf(previous, kind);
  const named = state.readers.filter(({ kind }) => kind === 'member').flatMap(({ id }) => reader.nameOf(idOf(id)) ?? []);
  return {
    kind: 'readers',
    position,
    at,
    epoch: state.epoch,
    reason: state.reason,
    by,
    inboxName: reader.readersNow(state)?.inboxName ?? null,
    newKeys: { citizen: isNewer('user'), office: isNewer('inbox') },
    named,
  };
}

function generationOf(epoch: EpochState | null, kind: 'user' | 'inbox'): number | undefined {
  return epoch?.readers.find((candidate) => candidate.kind === kind)?.generation;
}

/** Older ones say nothing about who reads now. */
const maxChanges = 50;

export interface PlacedChange {
  /** Before the entry with this index in the log; its length stands for the end. */
  readonly index: number;
  readonly item: MembersItem;
}

/**
 * Who joined or left since the conversation began, each at the time its link was signed; but never before an epoch whose signer did not
 * know of it yet, and never after one whose signer did: a signer's clock may say anything, the chain may not.
 */
export function placeMembers(opened: readonly OpenedEntry[], reader: Names): readonly PlacedChange[] {
  const epochs = opened.flatMap((entry, index) => (entry.kind === 'epoch' ? [{ ...entry, index }] : []));
  const current = epochs.at(-1)?.state.parties.inboxId;
  if (current === undefined) return [];
  const heads = epochs.flatMap(({ state, index }) =>
    state.readers
      .filter((candidate) => candidate.kind === 'inbox' && equalBytes(candidate.id, current))
      .map(({ chainSeqno }) => ({ chainSeqno, index })),
  );
  const first = heads[0]?.chainSeqno;
  if (first === undefined) return [];
  return reader
    .membershipChanges(current)
    .filter(({ seqno, change }) => seqno > first && change !== 'role')
    .slice(-maxChanges)
    .map((change) => ({ index: placeOf(change, opened, heads), item: itemOf(change, reader) }));
}

function placeOf(
  { seqno, at }: MembershipChange,
  opened: readonly OpenedEntry[],
  heads: readonly { readonly chainSeqno: number; readonly index: number }[],
): number {
  const after = heads.findLast(({ chainSeqno }) => chainSeqno < seqno)?.index ?? -1;
  const before = heads.find(({ chainSeqno }) => chainSeqno >= seqno)?.index ?? opened.length;
  const byTime = opened.findIndex(({ acceptedAt }, index) => index > after && acceptedAt > at);
  return Math.min(byTime === -1 ? opened.length : byTime, before);
}

function itemOf({ seqno, at, accountId, change, role }: MembershipChange, { nameOf }: Names): MembersItem {
  return { kind: 'members', position: null, at, seqno, name: nameOf(accountId), change, role };
}
