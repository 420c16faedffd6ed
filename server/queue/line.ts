import type { AccountId, OfficeId, QueueEntryId } from '../protocol/ids.ts';
import type { WaitRange } from '../protocol/offices.ts';
import type { QueueEntryView } from '../protocol/queue.ts';
import { transaction, type Database, type Transaction } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { inOrder } from './place.ts';
import type { PresenceStore } from './presence-store.ts';
import type { QueueEntry } from './queue.ts';
import type { QueueStore, Waiting } from './store.ts';
import { predictWait, type LineRecord, type Staff } from './wait.ts';

/** An official whose node says nothing for this long has gone with it. */
export const presenceMs = 60_000;

/** An office's line at one moment. */
export interface LineState {
  readonly at: number;
  /** First come first. */
  readonly waiting: readonly Waiting[];
  readonly waits: ReadonlyMap<QueueEntryId, { readonly place: number; readonly wait: WaitRange | null }>;
  /** Of somebody who joins now. */
  readonly nextWait: WaitRange | null;
  /** Available, connected, members of the team. */
  readonly available: ReadonlySet<AccountId>;
  readonly inCall: ReadonlySet<AccountId>;
}

export interface LineDependencies {
  readonly database: Database;
  readonly store: QueueStore;
  readonly presence: PresenceStore;
  readonly officialsOf: (officeId: OfficeId) => Promise<readonly { readonly accountId: AccountId }[]>;
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

  constructor(dependencies: LineDependencies) {
    this.#dependencies = dependencies;
  }

  /** The line as it is now. */
  async read(officeId: OfficeId): Promise<LineState> {
    return await this.#read(officeId, await this.#dependencies.officialsOf(officeId));
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

  /** `within` a transaction, which has one connection: so one query after the other. */
  async #read(officeId: OfficeId, team: readonly { readonly accountId: AccountId }[], within?: Transaction): Promise<LineState> {
    const { store, presence, now } = this.#dependencies;
    const at = now();
    const waiting = inOrder(await store.listWaiting(officeId, within));
    const inCall = await store.listServing(officeId, within);
    const record = await store.readRecord(officeId, at, within);
    const connected = new Set(await presence.listAvailable(officeId, at - presenceMs, within));
    const available = new Set(team.map(({ accountId }) => accountId).filter((accountId) => connected.has(accountId)));
    return describe({ at, waiting, inCall, available, record });
  }

  async #tell(officeId: OfficeId): Promise<LineState> {
    const { database, store, officialsOf, notify, onChange } = this.#dependencies;
    const isChanged = this.#changed.delete(officeId);
    // Before the transaction: who holds a connection must not wait for a second one.
    const team = await officialsOf(officeId);
    const { line, news } = await transaction(database, async (within) => {
      await store.lockLine(within, officeId);
      const current = await this.#read(officeId, team, within);
      const told = current.waiting.map(({ entry }) => ({ entryId: entry.entryId, ...placeIn(current, entry.entryId) }));
      return { line: current, news: await store.markTold(within, told) };
    });
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

function describe(known: {
  at: number;
  waiting: readonly Waiting[];
  inCall: ReadonlySet<AccountId>;
  available: ReadonlySet<AccountId>;
  record: LineRecord;
}): LineState {
  const { at, waiting, inCall, available, record } = known;
  const free = [...available].filter((accountId) => !inCall.has(accountId)).length;
  // Whoever is with somebody serves, also when he has said that he takes nobody after that.
  const staff: Staff = { serving: free + inCall.size, free };
  const waits = waiting.map(({ entry }, ahead) => [entry.entryId, { place: ahead + 1, wait: predictWait(ahead, staff, record) }] as const);
  return { at, waiting, inCall, available, waits: new Map(waits), nextWait: predictWait(waiting.length, staff, record) };
}

function placeIn(line: LineState, entryId: QueueEntryId): { place: number; wait: WaitRange | null } {
  const found = line.waits.get(entryId);
  if (!found) throw new RangeError(`queue entry ${entryId} is not in this line`);
  return found;
}

/** An entry as its citizen sees it. */
export function viewOf(entry: QueueEntry, line: Pick<LineState, 'at' | 'waits'>): QueueEntryView {
  const { entryId, ticketNumber, serviceId, conversationId, state, joinedAt } = entry;
  const placed = state === 'waiting' ? line.waits.get(entryId) : undefined;
  return {
    entryId,
    ticketNumber,
    serviceId,
    conversationId,
    state,
    joinedAt,
    appointmentId: entry.appointment?.appointmentId ?? null,
    place: placed?.place ?? null,
    wait: placed?.wait ?? null,
    callId: entry.state === 'accepted' || entry.state === 'ended' ? entry.callId : null,
    updatedAt: line.at,
  };
}
