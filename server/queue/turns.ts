import type { ConversationEvent } from '../protocol/conversations.ts';
import {
  newId,
  type AccountId,
  type AppointmentId,
  type CallId,
  type ConversationId,
  type OfficeId,
  type QueueEntryId,
  type ServiceId,
} from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { found, Overtaken, transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { serves, type AvailabilityStore } from './availability-store.ts';
import type { LineStore } from './line-store.ts';
import { viewOf, type Line } from './line.ts';
import { behindFirst } from './place.ts';
import {
  answer,
  call,
  end,
  extend,
  miss,
  release,
  requireCalled,
  ringAgain,
  transfer,
  type AcceptedState,
  type CalledState,
  type EndedState,
  type QueueEntry,
} from './queue.ts';
import type { QueueStore } from './store.ts';

export interface Official {
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly officeId: OfficeId;
}

/** A call that begins to ring at the citizen's. */
export interface CallStart {
  readonly callId: CallId;
  readonly entryId: QueueEntryId;
  readonly serviceId: ServiceId;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly official: Official;
  readonly at: number;
}

export interface TurnsDependencies {
  readonly database: Database;
  readonly store: QueueStore;
  readonly lineStore: LineStore;
  readonly availability: AvailabilityStore;
  readonly line: Line;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Throws `bad_state` when one of the two is in another call. */
  readonly startCall: (transaction: Transaction, start: CallStart) => Promise<Announcement>;
  /** Null when it had ended, or, for `missed`, was answered. Calls are locked before their entries, everywhere. */
  readonly endCall: (
    transaction: Transaction,
    callId: CallId,
    end: { readonly reason: 'missed' | 'official-lost'; readonly at: number },
  ) => Promise<Announcement | null>;
  /** The citizen's page rings once more. */
  readonly ringAgain: (callId: CallId) => Promise<void>;
  /** For those whose page is closed. */
  readonly push: (accountId: AccountId) => void;
  /** The entry of a checked-in appointment was served. */
  readonly closeAppointment: (transaction: Transaction, appointmentId: AppointmentId, outcome: 'served') => Promise<Announcement>;
  readonly notify: Notify;
  readonly now: () => number;
}

const nothing: Announcement = () => undefined;

/** An official calls a ticket, and what becomes of that: each in one commit with the call. */
export class Turns {
  readonly #dependencies: TurnsDependencies;

  constructor(dependencies: TurnsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Of all officials who take an entry, one wins. Throws `conflict`, `bad_state`, `forbidden`. */
  async call(entryId: QueueEntryId, official: Official): Promise<CalledState | AcceptedState | EndedState> {
    const { database, store, availability, startCall, push, now } = this.#dependencies;
    const { entry, announce, isNew } = await transaction(database, async (within) => {
      const said = await availability.find(official, within);
      const by = { officialId: official.accountId, callId: newId<'call'>(), at: now() };
      const { before, after } = await store.change(within, entryId, (current) => {
        requireOffice(current, official);
        if (current.state === 'waiting' && said.state !== 'available') throw new AppError('forbidden', 'the official is not available');
        if (current.state === 'waiting' && !serves(said, current))
          throw new AppError('forbidden', 'a service or language the official does not serve');
        return call(current, by);
      });
      if (before.state !== 'waiting') return { entry: after, announce: nothing, isNew: false };
      const { conversationId, citizenId, serviceId } = after;
      const start = { callId: after.turn.callId, entryId, serviceId, conversationId, citizenId, official, at: by.at };
      return { entry: after, announce: await startCall(within, start), isNew: true };
    });
    announce();
    if (isNew) {
      this.#tell(entry);
      push(entry.citizenId);
    }
    return entry;
  }

  /** called → accepted, in the transaction in which the citizen joins the call. Throws `closed` when it is called with it no more. */
  async answer(within: Transaction, entryId: QueueEntryId, callId: CallId, at: number): Promise<Announcement> {
    const { before, after } = await this.#dependencies.store.change(within, entryId, (entry) => answer(entry, callId, at));
    return before.state === 'accepted' ? nothing : () => this.#tell(after);
  }

  /** In the transaction in which its call ends: answered ones are served; one that still rings is let by, or taken back. */
  async end(
    within: Transaction,
    entryId: QueueEntryId,
    { callId, by, at }: { readonly callId: CallId; readonly by: 'citizen' | 'official' | 'system'; readonly at: number },
  ): Promise<Announcement> {
    const { store, closeAppointment } = this.#dependencies;
    const current = found((await store.find(entryId, within)) ?? undefined, 'queue entry');
    // Whatever changes a turn has locked its call, which is locked here.
    if (current.state === 'called' && current.turn.callId === callId) {
      if (by === 'citizen') return (await this.#miss(within, current, 'passed')).announce;
      const { after } = await store.change(within, entryId, release);
      return () => this.#tell(after);
    }
    if (current.state !== 'accepted' || current.turn.callId !== callId) return nothing;
    const { after } = await store.change(within, entryId, (entry) => end(entry, at));
    const { appointment } = after;
    const announceAppointment = appointment ? await closeAppointment(within, appointment.appointmentId, 'served') : nothing;
    return () => {
      announceAppointment();
      this.#tell(after);
    };
  }

  /** Somebody else of the team leads the call from now on. */
  async transfer(
    within: Transaction,
    entryId: QueueEntryId,
    { callId, officialId }: { readonly callId: CallId; readonly officialId: AccountId },
  ): Promise<Announcement> {
    const { store, availability, now } = this.#dependencies;
    const { after } = await store.change(within, entryId, (entry) => {
      if (!('turn' in entry) || entry.turn.callId !== callId) throw new AppError('bad_state', 'another call');
      return transfer(entry, officialId);
    });
    await availability.addIfNew({ accountId: officialId, officeId: after.officeId }, now(), within);
    return () => this.#dependencies.line.refreshSoon(after.officeId);
  }

  /** Throws `not_found` for another's entry, `bad_state` when it is not called. */
  async extend(entryId: QueueEntryId, citizenId: AccountId): Promise<CalledState> {
    const { database, store, ringAgain: ring } = this.#dependencies;
    const { before, after } = await transaction(
      database,
      async (within) => await store.change(within, entryId, (entry) => extend(requireOwn(entry, citizenId))),
    );
    if (before !== after) {
      this.#tell(after);
      await ring(after.turn.callId);
    }
    return after;
  }

  /** Throws `forbidden`, `bad_state`, `slow_down`. */
  async ringAgain(entryId: QueueEntryId, official: Official): Promise<CalledState> {
    const { database, store, now, ringAgain: ring, push } = this.#dependencies;
    const { before, after } = await transaction(
      database,
      async (within) =>
        await store.change(within, entryId, (entry) => ringAgain(requireOffice(entry, official), official.accountId, now())),
    );
    if (before !== after) {
      this.#tell(after);
      push(after.citizenId);
      await ring(after.turn.callId);
    }
    return after;
  }

  /** The citizen lets the next one go first. Sent again, it changes nothing. Throws `not_found`, `bad_state`. */
  async pass(entryId: QueueEntryId, citizenId: AccountId): Promise<QueueEntry> {
    return await this.#endTurn(entryId, 'passed', (entry) => {
      requireOwn(entry, citizenId);
      return entry.state === 'called' || !wasMissed(entry);
    });
  }

  /** The official who calls waits no longer. Sent again, it changes nothing. Throws `forbidden`, `bad_state`. */
  async markMissed(entryId: QueueEntryId, official: Official): Promise<QueueEntry> {
    return await this.#endTurn(entryId, 'missed', (entry) => {
      requireOffice(entry, official);
      if (entry.state === 'called') requireCalled(entry, official.accountId);
      return entry.state === 'called' || !wasMissed(entry);
    });
  }

  /** Nobody answered in time, if that is still so. */
  async missOverdue(entryId: QueueEntryId): Promise<void> {
    const { now } = this.#dependencies;
    await this.#endTurn(entryId, 'missed', (entry) => entry.state === 'called' && entry.turn.answerBy <= now());
  }

  /** Its official has vanished: back to its old place, unless its call has ended by now. */
  async returnLost(entryId: QueueEntryId, callId: CallId): Promise<void> {
    const { database, store, endCall, now } = this.#dependencies;
    const announce = await transaction(database, async (within) => {
      const announceCall = await endCall(within, callId, { reason: 'official-lost', at: now() });
      if (!announceCall) return nothing;
      const { after } = await store.change(within, entryId, release);
      return () => {
        announceCall();
        this.#tell(after);
      };
    });
    announce();
  }

  /** Ends a call that rings and counts the turn as missed, once, on whichever node; unless `applies` finds that nothing is to be done. */
  async #endTurn(entryId: QueueEntryId, outcome: 'missed' | 'passed', applies: (entry: QueueEntry) => boolean): Promise<QueueEntry> {
    const { database, store, endCall, now } = this.#dependencies;
    const { entry, announce } = await transaction(database, async (within) => {
      const current = found((await store.find(entryId, within)) ?? undefined, 'queue entry');
      if (!applies(current)) return { entry: current, announce: nothing };
      const called = requireCalled(current);
      const announceCall = await endCall(within, called.turn.callId, { reason: 'missed', at: now() });
      // Answered or ended in this moment: then the entry says so too.
      if (!announceCall) throw new Overtaken('the call has ended or was answered');
      const { entry: after, announce: announceTurn } = await this.#miss(within, called, outcome);
      return { entry: after, announce: () => [announceCall, announceTurn].forEach((tell) => tell()) };
    });
    announce();
    return entry;
  }

  /** Whoever calls this has locked and ended the entry's call. */
  async #miss(
    within: Transaction,
    { entryId, officeId }: CalledState,
    outcome: 'missed' | 'passed',
  ): Promise<{ entry: QueueEntry; announce: Announcement }> {
    const { store, lineStore, recordEvent, now } = this.#dependencies;
    const { waiting } = await lineStore.listOpen(officeId, within);
    const { after } = await store.change(within, entryId, (entry, arrival) =>
      miss(entry, { outcome, behind: behindFirst({ ...entry, arrival }, waiting, now()) }),
    );
    const announceEvent = await recordEvent(within, after.conversationId, {
      type: 'turn-missed',
      entryId,
      ticketNumber: after.ticketNumber,
      parked: after.state === 'parked',
    });
    return {
      entry: after,
      announce: () => {
        announceEvent();
        this.#tell(after);
      },
    };
  }

  /** Those who wait hear of it in the line's next round, with their place. */
  #tell(entry: QueueEntry): void {
    const { notify, now, line } = this.#dependencies;
    if (entry.state !== 'waiting')
      notify({ account: entry.citizenId }, 'queue:moved', { entry: viewOf(entry, { at: now(), waits: new Map() }) });
    line.refreshSoon(entry.officeId);
  }
}

/** Throws `not_found` for another person's entry. */
export function requireOwn(entry: QueueEntry, citizenId: AccountId): QueueEntry {
  if (entry.citizenId !== citizenId) throw new AppError('not_found', 'the queue entry of another person');
  return entry;
}

/** Throws `forbidden` for an entry of another office. */
export function requireOffice(entry: QueueEntry, official: Official): QueueEntry {
  if (entry.officeId !== official.officeId) throw new AppError('forbidden', 'the line of another office');
  return entry;
}

function wasMissed({ state, missedTurns }: QueueEntry): boolean {
  return missedTurns > 0 && (state === 'waiting' || state === 'parked');
}
