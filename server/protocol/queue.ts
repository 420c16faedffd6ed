import type { AccountId, AppointmentId, CallId, ConversationId, QueueEntryId, ServiceId } from './ids.ts';
import type { Locale } from './locale.ts';
import type { WaitRange } from './offices.ts';

/** A citizen's own queue entry. */
export interface QueueEntryView {
  readonly entryId: QueueEntryId;
  /** What is displayed: "A17". */
  readonly ticketNumber: string;
  readonly serviceId: ServiceId;
  readonly conversationId: ConversationId;
  readonly appointmentId: AppointmentId | null;
  readonly state: 'waiting' | 'accepted' | 'ended' | 'left';
  /** From 1, in the line of the office: all its officials serve all its services. Null once it no longer waits. */
  readonly place: number | null;
  /** Null when an estimate would be a guess. */
  readonly wait: WaitRange | null;
  readonly callId: CallId | null;
  readonly joinedAt: number;
  /** When place and wait were computed. */
  readonly updatedAt: number;
}

/** One person in the line, as officials see it. */
export interface WaitingEntry {
  readonly entryId: QueueEntryId;
  readonly ticketNumber: string;
  readonly serviceId: ServiceId;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly language: Locale;
  readonly joinedAt: number;
  /** Start of the appointment this entry was checked in for. */
  readonly appointmentAt: number | null;
  readonly place: number;
  /** Whether a device of the citizen is connected right now. */
  readonly present: boolean;
}

export interface QueueCommands {
  /**
   * One open entry a person and service: a second join is answered with the first entry. `closed` outside opening hours,
   * `bad_state` with three open entries, `slow_down` after five joins in an hour.
   */
  'queue:join': (request: {
    entryId: QueueEntryId;
    serviceId: ServiceId;
    conversationId: ConversationId;
    language: Locale;
  }) => QueueEntryView;
  'queue:leave': (request: { entryId: QueueEntryId }) => QueueEntryView;
  /** The caller's entries that are waiting or in a call. */
  'queue:list-mine': (request: Record<string, never>) => { entries: readonly QueueEntryView[] };
  /** Officials: who waits for the services of their office, in the order of the line. */
  'queue:list': (request: Record<string, never>) => { entries: readonly WaitingEntry[]; available: boolean };
  /**
   * One official wins, the others get `conflict`; the winner may repeat it and gets the same call. `forbidden` unless he is
   * available, `bad_state` while one of the two is in another call or when the citizen has left.
   */
  'queue:accept': (request: { entryId: QueueEntryId }) => { callId: CallId; conversationId: ConversationId };
}
