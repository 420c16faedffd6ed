import { toBase64Url } from '../protocol/base64url.ts';
import type { Entry } from '../protocol/conversations.ts';
import type { ReaderKind } from '../protocol/epoch.ts';
import type { AccountId, ConversationId, InboxId } from '../protocol/ids.ts';

/** Whose box is to come with an epoch. */
export interface BoxReader {
  readonly kind: ReaderKind;
  readonly id: AccountId | InboxId;
}

export interface EpochBox {
  readonly readerKind: ReaderKind;
  readonly readerId: string;
  readonly generation: number;
  readonly box: Uint8Array;
}

/** An entry as it is stored; of an epoch, with the boxes sealed to its readers. */
export interface StoredEntry {
  readonly position: number;
  readonly kind: Entry['kind'];
  /** An envelope, a signed epoch, or an event's JSON. */
  readonly bytes: Uint8Array;
  readonly run: Uint8Array;
  readonly acceptedAt: Date;
  readonly previousBox: Uint8Array | null;
  readonly boxes: readonly EpochBox[];
}

/** What the last commit added to a conversation. */
export interface Advance {
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly inboxId: InboxId;
  readonly head: number;
  readonly entries: readonly StoredEntry[];
}

/** As this reader gets it: of an epoch's boxes the first that is his, in the order in which he is named. */
export function entryFor(readers: readonly BoxReader[], entry: StoredEntry): Entry {
  const { position, bytes, run, acceptedAt } = entry;
  const base = { position, acceptedAt: acceptedAt.getTime(), run: toBase64Url(run) };
  if (entry.kind === 'message') return { ...base, kind: 'message', envelope: toBase64Url(bytes) };
  if (entry.kind === 'event') return { ...base, kind: 'event', event: toBase64Url(bytes) };
  const [own] = readers.flatMap(({ kind, id }) => entry.boxes.filter((box) => box.readerKind === kind && box.readerId === id));
  return {
    ...base,
    kind: 'epoch',
    link: toBase64Url(bytes),
    box: own ? toBase64Url(own.box) : null,
    previousBox: entry.previousBox && toBase64Url(entry.previousBox),
  };
}

/** Whether everybody of an inbox gets the same: not where officials have boxes of their own. */
export function isSameForInbox({ entries }: Advance): boolean {
  return !entries.some(({ boxes }) => boxes.some(({ readerKind }) => readerKind === 'member'));
}
