import type { AccountId, AppointmentId, CallId, ConversationId, QueueEntryId, ServiceId } from './ids.ts';
import type { Locale } from './locale.ts';
import type { WaitRange } from './offices.ts';

/** What somebody needs to be served, stated once and carried along from the line to the call. */
export const needs = ['interpreter', 'sign-language', 'text-only'] as const;
export type Need = (typeof needs)[number];

/**
 * Why somebody is served before those who came earlier. Deliberately coarse, since the server reads it: `need` (waiting is hard for
 * this person), `deadline` (it is too late tomorrow), `mistake` (the office's own), `emergency`.
 */
export const priorityReasons = ['need', 'deadline', 'mistake', 'emergency'] as const;
export type PriorityReason = (typeof priorityReasons)[number];

/** What the device check found: everything works; no camera; neither camera nor microphone. */
export const readinesses = ['ready', 'sound-only', 'text-only'] as const;
export type Readiness = (typeof readinesses)[number];

/**
 * waiting → called → accepted → ended; called → waiting (a missed turn: place 2) or, the third time, parked; parked → waiting;
 * called and accepted → waiting at the old place when the official vanishes; waiting, called and parked → left.
 */
export type QueueEntryState = 'waiting' | 'called' | 'parked' | 'accepted' | 'ended' | 'left';

/** A call to a ticket that brought nothing: not answered, let by, or the official vanished. It says why the ticket stands where it stands. */
export interface LostTurn {
  readonly calledAt: number;
  readonly outcome: 'missed' | 'passed' | 'official-lost';
}

/** A citizen's own queue entry. */
export interface QueueEntryView {
  readonly entryId: QueueEntryId;
  /** What is displayed: "A17". */
  readonly ticketNumber: string;
  readonly serviceId: ServiceId;
  readonly conversationId: ConversationId;
  readonly appointmentId: AppointmentId | null;
  readonly state: QueueEntryState;
  /** From 1, in the line of the office. Null once it no longer waits. */
  readonly place: number | null;
  /** Null when an estimate would be a guess. */
  readonly wait: WaitRange | null;
  /** Of the call that rings, runs or has ended; else null. */
  readonly callId: CallId | null;
  /** While called: until when the citizen can answer. */
  readonly answerBy: number | null;
  /** While called: whether there is no more time to be had. */
  readonly extended: boolean;
  readonly missedTurns: number;
  /** The latest one. */
  readonly lostTurn: LostTurn | null;
  readonly needs: readonly Need[];
  readonly priority: PriorityReason | null;
  readonly readiness: Readiness | null;
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
  readonly state: 'waiting' | 'called' | 'parked';
  /** Who calls: null unless called. */
  readonly calledBy: AccountId | null;
  readonly answerBy: number | null;
  readonly missedTurns: number;
  readonly needs: readonly Need[];
  readonly priority: PriorityReason | null;
  /** Who gave the reason, and when. */
  readonly prioritised: { readonly by: string; readonly at: number } | null;
  readonly readiness: Readiness | null;
  readonly joinedAt: number;
  /** Start of the appointment this entry was checked in for. */
  readonly appointmentAt: number | null;
  /** Null while called or parked. */
  readonly place: number | null;
  /** Whether a device of the citizen is connected right now. */
  readonly present: boolean;
  /** Whether the caller serves this service and language. */
  readonly servable: boolean;
}

/** Whom an official takes from the line. Empty lists: all services of the office, all languages. */
export interface Availability {
  readonly state: 'available' | 'break' | 'off';
  readonly services: readonly ServiceId[];
  readonly languages: readonly Locale[];
}

export interface QueueCommands {
  /**
   * One open entry a person and office: a second join is answered with the first entry. `closed` outside opening hours and after
   * the last admission, `bad_state` with three open entries, `slow_down` after five joins in an hour.
   */
  'queue:join': (request: {
    entryId: QueueEntryId;
    serviceId: ServiceId;
    conversationId: ConversationId;
    language: Locale;
    needs: readonly Need[];
  }) => QueueEntryView;
  'queue:leave': (request: { entryId: QueueEntryId }) => QueueEntryView;
  /** The caller's entries that are waiting, called, parked or in a call. */
  'queue:list-mine': (request: Record<string, never>) => { entries: readonly QueueEntryView[] };
  /** While called: `limits.answerMs` more, once. `bad_state` otherwise. */
  'queue:extend': (request: { entryId: QueueEntryId }) => QueueEntryView;
  /** While called: lets the next one go first. Counts as a missed turn: back to place 2, or parked. */
  'queue:pass': (request: { entryId: QueueEntryId }) => QueueEntryView;
  /** parked → waiting, at place 2. Twice is answered alike. */
  'queue:return': (request: { entryId: QueueEntryId }) => QueueEntryView;
  /** Waiting, called or parked: for whoever states it only in the line. */
  'queue:set-needs': (request: { entryId: QueueEntryId; needs: readonly Need[] }) => QueueEntryView;
  'queue:set-readiness': (request: { entryId: QueueEntryId; readiness: Readiness }) => QueueEntryView;
  /** Officials: who waits, is called or parked in their office, in the order of the line; the parked last. */
  'queue:list': (request: Record<string, never>) => {
    /** By the server's clock, which `answerBy` is measured by. */
    at: number;
    entries: readonly WaitingEntry[];
    /** Whom the caller calls or is in a call with: what he had stated for it. Null: nobody. */
    serving: { readonly conversationId: ConversationId; readonly language: Locale; readonly needs: readonly Need[] } | null;
    availability: Availability;
  };
  /**
   * waiting → called: the call begins to ring at the citizen's. One official wins, the others get `conflict`; the winner may repeat it
   * and gets the same call. `forbidden` unless he is available, `bad_state` while one of the two is in another call or when the
   * citizen has left or is parked. Answered by the citizen's `call:join`.
   */
  'queue:accept': (request: { entryId: QueueEntryId }) => { callId: CallId; conversationId: ConversationId };
  /** Whom the caller has called: rings once more, with `limits.answerMs` from now. `slow_down` after three rings in ten minutes. */
  'queue:call-again': (request: { entryId: QueueEntryId }) => { answerBy: number };
  /** Whom the caller has called and who does not come: a missed turn, before the time is over. */
  'queue:mark-missed': (request: { entryId: QueueEntryId }) => Record<string, never>;
  /** waiting → parked: does not count until the citizen comes back by himself. */
  'queue:park': (request: { entryId: QueueEntryId }) => Record<string, never>;
  /** Serves somebody first, or no longer; who did so, when and why is kept. */
  'queue:prioritise': (request: { entryId: QueueEntryId; reason: PriorityReason | null }) => Record<string, never>;
  /** To another service of the same office, keeping the place; five times at most (`bad_state`). */
  'queue:redirect': (request: { entryId: QueueEntryId; serviceId: ServiceId }) => Record<string, never>;
  'availability:set': (request: Availability) => Availability;
}
