import type { CallEndReason, ConversationEvent } from '../protocol/conversations.ts';
import type { AccountId, CallId, ConversationId, QueueEntryId } from '../protocol/ids.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { connect, durationMs, end, requireParticipant, start, viewOf, type Call } from './call.ts';
import { mediaIdSchema } from './schemas.ts';
import type { SfuClient } from './sfu-client.ts';
import type { CallStore } from './store.ts';

/** The call that an accepted queue entry begins. */
export interface CallStart {
  readonly callId: CallId;
  readonly entryId: QueueEntryId;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly official: Call['official'];
  readonly at: number;
}

export interface CallsDependencies {
  readonly database: Database;
  readonly store: CallStore;
  readonly sfu: SfuClient;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Ends the queue entry the call began with. */
  readonly endEntry: (transaction: Transaction, entryId: QueueEntryId, at: number) => Promise<Announcement>;
  readonly notify: Notify;
  readonly now: () => number;
  readonly log: Log;
}

const callIdSchema = mediaIdSchema<'call'>();
/** A call that nobody is in for this long has ended. */
const desertedMs = 10 * 60_000;
/** How long after the sfu came back people have to join again before their call can count as deserted. */
const returnMs = 60_000;

/** Calls from accept to hang-up. The sfu carries the media and may be away: the call goes on, and its people join again. */
export class Calls {
  readonly #dependencies: CallsDependencies;
  #sfuSince: number;

  constructor(dependencies: CallsDependencies) {
    this.#dependencies = dependencies;
    this.#sfuSince = dependencies.now();
  }

  /** As a part of accepting a queue entry. Throws `bad_state` when one of the two is in another call. */
  async start(within: Transaction, { at, ...rest }: CallStart): Promise<Announcement> {
    const { store, recordEvent } = this.#dependencies;
    const call = start({ ...rest, startedAt: at });
    await store.add(within, call);
    const announceEvent = await recordEvent(within, call.conversationId, {
      type: 'call-started',
      callId: call.callId,
      official: call.official.displayName,
    });
    return () => {
      announceEvent();
      this.tell(call);
      // Opened ahead of those who join; when the sfu is away they open it when it is back.
      this.#ask('room:open', call.callId);
    };
  }

  /** Ends the call for both, for whichever of them asks first. Throws `forbidden`, `not_found`. */
  async hangUp(callId: CallId, accountId: AccountId): Promise<Call> {
    return await this.#end(callId, 'hung-up', (call) => requireParticipant(call, accountId));
  }

  /** Nobody is in it any more. */
  async endDeserted(callId: CallId): Promise<void> {
    await this.#end(callId, 'network', (call) => call);
  }

  /** The media of one of the two came through. */
  async connect(callId: CallId, accountId: AccountId): Promise<void> {
    const { database, store, now } = this.#dependencies;
    const { before, after } = await transaction(
      database,
      async (within) => await store.change(within, callId, (call) => connect(call, accountId, now())),
    );
    await store.markSeen([callId], now());
    if (before.state !== after.state) this.tell(after);
  }

  /** After every connection to the sfu: it says which rooms it has. The people of all others join again. */
  async reconcile(roomIds: readonly string[]): Promise<void> {
    const { store, notify, now } = this.#dependencies;
    this.#sfuSince = now();
    const rooms = new Set(roomIds);
    for (const call of await store.listRunning()) {
      // A call that began since has a room, or its people will open it.
      if (rooms.has(call.callId) || call.startedAt >= this.#sfuSince) continue;
      for (const accountId of peopleOf(call)) notify({ account: accountId }, 'call:room-lost', { callId: call.callId });
    }
  }

  /**
   * To be called every minute: ends calls that nobody was in for ten minutes, and closes the rooms of calls that have ended.
   * While the sfu does not answer, nobody knows.
   */
  async sweep(): Promise<void> {
    const { store, sfu, now } = this.#dependencies;
    if (!sfu.connected) return;
    const { rooms } = await sfu.request('room:list', {});
    const used = rooms.filter(({ peers }) => peers.length > 0).map(({ roomId }) => callIdSchema.parse(roomId));
    await store.markSeen(used, now());
    // Whoever ended the call may have died before he said so, or somebody opened it again in that moment: media would go on.
    const running = new Set<string>((await store.listRunning()).map(({ callId }) => callId));
    for (const { roomId } of rooms) if (!running.has(roomId)) await sfu.request('room:close', { roomId });
    if (now() - this.#sfuSince < returnMs) return;
    for (const callId of await store.listDeserted(now() - desertedMs)) await this.endDeserted(callId);
  }

  tell(call: Call): void {
    for (const accountId of peopleOf(call)) this.#dependencies.notify({ account: accountId }, 'call:changed', { call: viewOf(call) });
  }

  async #end(callId: CallId, reason: CallEndReason, check: (call: Call) => Call): Promise<Call> {
    const { database, store, recordEvent, endEntry, now } = this.#dependencies;
    const at = now();
    const { call, announce } = await transaction(database, async (within) => {
      const { before, after } = await store.change(within, callId, (current) => end(check(current), { reason, at }));
      if (before.state === 'ended') return { call: after, announce: () => undefined };
      const announceEntry = await endEntry(within, after.entryId, at);
      const announceEvent = await recordEvent(within, after.conversationId, {
        type: 'call-ended',
        callId,
        durationMs: durationMs(after),
        reason,
      });
      const announceAll = (): void => {
        this.tell(after);
        announceEntry();
        announceEvent();
        // Should this not arrive, the sfu closes the room when nobody has been in it for long.
        this.#ask('room:close', callId);
      };
      return { call: after, announce: announceAll };
    });
    announce();
    return call;
  }

  #ask(method: 'room:open' | 'room:close', callId: CallId): void {
    const { sfu, log } = this.#dependencies;
    sfu.request(method, { roomId: callId }).catch((error: unknown) => log.warn({ err: error, call: callId }, `${method} was not answered`));
  }
}

export function peopleOf(call: Call): readonly AccountId[] {
  return [call.citizenId, call.official.accountId];
}
