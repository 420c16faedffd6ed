import type { ConversationId } from '../../server/protocol/ids.ts';

/** Something about keys that a person must be told in words: the server shows another past than before, or keys that do not verify. */
export type Alarm =
  | { readonly kind: 'registry-changed' | 'receipt-key-changed' }
  | { readonly kind: 'rollback'; readonly chain: 'account' | 'inbox'; readonly id: string }
  | { readonly kind: 'chain-invalid'; readonly chain: 'account' | 'inbox'; readonly id: string }
  /** A conversation is not what the server signed for, or less than it once showed: `conversation.exportEvidence`. */
  | { readonly kind: 'history-changed'; readonly id: ConversationId };

export type RaiseAlarm = (alarm: Alarm) => void;
