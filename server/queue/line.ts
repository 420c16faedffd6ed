import type { AccountId, OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { WaitRange } from '../protocol/offices.ts';
import type { QueueEntryView } from '../protocol/queue.ts';
import { transaction, type Database, type Transaction } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import type { AvailabilityStore, OfficialState } from './availability-store.ts';
import type { InLine, LineStore, Waiting } from './line-store.ts';
import { inOrder } from './place.ts';
import type { AcceptedState, CalledState, ParkedState, QueueEntry } from './queue.ts';

/** Somebody whose node says nothing of him for this long has gone with it. */
export const presenceMs = 60_000;
const glanceMs = 5_000;

/** A member of the team who has ever said whom he takes, or is with somebody. */
export interface OfficialInLine extends Omit<OfficialState, 'present'> {
  readonly isConnected: boolean;
  /** Whom he calls, or is with, and since when. */
  readonly busy: { readonly serviceId: ServiceId; readonly since: number } | null;
}

/** An office's line at one moment, without its waits. */
export interface LineParts {
  readonly at: number;
  readonly officeId: OfficeId;
  /** In the order of the line. */
  readonly waiting: readonly Waiting[];
  readonly called: readonly InLine<CalledState>[];
  readonly parked: readonly InLine<ParkedState>[];
  readonly accepted: readonly InLine<AcceptedState>[];
  readonly officials: readonly OfficialInLine[];
  /** Of the team: those who take people now or after the one they are with, those who pause, and those who are with somebody. */
  readonly available: ReadonlySet<AccountId>;
  readonly onBreak: ReadonlySet<AccountId>;
  readonly inCall: ReadonlySet<AccountId>;
}

export interface LineForecast {
  readonly ofEntries: ReadonlyMap<QueueEntryId, WaitRange | null>;
  /** Of somebody who joins now. */
  readonly ofServices: ReadonlyMap<ServiceId, WaitRange | null>;
}

export interface LineState extends LineParts {
  readonly waits: ReadonlyMap<QueueEntryId, { readonly place: number; readonly wait: WaitRange | null }>;
  readonly nextWaits: ReadonlyMap<ServiceId, WaitRange | null>;
}

export interface LineDependencies {
  readonly database: Database;
  readonly store: LineStore;
  readonly availability: AvailabilityStore;
  readonly officialsOf: (officeId: OfficeId) => Promise<readonly { readonly accountId: AccountId }[]>;
  /** How long everybody will wait. `within` a transaction, which has one connection. */
  readonly forecasts: {
    read(line: LineParts, within?: Transaction): Promise<LineForecast>;
    /** These waits are told in this transaction. */
    noteTold(line: LineParts, waits: LineState['waits'], within: Transaction): Promise<void>;
  };
  readonly notify: Notify;
  /** Called when an office's line or team changed. */
  readonly onChange: (officeId: OfficeId) => void;
  readonly now: () => number;
  readonly log: Log;
}

/** What everybody is shown of the lines, and telling them when it changed. */
export class Line {
  readonly #dependencies: LineDependencies;
  readonly #running = new Map<OfficeId, Promise<LineState>>();
  readonly #next = new Map<OfficeId, Promise<LineState>>();
  readonly #changed = new Set<OfficeId>();
  readonly #told = new Map<OfficeId, LineState>();

  constructor(dependencies: LineDependencies) {
    this.#dependencies = dependencies;
  }

  /** The line as it is now. */
  async read(officeId: OfficeId): Promise<LineState> {
    return await this.#read(officeId, await this.#dependencies.officialsOf(officeId));
  }

  /** The same without the waits, which are dear to foretell: for those who do not show them. */
  async list(officeId: OfficeId): Promise<LineParts> {
    return await this.#list(officeId, await this.#dependencies.officialsOf(officeId));
  }

  /** The line as it was told lately: for what many ask who are not in it. */
  async glance(officeId: OfficeId): Promise<LineState> {
    const told = this.#told.get(officeId);
    const isOld = !told || this.#changed.has(officeId) || this.#running.has(officeId) || this.#dependencies.now() - told.at > glanceMs;
    return isOld ? await this.read(officeId) : told;
  }

  /**
   * Tells the citizens whose place or wait is another than they were last told, and the officials that the line changed.
   * What happens during one such round is told in one next round, so that a hundred who join at once cost two.
   */
  async refresh(officeId: OfficeId): Promise<LineState> {
    this.#changed.add(officeId);
    return await this.retell(officeId);
  }

  /** The same when nothing is known to have changed: for what a node told too late, or did not live to tell. */
  async retell(officeId: OfficeId): Promise<LineState> {
    const running = this.#running.get(officeId);
    if (!running) return await this.#start(officeId);
    const waitingRound = this.#next.get(officeId);
    if (waitingRound) return await waitingRound;
    const next = running.then(
      () => this.#start(officeId),
      () => this.#start(officeId),
    );
    this.#next.set(officeId, next);
    return await next;
  }

  /** The same, for those who do not wait for it. A round that fails is made up for by the next sweep. */
  refreshSoon(officeId: OfficeId): void {
    this.refresh(officeId).catch((error: unknown) =>
      this.#dependencies.log.warn({ err: error, office: officeId }, 'the line could not be told'),
    );
  }

  /** Resolves when nothing is under way any more. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#running.values(), ...this.#next.values()]);
  }

  #start(officeId: OfficeId): Promise<LineState> {
    this.#next.delete(officeId);
    const round = this.#tell(officeId).finally(() => {
      if (this.#running.get(officeId) === round) this.#running.delete(officeId);
    });
    this.#running.set(officeId, round);
    return round;
  }

  async #read(officeId: OfficeId, team: readonly { readonly accountId: AccountId }[], within?: Transaction): Promise<LineState> {
    const parts = await this.#list(officeId, team, within);
    const { ofEntries, ofServices } = await this.#dependencies.forecasts.read(parts, within);
    const waits = parts.waiting.map(
      ({ entry }, ahead) => [entry.entryId, { place: ahead + 1, wait: ofEntries.get(entry.entryId) ?? null }] as const,
    );
    return { ...parts, waits: new Map(waits), nextWaits: ofServices };
  }

  /** `within` a transaction, which has one connection: so one query after the other. */
  async #list(officeId: OfficeId, team: readonly { readonly accountId: AccountId }[], within?: Transaction): Promise<LineParts> {
    const { store, availability, now } = this.#dependencies;
    const at = now();
    const { waiting, called, parked, accepted } = await store.listOpen(officeId, within);
    const members = new Set(team.map(({ accountId }) => accountId));
    const busy = new Map(
      [...called, ...accepted].map(
        ({ entry }) => [entry.turn.officialId, { serviceId: entry.serviceId, since: entry.turn.calledAt }] as const,
      ),
    );
    const officials = (await availability.listOf(officeId, within))
      .filter(({ accountId }) => members.has(accountId))
      .map(({ present, ...official }) => ({
        ...official,
        isConnected: present && official.lastPresentAt > at - presenceMs,
        busy: busy.get(official.accountId) ?? null,
      }));
    const withState = (state: OfficialState['state']) =>
      new Set(officials.flatMap((official) => (official.isConnected && official.state === state ? official.accountId : [])));
    return {
      at,
      officeId,
      waiting: inOrder(waiting, at),
      called,
      parked,
      accepted,
      officials,
      available: withState('available'),
      onBreak: withState('break'),
      inCall: new Set(busy.keys()),
    };
  }

  async #tell(officeId: OfficeId): Promise<LineState> {
    const { database, store, officialsOf, forecasts, notify, onChange } = this.#dependencies;
    const isChanged = this.#changed.delete(officeId);
    // Before the transaction: who holds a connection must not wait for a second one.
    const team = await officialsOf(officeId);
    const { line, news } = await transaction(database, async (within) => {
      await store.lockLine(within, officeId);
      const current = await this.#read(officeId, team, within);
      const told = current.waiting.map(({ entry }) => ({ entryId: entry.entryId, ...placeIn(current, entry.entryId) }));
      await forecasts.noteTold(current, current.waits, within);
      return { line: current, news: await store.markTold(within, told) };
    });
    this.#told.set(officeId, line);
    for (const { entry } of line.waiting) {
      if (news.has(entry.entryId)) notify({ account: entry.citizenId }, 'queue:moved', { entry: viewOf(entry, line) });
    }
    if (isChanged || news.size > 0) {
      notify({ officials: officeId }, 'queue:changed', {});
      onChange(officeId);
    }
    return line;
  }
}

function placeIn(line: LineState, entryId: QueueEntryId): { place: number; wait: WaitRange | null } {
  const found = line.waits.get(entryId);
  if (!found) throw new RangeError(`queue entry ${entryId} is not in this line`);
  return found;
}

/** An entry as its citizen sees it. */
export function viewOf(entry: QueueEntry, line: Pick<LineState, 'at' | 'waits'>): QueueEntryView {
  const { entryId, ticketNumber, serviceId, conversationId, state, joinedAt } = entry;
  const { missedTurns, lostTurn, needs, priority, readiness } = entry;
  const placed = state === 'waiting' ? line.waits.get(entryId) : undefined;
  return {
    entryId,
    ticketNumber,
    serviceId,
    conversationId,
    state,
    joinedAt,
    missedTurns,
    lostTurn,
    needs,
    priority,
    readiness,
    appointmentId: entry.appointment?.appointmentId ?? null,
    place: placed?.place ?? null,
    wait: placed?.wait ?? null,
    callId: 'turn' in entry ? entry.turn.callId : null,
    answerBy: entry.state === 'called' ? entry.turn.answerBy : null,
    extended: entry.state === 'called' && entry.turn.extended,
    updatedAt: line.at,
  };
}
