import type { ConversationEvent } from '../protocol/conversations.ts';
import type { AccountId, AppointmentId, ConversationId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { Need, PriorityReason, Readiness } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import {
  found,
  Overtaken,
  transaction,
  violatedConstraint,
  type Announcement,
  type Database,
  type Transaction,
} from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import type { LineStore } from './line-store.ts';
import { viewOf, type Line } from './line.ts';
import { behindFirst } from './place.ts';
import type { PresenceStore } from './presence-store.ts';
import { comeBack, leave, park, prioritise, redirect, stateNeeds, stateReadiness, type LeftState, type QueueEntry } from './queue.ts';
import type { QueueStore } from './store.ts';
import { requireOffice, requireOwn, type Official, type TurnsDependencies } from './turns.ts';

export interface EntriesDependencies {
  readonly database: Database;
  readonly store: QueueStore;
  readonly lineStore: LineStore;
  readonly presence: PresenceStore;
  readonly line: Line;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  readonly endCall: TurnsDependencies['endCall'];
  /** The entry of a checked-in appointment left the line. */
  readonly closeAppointment: (transaction: Transaction, appointmentId: AppointmentId, outcome: 'left') => Promise<Announcement>;
  readonly notify: Notify;
  readonly now: () => number;
}

const nothing: Announcement = () => undefined;

/** What citizens and officials do with tickets in the line, besides calling them. */
export class Entries {
  readonly #dependencies: EntriesDependencies;

  constructor(dependencies: EntriesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Throws `not_found` for another's entry, `bad_state` once it was answered. */
  async leave(entryId: QueueEntryId, citizenId: AccountId): Promise<LeftState> {
    const { database } = this.#dependencies;
    const { entry, announce } = await transaction(database, async (within) => await this.#leave(within, entryId, citizenId));
    announce();
    return entry;
  }

  /** Marks the entry left if no device of its citizen was connected since `before`. */
  async dropAbsent(entryId: QueueEntryId, before: number): Promise<void> {
    const { database, presence } = this.#dependencies;
    const dropped = await transaction(database, async (within) =>
      (await presence.lockAbsent(within, entryId, before)) ? await this.#leave(within, entryId, null) : null,
    );
    dropped?.announce();
  }

  /** parked → waiting at place 2. Throws `not_found`, `bad_state`. */
  async comeBack(entryId: QueueEntryId, citizenId: AccountId): Promise<QueueEntry> {
    const { lineStore, now } = this.#dependencies;
    return await this.#change(entryId, async (within, current) => {
      const { waiting } = await lineStore.listOpen(current.officeId, within);
      return (entry, arrival) => comeBack(requireOwn(entry, citizenId), behindFirst({ ...entry, arrival }, waiting, now()));
    });
  }

  async stateNeeds(entryId: QueueEntryId, citizenId: AccountId, needs: readonly Need[]): Promise<QueueEntry> {
    return await this.#change(entryId, () => (entry) => stateNeeds(requireOwn(entry, citizenId), needs));
  }

  async stateReadiness(entryId: QueueEntryId, citizenId: AccountId, readiness: Readiness): Promise<QueueEntry> {
    return await this.#change(entryId, () => (entry) => stateReadiness(requireOwn(entry, citizenId), readiness));
  }

  /** Throws `forbidden`, `bad_state`. */
  async park(entryId: QueueEntryId, official: Official): Promise<void> {
    await this.#change(entryId, () => (entry) => park(requireOffice(entry, official)));
  }

  /** Throws `forbidden`, `bad_state`. */
  async prioritise(entryId: QueueEntryId, official: Official, reason: PriorityReason | null): Promise<void> {
    const { database, store, now } = this.#dependencies;
    const { before, after } = await transaction(database, async (within) => {
      const changed = await store.change(within, entryId, (entry) => prioritise(requireOffice(entry, official), reason));
      if (changed.before !== changed.after)
        await store.addPriority(within, { entryId, officialId: official.accountId, reason, setAt: now() });
      return changed;
    });
    if (before !== after) this.#tell(after);
  }

  /** Throws `forbidden`, `bad_state`: also when the citizen has an open entry for that service. */
  async redirect(entryId: QueueEntryId, official: Official, serviceId: ServiceId): Promise<void> {
    try {
      await this.#change(entryId, () => (entry) => redirect(requireOffice(entry, official), serviceId));
    } catch (error) {
      if (violatedConstraint(error) === 'one_open_entry')
        throw new AppError('bad_state', 'has a ticket for that service', { cause: error });
      throw error;
    }
  }

  async #change(
    entryId: QueueEntryId,
    prepare: (
      within: Transaction,
      current: QueueEntry,
    ) => Promise<(entry: QueueEntry, arrival: number) => QueueEntry> | ((entry: QueueEntry, arrival: number) => QueueEntry),
  ): Promise<QueueEntry> {
    const { database, store } = this.#dependencies;
    const { before, after } = await transaction(database, async (within) => {
      const current = found((await store.find(entryId, within)) ?? undefined, 'queue entry');
      return await store.change(within, entryId, await prepare(within, current));
    });
    if (before !== after) this.#tell(after);
    return after;
  }

  async #leave(
    within: Transaction,
    entryId: QueueEntryId,
    citizenId: AccountId | null,
  ): Promise<{ entry: LeftState; announce: Announcement }> {
    const { store, recordEvent, endCall, closeAppointment, now } = this.#dependencies;
    const current = found((await store.find(entryId, within)) ?? undefined, 'queue entry');
    if (citizenId !== null) requireOwn(current, citizenId);
    const ringing = current.state === 'called' ? current.turn.callId : null;
    const announceCall = ringing === null ? nothing : await endCall(within, ringing, { reason: 'missed', at: now() });
    if (!announceCall) throw new Overtaken('the call has ended or was answered');
    const { before, after } = await store.change(within, entryId, (entry) => {
      if (entry.state === 'called' && entry.turn.callId !== ringing) throw new Overtaken('called in this moment');
      return leave(entry, now());
    });
    if (before.state === 'left') return { entry: after, announce: nothing };
    const { appointment, ticketNumber } = after;
    const announceAppointment = appointment ? await closeAppointment(within, appointment.appointmentId, 'left') : nothing;
    const announceEvent = await recordEvent(within, after.conversationId, { type: 'ticket-left', entryId, ticketNumber });
    const announce = (): void => {
      for (const tell of [announceCall, announceAppointment, announceEvent]) tell();
      this.#tell(after);
    };
    return { entry: after, announce };
  }

  /** Those who wait hear of it in the line's next round, with their place. */
  #tell(entry: QueueEntry): void {
    const { notify, now, line } = this.#dependencies;
    if (entry.state !== 'waiting')
      notify({ account: entry.citizenId }, 'queue:moved', { entry: viewOf(entry, { at: now(), waits: new Map() }) });
    line.refreshSoon(entry.officeId);
  }
}
