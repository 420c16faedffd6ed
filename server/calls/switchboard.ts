import type { Colleague } from '../protocol/calls.ts';
import type { ConversationEvent } from '../protocol/conversations.ts';
import { limits } from '../protocol/limits.ts';
import type { AccountId, CallId, ConversationId, OfficeId, SessionId } from '../protocol/ids.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import { every } from '../platform/every.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { participantsOf } from './call.ts';
import { CallCatchUp } from './catch-up.ts';
import { Calls, type CallStart, type EntryOfCall } from './calls.ts';
import { createCompanionStore, forgetGuests } from './companion-store.ts';
import { Companions } from './companions.ts';
import { createInviteStore } from './invite-store.ts';
import { Invites, type LinkUse } from './invites.ts';
import { LineChecks } from './line-checks.ts';
import { Members } from './members.ts';
import { createPeerStore, type PeerStore } from './peer-store.ts';
import { Ratings } from './ratings.ts';
import { checkPrefix, Rooms } from './rooms.ts';
import { mediaIdSchema } from './schemas.ts';
import { followSfus } from './sfu-events.ts';
import type { SfuPool } from './sfu-pool.ts';
import { createCallStore, type CallStore } from './store.ts';

export interface SwitchboardDependencies {
  readonly database: Database;
  readonly pool: SfuPool;
  readonly entry: EntryOfCall;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Officials who answer citizens of the office, and whether they could come now. */
  readonly listTeam: (officeId: OfficeId) => Promise<readonly Colleague[]>;
  /** The accounts of these guests are over, with their sessions. */
  readonly endGuests: (transaction: Transaction, accountIds: readonly AccountId[]) => Promise<Announcement>;
  /** Rows of guests whose calls ended long ago. */
  readonly removeGuests: (transaction: Transaction, accountIds: readonly AccountId[]) => Promise<void>;
  /** Those of these sessions that are over. */
  readonly endedOf: (sessionIds: readonly SessionId[]) => Promise<readonly SessionId[]>;
  /** Sessions of these do not run out by idleness. */
  readonly keepAlive: (accountIds: readonly AccountId[]) => Promise<void>;
  /** Whether there may be other nodes of the server, whose hints can be lost. */
  readonly isShared: boolean;
  readonly dayOf: (at: number) => string;
  readonly notify: Notify;
  readonly now: () => number;
  readonly log: Log;
}

export interface CallParts {
  readonly calls: Calls;
  readonly store: CallStore;
  readonly members: Members;
  readonly rooms: Rooms;
  readonly peers: PeerStore;
  readonly companions: Companions;
  readonly invites: Invites;
  readonly ratings: Ratings;
  readonly lineChecks: LineChecks;
  readonly notify: Notify;
  readonly now: () => number;
}

