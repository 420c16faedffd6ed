import type { Base64Url } from './base64url.ts';
import type { AccountId, AppointmentId, CallId, ConversationId, InboxId, OfficeId, QueueEntryId, ServiceId } from './ids.ts';
import type { SignedLink } from './offices.ts';

/** What the server itself knows and records in the conversation: that something happened, never what was said. */
export type ConversationEvent =
  | { readonly type: 'ticket-joined'; readonly entryId: QueueEntryId; readonly ticketNumber: string }
  | { readonly type: 'ticket-left'; readonly entryId: QueueEntryId; readonly ticketNumber: string }
  /** Called, and did not come: back to place 2, or parked. */
  | { readonly type: 'turn-missed'; readonly entryId: QueueEntryId; readonly ticketNumber: string; readonly parked: boolean }
  | { readonly type: 'call-started'; readonly callId: CallId; readonly official: string }
  | { readonly type: 'call-joined'; readonly callId: CallId; readonly role: string; readonly name: string }
  | { readonly type: 'call-ended'; readonly callId: CallId; readonly durationMs: number; readonly reason: CallEndReason }
  | { readonly type: 'appointment-booked'; readonly appointmentId: AppointmentId; readonly startsAt: number }
  | { readonly type: 'appointment-cancelled'; readonly appointmentId: AppointmentId; readonly startsAt: number };

/** `missed`: the citizen did not answer; `official-lost`: the official vanished, and the ticket is back in the line. */
export type CallEndReason = 'hung-up' | 'network' | 'node-lost' | 'moderator' | 'missed' | 'official-lost';

interface EntryBase {
  /** From 1, without gaps, the same for every reader. */
  readonly position: number;
  readonly acceptedAt: number;
  /** run_n = H("gim1/run", run_{n-1}, seq, env_hash); an event's bytes are its JSON in UTF-8. */
  readonly run: Base64Url;
}

export interface EpochEntry extends EntryBase {
  readonly kind: 'epoch';
  readonly link: Base64Url;
  /** The box sealed to the reader the caller is or belongs to; null when there is none. */
  readonly box: Base64Url | null;
  readonly previousBox: Base64Url | null;
}

export interface MessageEntry extends EntryBase {
  readonly kind: 'message';
  readonly envelope: Base64Url;
}

export interface EventEntry extends EntryBase {
  readonly kind: 'event';
  /** The exact bytes that entered the run hash: JSON of a ConversationEvent. */
  readonly event: Base64Url;
}

export type Entry = EpochEntry | MessageEntry | EventEntry;

/** The server's signature over [conversation, position, run] ("gim1/receipt"). */
export interface Receipt {
  readonly run: Base64Url;
  readonly signature: Base64Url;
}

export interface ConversationView {
  readonly conversationId: ConversationId;
  /** What people say on the phone: "2026-0042-K". */
  readonly reference: string;
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly inboxId: InboxId;
  readonly citizenId: AccountId;
  readonly state: 'open' | 'closed';
  /** Position of the last entry. */
  readonly head: number;
  /** Current epoch number. */
  readonly epoch: number;
  /** Up to which position the caller has read. */
  readonly readPosition: number;
  /** Up to which position the other side has read: the citizen for officials, any official for the citizen. */
  readonly otherReadPosition: number;
  readonly openedAt: number;
  readonly lastActivityAt: number;
}

export interface ConversationCommands {
  /** Opens the conversation with its first epoch (position 1). The same id and link twice is answered alike. */
  'conversation:open': (request: { conversationId: ConversationId; serviceId: ServiceId; epoch: SignedLink }) => ConversationView;
  /** The citizen's own, or those of the official's inbox; newest activity first. */
  'conversation:list': (request: Record<string, never>) => { conversations: readonly ConversationView[] };
  /** Entries after a position, in order, at most `limits.entriesPerPage`. */
  'conversation:pull': (request: { conversationId: ConversationId; after: number }) => {
    conversation: ConversationView;
    entries: readonly Entry[];
  };
  /** `conflict` when another epoch came first: pull, then decide again. */
  'epoch:append': (request: { conversationId: ConversationId; epoch: SignedLink }) => { position: number };
  /** Answered after the commit. The same message id gives the same position; with another envelope `conflict`. `stale_epoch`: pull first. */
  'message:send': (request: { conversationId: ConversationId; envelope: Base64Url }) => {
    position: number;
    acceptedAt: number;
    /** What the server says it has stored, signed (receipt.ts): evidence, should it later show something else. */
    receipt: Receipt;
  };
  /** Monotonic: a smaller position is ignored. */
  'conversation:mark-read': (request: { conversationId: ConversationId; position: number }) => { position: number };
}
