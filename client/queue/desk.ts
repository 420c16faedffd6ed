import type { AppointmentView } from '../../server/protocol/appointments.ts';
import type { CallView } from '../../server/protocol/calls.ts';
import type { ErrorCode } from '../../server/protocol/errors.ts';
import type { AccountId, CallId, QueueEntryId, ServiceId } from '../../server/protocol/ids.ts';
import type { Availability, PriorityReason, QueueCommands, WaitingEntry } from '../../server/protocol/queue.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { askWhenBack, type Asking } from '../net/ask-when-back.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';

export interface DeskState {
  /** What the inbox's chain says of the account: unknown before the first answer; `outside` is somebody whom it does not list. */
  readonly membership: 'unknown' | 'outside' | 'member';
  readonly availability: Availability;
  /** Called ones first, then in the order of the line, the parked last. */
  readonly entries: readonly WaitingEntry[];
  /** Of the office, today's and later, by start. */
  readonly appointments: readonly AppointmentView[];
  /** The call that the official leads or has joined, on whichever of his pages; not one he is only asked into. */
  readonly call: CallView | null;
  /** Whom he calls or is in that call with, as stated in the line. */
  readonly serving: Serving | null;
  /** How far the server's clock is ahead of this device's, in ms. */
  readonly clockAheadMs: number;
  /** The entry that is being accepted. */
  readonly accepting: QueueEntryId | null;
  /** Why the last wish was not met. */
  readonly failure: ErrorCode | null;
}

type Serving = NonNullable<Awaited<ReturnType<QueueCommands['queue:list']>>['serving']>;

export interface DeskOptions {
  /** The official's own. */
  readonly accountId: AccountId;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<Pick<ConnectionState, 'status'>>;
  /** Somebody has joined the line since the last look. */
  readonly onArrival: (entry: WaitingEntry) => void;
  /** Whom the official has called and who did not come: waits again, or is parked. */
  readonly onMissed: (entry: WaitingEntry) => void;
  /** The chain lists the account from now on, or does so no longer. */
  readonly onMembership: (membership: 'outside' | 'member') => void;
}

const off: Availability = { state: 'off', services: [], languages: [] };

/** Presence of citizens fades without any notification, and who is removed from the team is told nothing any more. */
const refreshMs = 20_000;