/** Calls as the others see them. */
export interface Switchboard {
  /** What the commands work with. */
  readonly parts: CallParts;
  readonly start: (within: Transaction, start: CallStart) => Promise<Announcement>;
  readonly end: Calls['endWith'];
  readonly ringAgain: (callId: CallId) => Promise<void>;
  /** Officials who lead a call and are in it right now. */
  readonly attending: () => Promise<ReadonlySet<AccountId>>;
  /** A guest's link, see invites.ts. */
  readonly useInvite: (
    within: Transaction,
    guest: LinkUse,
    addAccount: (displayName: string) => Promise<void>,
  ) => Promise<Announcement | null>;
  /** What otherwise comes with time. */
  readonly sweep: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const callIdSchema = mediaIdSchema<'call'>();
/** A call that nobody is in for this long has ended. */
const desertedMs = 10 * 60_000;
/** How long after an sfu came back people have to join again before their call can count as deserted. */
const returnMs = 60_000;

/** Puts the calls' parts together, and does what comes with time. */
export function createSwitchboard(dependencies: SwitchboardDependencies): Switchboard {
  const { database, pool, entry, notify, now, log, isShared, keepAlive, removeGuests } = dependencies;
  const store = createCallStore(database);
  const peers = createPeerStore(database);
  const companionStore = createCompanionStore();
  const inviteStore = createInviteStore(database);
  const members = new Members({ ...dependencies, store, peers });
  const rooms = new Rooms({
    pool,
    store,
    peers,
    tellLost(call) {
      for (const { accountId } of participantsOf(call)) notify({ account: accountId }, 'call:room-lost', { callId: call.callId });
    },
    log,
  });
  const calls = new Calls({ ...dependencies, store, peers, companions: companionStore, members, rooms });
  const companions = new Companions({ ...dependencies, store, peers, companions: companionStore, invites: inviteStore, calls, members });
  const invites = new Invites({ database, store, invites: inviteStore, companionStore, companions, calls, now });
  const ratings = new Ratings({ ...dependencies, store });
  const lineChecks = new LineChecks({ pool, log });
  const catchUp = new CallCatchUp({ store, members, calls, tellEntry: async (entryId) => await entry.tell(entryId), now });
  const unfollow = followSfus({ ...dependencies, calls, members, rooms, store, peers });
  let sfuSince = now();
  const unwelcome = pool.on('welcome', () => (sfuSince = now()));

  /** What the sfus have is what it should be: closes rooms of no call, throws out and strikes out. */
  const compare = async (): Promise<void> => {
    const running = new Map((await store.listRunning()).map((call) => [String(call.callId), call] as const));
    for (const url of pool.urls) {
      if (!pool.isConnected(url)) continue;
      const mark = await peers.takeMark();
      const { rooms: open } = await pool.request(url, 'room:list', {});
      const used = open.filter(({ peers: present }) => present.length > 0).map(({ roomId }) => roomId);
      await store.markSeen(
        used.filter((roomId) => running.has(roomId)).map((roomId) => callIdSchema.parse(roomId)),
        now(),
      );
      await members.sweep(
        [...running.values()].filter(({ node }) => node === url),
        open,
        mark,
      );
      // Whoever ended the call may have died before he said so, or it was moved away from a node that was only cut off: media would go on.
      for (const { roomId } of open)
        if (running.get(roomId)?.node !== url && !roomId.startsWith(checkPrefix)) await pool.request(url, 'room:close', { roomId });
    }
  };
  /** Ends calls that nobody was in for ten minutes. While no sfu answers, nobody knows. */
  const endDeserted = async (): Promise<void> => {
    if (pool.urls.every((url) => !pool.isConnected(url)) || now() - sfuSince < returnMs) return;
    for (const callId of await store.listDeserted(now() - desertedMs)) await calls.endDeserted(callId);
  };
  const tidy = async (): Promise<void> => {
    await keepAlive([...new Set((await peers.listAll()).map(({ accountId }) => accountId))]);
    await endDeserted();
    await transaction(database, async (within) => await removeGuests(within, await forgetGuests(within, now() - limits.ratingMs)));
  };
  const comparing = every(5_000, 'who is in calls', compare, log);
  const tidying = every(60_000, 'calls', tidy, log);
  const watches = [
    every(500, 'lost media servers', async () => await rooms.check(), log),
    every(1_000, 'catching up with calls', async () => (isShared ? await catchUp.check() : undefined), log),
    every(2_000, 'sessions of those in calls', async () => await members.checkSessions(), log),
  ];

  return {
    parts: { calls, store, members, rooms, peers, companions, invites, ratings, lineChecks, notify, now },
    start: async (within, start) => await calls.start(within, start),
    end: async (within, callId, ending) => await calls.endWith(within, callId, ending),
    ringAgain: async (callId) => await calls.ringAgain(callId),
    attending: async () => await peers.listAttending(),
    useInvite: async (within, guest, addAccount) => await invites.use(within, guest, addAccount),
    async sweep() {
      await comparing.run();
      await tidying.run();
    },
    async close() {
      unwelcome();
      await lineChecks.close();
      await Promise.all([comparing.close(), tidying.close(), ...watches.map((watch) => watch.close())]);
      await unfollow();
    },
  };
}
