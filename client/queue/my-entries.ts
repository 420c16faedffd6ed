import type { AppointmentId, ConversationId, QueueEntryId, ServiceId } from '../../server/protocol/ids.ts';
import { newId } from '../../server/protocol/ids.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import type { Need, QueueEntryView, Readiness } from '../../server/protocol/queue.ts';
import { askWhenBack, type Line } from '../net/ask-when-back.ts';
import { Subject, type Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import { ServerClock } from '../net/server-clock.ts';

export interface MyEntriesState {
  /** False before the server has answered once. */
  readonly loaded: boolean;
  /** Open entries, and those that ended while this page was looking. */
  readonly entries: readonly QueueEntryView[];
}

/**
 * The citizen's places in the lines: kept up to date by notifications, asked for again after every loss of the line. All commands throw
 * RequestErrors.
 */
export class MyEntries {
  /** What `answerBy` is measured by. */
  readonly clock = new ServerClock();
  readonly #request: RequestFunction;
  readonly #state = new Subject<MyEntriesState>({ loaded: false, entries: [] });
  readonly #stops: readonly (() => void)[];
  /** What was told, or answered to a command, since the list was last asked for: its answer may be older. */
  readonly #told = new Set<QueueEntryId>();

  constructor(line: Line) {
    this.#request = line.request;
    this.#stops = [line.on('queue:moved', ({ entry }) => this.#put(entry)), askWhenBack(line, async () => await this.#refresh()).stop];
  }

  get state(): Observable<MyEntriesState> {
    return this.#state;
  }

  /** Takes a number; whoever has one at this office already gets it again. */
  async join(place: {
    serviceId: ServiceId;
    conversationId: ConversationId;
    language: Locale;
    needs: readonly Need[];
  }): Promise<QueueEntryView> {
    const entry = await this.#request('queue:join', { entryId: newId<'queue entry'>(), ...place });
    this.#put(entry);
    return entry;
  }

  async leave(entryId: QueueEntryId): Promise<void> {
    this.#put(await this.#request('queue:leave', { entryId }));
  }

  /** While called: more time to answer, once. */
  async extend(entryId: QueueEntryId): Promise<QueueEntryView> {
    return this.#put(await this.#request('queue:extend', { entryId }));
  }

  /** While called: lets the next one go first. */
  async pass(entryId: QueueEntryId): Promise<void> {
    this.#put(await this.#request('queue:pass', { entryId }));
  }

  /** Parked, and here again. */
  async comeBack(entryId: QueueEntryId): Promise<void> {
    this.#put(await this.#request('queue:return', { entryId }));
  }

  async setNeeds(entryId: QueueEntryId, needs: readonly Need[]): Promise<void> {
    this.#put(await this.#request('queue:set-needs', { entryId, needs }));
  }

  async setReadiness(entryId: QueueEntryId, readiness: Readiness): Promise<void> {
    this.#put(await this.#request('queue:set-readiness', { entryId, readiness }));
  }

  /** An entry that came by another way: checking in for an appointment. */
  add(entry: QueueEntryView): void {
    this.#put(entry);
  }

  find(entryId: string): QueueEntryView | undefined {
    return this.#state.value.entries.find((entry) => entry.entryId === entryId);
  }

  /** The open entry for an appointment that was checked in. */
  forAppointment(appointmentId: AppointmentId): QueueEntryView | null {
    return this.#state.value.entries.find((entry) => entry.appointmentId === appointmentId && isOpen(entry)) ?? null;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #refresh(): Promise<void> {
    this.#told.clear();
    const { entries } = await this.#request('queue:list-mine', {});
    for (const { updatedAt } of entries) this.clock.heard(updatedAt);
    const known = this.#state.value.entries;
    const listed = entries.map((entry) => newer(entry, known));
    const listedIds = new Set(entries.map(({ entryId }) => entryId));
    // What is no longer in the list ended meanwhile, whichever notification was lost.
    const others = known.filter(({ entryId }) => !listedIds.has(entryId));
    const ended = others.map((entry) => (this.#told.has(entry.entryId) ? entry : endedOf(entry)));
    this.#state.set({ loaded: true, entries: [...listed, ...ended] });
  }

  #put(entry: QueueEntryView): QueueEntryView {
    this.clock.heard(entry.updatedAt);
    this.#told.add(entry.entryId);
    const { loaded, entries } = this.#state.value;
    const newest = newer(entry, entries);
    this.#state.set({ loaded, entries: [...entries.filter(({ entryId }) => entryId !== entry.entryId), newest] });
    return newest;
  }
}

/** Whether it still stands for something to come: in the line, called, set aside, or in the call. */
export function isOpen({ state }: QueueEntryView): boolean {
  return state !== 'ended' && state !== 'left';
}

/** The entry, or what is known of it already when that is younger. */
function newer(entry: QueueEntryView, known: readonly QueueEntryView[]): QueueEntryView {
  const same = known.find(({ entryId }) => entryId === entry.entryId);
  return same !== undefined && same.updatedAt > entry.updatedAt ? same : entry;
}

function endedOf(entry: QueueEntryView): QueueEntryView {
  return isOpen(entry) ? { ...entry, state: 'ended', place: null, wait: null } : entry;
}
