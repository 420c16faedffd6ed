import type { PeerId } from '../protocol/calls.ts';
import type { CallEndReason, ConversationEvent } from '../protocol/conversations.ts';
import type { AccountId, CallId, ConversationId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import type { SessionCaller } from '../platform/caller.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import {
  answer,
  connect,
  durationMs,
  end,
  hold,
  participantsOf,
  requireRole,
  requireRunning,
  roleIn,
  start,
  viewOf,
  type Call,
  type RunningState,
} from './call.ts';
import type { CompanionStore } from './companion-store.ts';
import type { Members } from './members.ts';
import type { PeerStore } from './peer-store.ts';
import type { Rooms } from './rooms.ts';
import type { CallStore } from './store.ts';

/** The call that begins to ring when somebody's turn has come. */
export interface CallStart {
  readonly callId: CallId;
  readonly entryId: QueueEntryId;
  readonly conversationId: ConversationId;
  readonly serviceId: ServiceId;
  readonly citizenId: AccountId;
  readonly official: Call['official'];
  readonly at: number;
}

/** What becomes of a queue entry with its call; each as a part of the call's transaction, under the call's lock. */
export interface EntryOfCall {
  /** The citizen has answered. Throws `closed` when the entry is not called with this call any more. */
  readonly answer: (within: Transaction, entryId: QueueEntryId, callId: CallId, at: number) => Promise<Announcement>;
  readonly end: (
    within: Transaction,
    entryId: QueueEntryId,
    ending: { readonly callId: CallId; readonly by: 'citizen' | 'official' | 'system'; readonly at: number },
  ) => Promise<Announcement>;
  /** Its citizen hears how it stands. */
  readonly tell: (entryId: QueueEntryId) => Promise<void>;
  /** Another official serves it from now on. */
  readonly transfer: (
    within: Transaction,
    entryId: QueueEntryId,
    to: { readonly callId: CallId; readonly officialId: AccountId },
  ) => Promise<Announcement>;
}

export interface CallsDependencies {
  readonly database: Database;
  readonly store: CallStore;
  readonly peers: PeerStore;
  readonly companions: CompanionStore;
  readonly members: Members;
  readonly rooms: Rooms;
  readonly entry: EntryOfCall;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Accounts of guests are of no use any more. */
  readonly endGuests: (transaction: Transaction, accountIds: readonly AccountId[]) => Promise<Announcement>;
  readonly notify: Notify;
  readonly now: () => number;
}

const nothing: Announcement = () => undefined;

/** Calls from the first ring to the end. The sfu carries the media and may be away: the call goes on, and its people join again. */
export class Calls {
  readonly #dependencies: CallsDependencies;

  constructor(dependencies: CallsDependencies) {
    this.#dependencies = dependencies;
  }

  /** As a part of calling somebody from the line: it rings. Throws `bad_state` when one of the two is in another call. */
  async start(within: Transaction, { at, ...rest }: CallStart): Promise<Announcement> {
    const { store, companions } = this.#dependencies;
    const call = start({ ...rest, startedAt: at });
    if (await companions.isElsewhere(within, call.official.accountId))
      throw new AppError('bad_state', 'the official is in the call of a colleague');
    await store.add(within, call);
    return () => {
      this.tell(call);
      void this.#dependencies.rooms.prepare(call.callId);
    };
  }

  /** It rings once more: the citizen has more time, or is called again. */
  async ringAgain(callId: CallId): Promise<void> {
    const call = await this.#dependencies.store.find(callId);
    if (call && call.state !== 'ended') this.tell(call);
  }

