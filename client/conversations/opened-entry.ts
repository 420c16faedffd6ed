import type { ConversationEvent } from '../../server/protocol/conversations.ts';
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

/** An entry after verification, in the order of the log. Duplicates are left out. */
export type OpenedEntry =
  | OpenedMessage
  | (Base & { readonly kind: 'event'; readonly event: ConversationEvent })
  | (Base & { readonly kind: 'epoch'; readonly epoch: number })
  | (Base & { readonly kind: 'problem'; readonly problem: EntryProblem });
