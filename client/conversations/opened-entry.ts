import type { ConversationEvent } from '../../server/protocol/conversations.ts';
import type { EpochState } from '../../server/protocol/epoch-rules.ts';
import type { AccountId, MessageId } from '../../server/protocol/ids.ts';
import type { MessageBody } from '../../server/protocol/message-body.ts';
import type { EntryProblem } from './items.ts';

interface Base {
  readonly position: number;
  readonly acceptedAt: number;
}

export interface OpenedMessage extends Base {
  readonly kind: 'message';
  readonly messageId: MessageId;
  readonly senderId: AccountId;
  readonly body: MessageBody;
}

export interface OpenedEpoch extends Base {
  readonly kind: 'epoch';
  readonly state: EpochState;
  /** Null: it opened the conversation. */
  readonly previous: EpochState | null;
}

/** What does not fit at this place. It stands before the entry it was noticed by. */
export type LogWarning =
  /** The sender's device counted further: so many of its messages are not here. `since`: when its message before this was accepted. */
  | { readonly kind: 'missing'; readonly senderId: AccountId; readonly count: number; readonly since: number | null }
  /** The message does not follow the one that its device had sent before. */
  | { readonly kind: 'out-of-order'; readonly senderId: AccountId }
  /** The sender had seen another conversation than this device. */
  | { readonly kind: 'other-history'; readonly senderId: AccountId }
  /** What the server says about the order does not follow from what it shows. */
  | { readonly kind: 'inconsistent' }
  /** Up to here the server had signed for other entries, or this device had seen others. */
  | { readonly kind: 'not-as-signed' | 'not-as-seen' };

/** An entry after verification, in the order of the log. Duplicates are left out. */
export type OpenedEntry =
  | OpenedMessage
  | OpenedEpoch
  | (Base & { readonly kind: 'event'; readonly event: ConversationEvent })
  | (Base & { readonly kind: 'warning'; readonly warning: LogWarning })
  | (Base & { readonly kind: 'problem'; readonly problem: EntryProblem });
