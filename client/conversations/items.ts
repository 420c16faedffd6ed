import type { ConversationEvent } from '../../server/protocol/conversations.ts';
import type { EpochReason } from '../../server/protocol/epoch.ts';
import type { ErrorCode } from '../../server/protocol/errors.ts';
import type { AccountId, MessageId } from '../../server/protocol/ids.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import type { CallRecord } from '../crypto/call-record.ts';
import type { FileDescription } from '../crypto/file-payload.ts';

/** What a conversation shows, in the order in which it is shown. */
export type Item = MessageItem | EventItem | ReadersItem | MembersItem | WarningItem | ProblemItem;

export interface MessageItem {
  readonly kind: 'message';
  readonly messageId: MessageId;
  /** Null until the server has acknowledged it. */
  readonly position: number | null;
  /** When the server accepted it; when it was written, until then. */
  readonly at: number;
  readonly author: Author;
  /** Empty where a file is sent, or something kept of a call. */
  readonly text: string;
  readonly file: FileDescription | null;
  /** What was agreed in a call, or written in it. */
  readonly call: CallRecord | null;
  /** Null when the writer named none we know. */
  readonly lang: Locale | null;
  /** Of own messages only. */
  readonly delivery: Delivery | null;
}

export interface EventItem {
  readonly kind: 'event';
  readonly position: number;
  readonly at: number;
  readonly event: ConversationEvent;
}

/** From here on the key is another one, and may be held by other people. The first epoch is not shown. */
export interface ReadersItem {
  readonly kind: 'readers';
  readonly position: number;
  readonly at: number;
  readonly epoch: number;
  readonly reason: EpochReason;
  /** Who made it so. */
  readonly by: Author;
  /** The office's name in its inbox's chain, signed by the registry; null when the chain is not known here. */
  readonly inboxName: string | null;
  /** Whose keys are newer than before. */
  readonly newKeys: { readonly citizen: boolean; readonly office: boolean };
  /** Officials by name where not the whole team reads; else empty. */
  readonly named: readonly string[];
}

/** Somebody joined the office's team, left it, or has another role: by a signed link of the inbox's chain. */
export interface MembersItem {
  readonly kind: 'members';
  /** Null: it has none of its own, and stands by its time. */
  readonly position: null;
  readonly at: number;
  readonly seqno: number;
  readonly name: string | null;
  readonly change: 'joined' | 'left' | 'role';
  /** The new one; of somebody who left, his last. */
  readonly role: InboxRole;
}

/** Something does not fit at this place. */
export interface WarningItem {
  readonly kind: 'warning';
  readonly position: number;
  readonly at: number;
  /** Several may stand at one position. */
  readonly index: number;
  readonly warning: WarningText;
}

export type WarningText =
  | { readonly kind: 'missing'; readonly author: Author; readonly count: number; readonly since: number | null; readonly until: number }
  | { readonly kind: 'out-of-order' | 'other-history'; readonly author: Author }
  | { readonly kind: 'inconsistent' | 'not-as-signed' | 'not-as-seen' };

/** An entry that is there and cannot be shown. */
export interface ProblemItem {
  readonly kind: 'problem';
  readonly position: number;
  readonly at: number;
  readonly problem: EntryProblem;
}

export interface Author {
  readonly who: 'me' | 'citizen' | 'office';
  readonly accountId: AccountId;
  /** A citizen's as written in the message, an official's as the directory has it. */
  readonly name: string | null;
}

/** `sent` is said after the server's acknowledgement only; `read` when the other side has read that far. */
export type Delivery =
  | { readonly state: 'pending' }
  | { readonly state: 'sent'; readonly at: number }
  | { readonly state: 'read' }
  | { readonly state: 'failed'; readonly error: ErrorCode };

/** `revoked`: sent by a device that had been taken out of its account. `expired`: the office has let the case expire. */
export type EntryProblem = 'undecryptable' | 'invalid' | 'unknown-version' | 'revoked' | 'expired';

/** Something about the conversation as a whole. */
export type ConversationProblem =
  | {
      readonly kind:
        | 'gap'
        | 'fork'
        | 'rollback'
        | 'receipt'
        | 'no-keys'
        | 'unknown-version'
        | 'bad-epoch'
        | 'chain-invalid'
        | 'cannot-load'
        | 'cannot-send'
        /** The case is with another office now: what follows is not for this account. */
        | 'transferred'
        /** The office has let it expire: only the citizen can still read it. */
        | 'expired';
    }
  /** The citizen's account was reset: nothing is sealed to it before an official gives the history back. */
  | { readonly kind: 'reset'; readonly at: number; readonly registrars: readonly string[] };

/** The server has shown, or signed for, something else than what it shows: there is evidence to be kept. */
export function isContradiction({ kind }: ConversationProblem): boolean {
  return kind === 'gap' || kind === 'fork' || kind === 'rollback' || kind === 'receipt';
}

/** The same for a message from pending to read, over every reload. */
export function itemKey(item: Item): string {
  if (item.kind === 'message') return item.messageId;
  if (item.kind === 'members') return `members-${item.seqno}`;
  return item.kind === 'warning' ? `warning-${item.position}-${item.index}` : `${item.kind}-${item.position}`;
}
