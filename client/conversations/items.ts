import type { ConversationEvent } from '../../server/protocol/conversations.ts';
import type { ErrorCode } from '../../server/protocol/errors.ts';
import type { AccountId, MessageId } from '../../server/protocol/ids.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import type { FileDescription } from '../crypto/file-payload.ts';

/** What a conversation shows, in the order in which it is shown. */
export type Item = MessageItem | EventItem | ReadersItem | ProblemItem;

export interface MessageItem {
  readonly kind: 'message';
  readonly messageId: MessageId;
  /** Null until the server has acknowledged it. */
  readonly position: number | null;
  /** When the server accepted it; when it was written, until then. */
  readonly at: number;
  readonly author: Author;
  /** Empty where a file is sent. */
  readonly text: string;
  readonly file: FileDescription | null;
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

/** From here on the key is held by other people, or is another one. The first epoch is not shown. */
export interface ReadersItem {
  readonly kind: 'readers';
  readonly position: number;
  readonly at: number;
  readonly epoch: number;
}

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

export type EntryProblem = 'undecryptable' | 'invalid' | 'unknown-version';

/** Something about the conversation as a whole. */
export interface ConversationProblem {
  readonly kind: 'gap' | 'fork' | 'no-keys' | 'unknown-version' | 'bad-epoch' | 'chain-invalid' | 'cannot-load' | 'cannot-send';
}

/** The same for a message from pending to read, over every reload. */
export function itemKey(item: Item): string {
  return item.kind === 'message' ? item.messageId : `${item.kind}-${item.position}`;
}