  /** Lets a page in: the citizen's first answers the call. Before the sfu does. Throws `not_found`, `forbidden`, `closed`, `conflict`. */
  async enter(callId: CallId, { accountId, deviceId, sessionId }: SessionCaller, peerId: PeerId): Promise<RunningState> {
    const { database, store, members, now } = this.#dependencies;
    const at = now();
    const { call, announcements } = await transaction(database, async (within) => {
      const { before, after } = await store.change(within, callId, at, (current) => {
        const running = requireRunning(current, accountId);
        return accountId === current.citizenId ? answer(running, at) : running;
      });
      const told: Announcement[] = [];
      if (before.answeredAt === null && after.answeredAt !== null) told.push(...(await this.#answered(within, after, at)));
      told.push(await this.#arrived(within, after, accountId, at));
      told.push(await members.enter(within, after, { callId, peerId, accountId, deviceId, sessionId }));
      return { call: after, announcements: told };
    });
    for (const announce of announcements) announce();
    return call;
  }

  /** Ends the call for everybody, for whichever of the two asks first. Throws `forbidden`, `not_found`. */
  async hangUp(callId: CallId, accountId: AccountId): Promise<Call> {
    return await this.#finish(callId, 'hung-up', (call) => {
      requireRole(call, accountId, ['citizen', 'official']);
      return accountId === call.citizenId ? 'citizen' : 'official';
    });
  }

  /** The official only. Throws `forbidden`, `closed`. */
  async hold(callId: CallId, accountId: AccountId, held: boolean): Promise<Call> {
    const { database, store, now } = this.#dependencies;
    const { before, after } = await transaction(
      database,
      async (within) => await store.change(within, callId, now(), (call) => hold(requireRunning(call, accountId, ['official']), held)),
    );
    if (before.held !== after.held) this.tell(after);
    return after;
  }

  /** Nobody is in it any more. */
  async endDeserted(callId: CallId): Promise<void> {
    await this.#finish(callId, 'network', () => 'system');
  }

  /**
   * As a part of what becomes of its queue entry: the citizen did not answer, or the official has vanished. Null when there is nothing
   * to end: it has ended, or was answered after all.
   */
  async endWith(
    within: Transaction,
    callId: CallId,
    { reason, at }: { readonly reason: 'missed' | 'official-lost'; readonly at: number },
  ): Promise<Announcement | null> {
    const current = await this.#dependencies.store.lock(within, callId);
    if (current.state === 'ended' || (reason === 'missed' && current.answeredAt !== null)) return null;
    return (await this.#end(within, callId, reason, at)).announce;
  }

  /** The media of somebody came through. */
  async connect(callId: CallId, accountId: AccountId): Promise<void> {
    const { database, store, now } = this.#dependencies;
    const at = now();
    const { before, after } = await transaction(
      database,
      async (within) => await store.change(within, callId, at, (call) => connect(call, accountId, at)),
    );
    await store.markSeen([callId], at);
    if (before.state !== after.state) this.tell(after);
  }

  /** Everybody who belongs to it hears how it stands; `also` those who no longer do. */
  tell(call: Call, also: readonly AccountId[] = []): void {
    for (const account of [...participantsOf(call).map(({ accountId }) => accountId), ...also])
      this.#dependencies.notify({ account }, 'call:changed', { call: viewOf(call) });
  }

  async #answered(within: Transaction, { callId, entryId, conversationId, official }: Call, at: number): Promise<readonly Announcement[]> {
    const { entry, recordEvent, store } = this.#dependencies;
    const announceEntry = await entry.answer(within, entryId, callId, at);
    const announceEvent = await recordEvent(within, conversationId, { type: 'call-started', callId, official: official.displayName });
    const call = await store.read(within, callId);
    return [() => this.tell(call), announceEntry, announceEvent];
  }

  /** Of others than the two the conversation keeps that they came, and as what. */
  async #arrived(within: Transaction, call: Call, accountId: AccountId, at: number): Promise<Announcement> {
    const { companions, recordEvent, store } = this.#dependencies;
    const companion = call.companions.find((one) => one.accountId === accountId);
    if (!companion || !(await companions.markJoined(within, call.callId, accountId, at))) return nothing;
    const { role, displayName } = companion;
    const announceEvent = await recordEvent(within, call.conversationId, {
      type: 'call-joined',
      callId: call.callId,
      role,
      name: displayName,
    });
    await store.touch(within, call.callId, at);
    const joined = await store.read(within, call.callId);
    return () => {
      announceEvent();
      this.tell(joined);
    };
  }

  async #finish(callId: CallId, reason: CallEndReason, by: (call: Call) => 'citizen' | 'official' | 'system'): Promise<Call> {
    const { database, store, entry, now } = this.#dependencies;
    const at = now();
    const { call, announcements } = await transaction(database, async (within) => {
      const current = await store.lock(within, callId);
      const who = by(current);
      if (current.state === 'ended') return { call: current, announcements: [] };
      const { after, announce } = await this.#end(within, callId, reason, at);
      return { call: after, announcements: [announce, await entry.end(within, after.entryId, { callId, by: who, at })] };
    });
    for (const announce of announcements) announce();
    return call;
  }

  /** Ends it, and with it the guests' time here. What nobody answered was no call to the conversation. */
  async #end(within: Transaction, callId: CallId, reason: CallEndReason, at: number): Promise<{ after: Call; announce: Announcement }> {
    const { store, peers, rooms, recordEvent, endGuests } = this.#dependencies;
    const { after } = await store.change(within, callId, at, (current) => end(current, { reason, at }));
    await peers.clear(within, callId);
    const guests = after.companions.filter(({ role }) => role !== 'colleague').map(({ accountId }) => accountId);
    const announceGuests = guests.length > 0 ? await endGuests(within, guests) : nothing;
    const announceEvent =
      after.answeredAt === null
        ? nothing
        : await recordEvent(within, after.conversationId, { type: 'call-ended', callId, durationMs: durationMs(after), reason });
    const announce = (): void => {
      this.tell(after);
      announceEvent();
      announceGuests();
      rooms.close(after);
    };
    return { after, announce };
  }
}

/** Whether somebody came by a link. */
export function isGuest(call: Call, accountId: AccountId): boolean {
  const role = roleIn(call, accountId);
  return role === 'relative' || role === 'interpreter' || role === 'captioner';
}
