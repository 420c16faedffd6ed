import type { AccountId, AppointmentId, CallId, ConversationId, OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import type { LostTurn, Need, PriorityReason, Readiness } from '../protocol/queue.ts';
import type { Behind } from './place.ts';
import type { Placed, QueueEntry, Ticket } from './queue.ts';

/** A row of queue_entries, as it is read. */
export type EntryRow = {
  entryId: QueueEntryId;
  arrival: string;
  serviceId: ServiceId;
  officeId: OfficeId;
  conversationId: ConversationId;
  citizenId: AccountId;
  language: Locale;
  ticketNumber: string;
  appointmentId: AppointmentId | null;
  appointmentAt: Date | null;
  state: QueueEntry['state'];
  walkedIn: boolean;
  behind: Behind | null;
  needs: Need[];
  priority: PriorityReason | null;
  readiness: Readiness | null;
  missedTurns: number;
  lostCalledAt: Date | null;
  lostOutcome: LostTurn['outcome'] | null;
  redirects: number;
  rings: Date[];
  joinedAt: Date;
  calledAt: Date | null;
  officialId: AccountId | null;
  callId: CallId | null;
  answerBy: Date | null;
  extended: boolean;
  acceptedAt: Date | null;
  endedAt: Date | null;
  present: boolean;
  lastPresentAt: Date;
  toldPlace: number | null;
  toldFromMinutes: number | null;
  toldToMinutes: number | null;
};

/** What is written once, when somebody joins. */
export function ticketColumns(ticket: Ticket) {
  const { entryId, officeId, conversationId, citizenId, language, ticketNumber, joinedAt } = ticket;
  return { entryId, officeId, conversationId, citizenId, language, ticketNumber, joinedAt: new Date(joinedAt) };
}

/** What a transition may change. Its citizen has been told nothing of that yet: the line's next round tells those who wait. */
export function stateColumns(entry: QueueEntry) {
  const turn = 'turn' in entry ? entry.turn : null;
  const { state, serviceId, walkedIn, behind, priority, readiness, missedTurns, redirects, appointment, lostTurn } = entry;
  return {
    state,
    serviceId,
    walkedIn,
    behind,
    priority,
    readiness,
    missedTurns,
    redirects,
    needs: [...entry.needs],
    rings: entry.rings.map((at) => new Date(at)),
    appointmentId: appointment?.appointmentId ?? null,
    appointmentAt: appointment ? new Date(appointment.startsAt) : null,
    lostCalledAt: lostTurn ? new Date(lostTurn.calledAt) : null,
    lostOutcome: lostTurn?.outcome ?? null,
    calledAt: turn ? new Date(turn.calledAt) : null,
    officialId: turn?.officialId ?? null,
    callId: turn?.callId ?? null,
    answerBy: entry.state === 'called' ? new Date(entry.turn.answerBy) : null,
    extended: entry.state === 'called' && entry.turn.extended,
    acceptedAt: turn && 'answeredAt' in turn ? new Date(turn.answeredAt) : null,
    endedAt: entry.state === 'ended' || entry.state === 'left' ? new Date(entry.endedAt) : null,
    toldPlace: null,
    toldFromMinutes: null,
    toldToMinutes: null,
  } satisfies Partial<EntryRow>;
}

/** The row of a new entry. Whoever joins is connected. */
export function newRow(entry: QueueEntry): Omit<EntryRow, 'arrival'> {
  return { ...ticketColumns(entry), ...stateColumns(entry), present: true, lastPresentAt: new Date(entry.joinedAt) };
}

export function toEntry(row: EntryRow): QueueEntry {
  const { entryId, state, calledAt, officialId, callId, acceptedAt } = row;
  const placed = placedOf(row);
  const endedAt = row.endedAt?.getTime() ?? 0;
  if (state === 'waiting' || state === 'parked') return { ...placed, state };
  if (state === 'left') return { ...placed, state, endedAt };
  // The table's checks say that every other state has its official and call.
  if (!calledAt || !officialId || !callId) throw new TypeError(`queue entry ${entryId} is ${state} without a call`);
  const turn = { calledAt: calledAt.getTime(), officialId, callId };
  if (state === 'called') return { ...placed, state, turn: { ...turn, answerBy: row.answerBy?.getTime() ?? 0, extended: row.extended } };
  const answered = { ...turn, answeredAt: acceptedAt?.getTime() ?? 0 };
  return state === 'accepted' ? { ...placed, state, turn: answered } : { ...placed, state, turn: answered, endedAt };
}

function placedOf(row: EntryRow): Placed {
  const { entryId, serviceId, officeId, conversationId, citizenId, language, ticketNumber, needs, walkedIn, behind } = row;
  const { appointmentId, appointmentAt, lostCalledAt, lostOutcome, priority, readiness, missedTurns, redirects } = row;
  return {
    entryId,
    serviceId,
    officeId,
    conversationId,
    citizenId,
    language,
    ticketNumber,
    needs,
    walkedIn,
    behind,
    priority,
    readiness,
    missedTurns,
    redirects,
    joinedAt: row.joinedAt.getTime(),
    appointment: appointmentId && appointmentAt ? { appointmentId, startsAt: appointmentAt.getTime() } : null,
    lostTurn: lostCalledAt && lostOutcome ? { calledAt: lostCalledAt.getTime(), outcome: lostOutcome } : null,
    rings: row.rings.map((at) => at.getTime()),
  };
}