/** The working place of an official: his availability, who waits, today's appointments, the call he is in. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #state = new Subject<DeskState>({
    membership: 'unknown',
    availability: off,
    entries: [],
    appointments: [],
    call: null,
    serving: null,
    clockAheadMs: 0,
    accepting: null,
    failure: null,
  });
  readonly #stops: readonly (() => void)[];
  readonly #asking: Asking;
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    const { on, connection } = options;
    this.#asking = askWhenBack(
      { connection },
      async () => await this.#look(),
      ({ code }) => {
        if (code === 'forbidden') this.#leaveTeam();
      },
    );
    const refresh = (): void => void this.#asking.ask();
    const timer = setInterval(refresh, refreshMs);
    this.#stops = [
      on('queue:changed', refresh),
      on('appointment:changed', refresh),
      on('inbox:changed', refresh),
      on('call:changed', refresh),
      this.#asking.stop,
      () => clearInterval(timer),
    ];
  }

  get state(): Observable<DeskState> {
    return this.#state;
  }

  /** Whom the official takes from the line. False when that could not be said; the reason is in the state. */
  async setAvailability(availability: Availability): Promise<boolean> {
    const isSet = await this.#try(async () => {
      this.#put({ availability: await this.#options.request('availability:set', availability) });
    });
    void this.#asking.ask();
    return isSet;
  }

  /** The call with whoever has this entry; null when somebody was quicker or it was refused, with the reason in the state. */
  async accept(entryId: QueueEntryId): Promise<CallId | null> {
    if (this.#state.value.accepting !== null) return null;
    let accepted: CallId | null = null;
    this.#put({ accepting: entryId });
    await this.#try(async () => {
      accepted = (await this.#options.request('queue:accept', { entryId })).callId;
    });
    this.#put({ accepting: null });
    void this.#asking.ask();
    return accepted;
  }

  /** Whom he has called: the citizen's page rings once more. These are false when refused; the reason is in the state. */
  async callAgain(entryId: QueueEntryId): Promise<boolean> {
    return await this.#act(async () => void (await this.#options.request('queue:call-again', { entryId })));
  }

  /** Whom he has called does not come. */
  async markMissed(entryId: QueueEntryId): Promise<boolean> {
    return await this.#act(async () => void (await this.#options.request('queue:mark-missed', { entryId })));
  }

  async park(entryId: QueueEntryId): Promise<boolean> {
    return await this.#act(async () => void (await this.#options.request('queue:park', { entryId })));
  }

  /** Null: no longer first. */
  async prioritise(entryId: QueueEntryId, reason: PriorityReason | null): Promise<boolean> {
    return await this.#act(async () => void (await this.#options.request('queue:prioritise', { entryId, reason })));
  }

  async redirect(entryId: QueueEntryId, serviceId: ServiceId): Promise<boolean> {
    return await this.#act(async () => void (await this.#options.request('queue:redirect', { entryId, serviceId })));
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  async #act(work: () => Promise<void>): Promise<boolean> {
    const isDone = await this.#try(work);
    void this.#asking.ask();
    return isDone;
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    this.#put({ failure: null });
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#put({ failure: error.code });
      return false;
    }
  }

  async #look(): Promise<void> {
    const { request, accountId } = this.#options;
    const [{ at, entries, serving, availability }, { appointments }, { calls }] = await Promise.all([
      request('queue:list', {}),
      request('appointment:list', {}),
      request('call:list-mine', {}),
    ]);
    const call = calls.find(({ asked }) => !asked.includes(accountId)) ?? null;
    if (!this.#closed) this.#adopt({ entries, serving, availability, appointments, call, clockAheadMs: at - Date.now() });
  }

  #adopt(seen: Pick<DeskState, 'entries' | 'serving' | 'availability' | 'appointments' | 'call' | 'clockAheadMs'>): void {
    const before = this.#state.value;
    const known = new Set(before.entries.map(({ entryId }) => entryId));
    const rang = ringing(before)?.entryId;
    const missed = seen.entries.find(({ entryId, state, missedTurns }) => entryId === rang && state !== 'called' && missedTurns > 0);
    if (missed) this.#options.onMissed(missed);
    this.#put({ ...seen, membership: 'member' });
    if (before.membership !== 'member') this.#options.onMembership('member');
    else for (const entry of seen.entries) if (!known.has(entry.entryId)) this.#options.onArrival(entry);
  }

  #leaveTeam(): void {
    const before = this.#state.value.membership;
    this.#put({ membership: 'outside', availability: off, entries: [], appointments: [], call: null, serving: null });
    if (before !== 'outside') this.#options.onMembership('outside');
  }

  #put(change: Partial<DeskState>): void {
    if (!this.#closed) this.#state.set({ ...this.#state.value, ...change });
  }
}

/** Whom "Take next" takes: the first in the line whom the official serves and who is there. */
export function nextPresent(entries: readonly WaitingEntry[]): WaitingEntry | null {
  return entries.find(({ state, servable, present }) => state === 'waiting' && servable && present) ?? null;
}

/** Whom the official is calling, until it is answered. */
export function ringing({ entries, call }: Pick<DeskState, 'entries' | 'call'>): WaitingEntry | null {
  if (call === null || call.answeredAt !== null) return null;
  return entries.find(({ state, conversationId }) => state === 'called' && conversationId === call.conversationId) ?? null;
}

/** Whether somebody can be called now: the official takes people, and is with nobody. */
export function mayCall({ availability, accepting, call }: DeskState): boolean {
  return availability.state === 'available' && accepting === null && call === null;
}
