import type { FastifyInstance } from 'fastify';
import { createAccounts } from './accounts/accounts.ts';
import { createGuests } from './accounts/guest-store.ts';
import { readToken } from './accounts/cookies.ts';
import { createSessions } from './accounts/sessions.ts';
import { Attachments } from './attachments/attachments.ts';
import type { Blobs } from './attachments/blobs.ts';
import { attachmentRoutes } from './attachments/routes.ts';
import type { SfuPool } from './calls/sfu-pool.ts';
import { inboxCases } from './conversations/case-store.ts';
import { CatchUp } from './conversations/catch-up.ts';
import { Conversations } from './conversations/conversations.ts';
import { conversationHandlers } from './conversations/handlers.ts';
import { Receipts } from './conversations/receipts.ts';
import { MessageSending } from './conversations/sending.ts';
import { createCounter } from './counter.ts';
import { cutHandlers } from './offices/cut-handlers.ts';
import { InboxChains } from './offices/inbox-chains.ts';
import { Inboxes } from './offices/inboxes.ts';
import { createOffices } from './offices/offices.ts';
import { officeHandlers } from './offices/handlers.ts';
import { officeRoutes } from './offices/routes.ts';
import { createRights } from './offices/rights.ts';
import type { Deliver } from './notifications/delivery.ts';
import { pushHandlers } from './notifications/handlers.ts';
import { createNotifications } from './notifications/notifications.ts';
import type { Bus } from './platform/bus.ts';
import { mayAnswer, type Caller } from './platform/caller.ts';
import { serve, type Handlers } from './platform/commands.ts';
import { Connections } from './platform/connections.ts';
import type { Database } from './platform/database.ts';
import { every } from './platform/every.ts';
import { createHttp } from './platform/http.ts';
import type { Log } from './platform/log.ts';
import { createNotify } from './platform/notify.ts';
import { servePages } from './platform/pages.ts';
import type { RateLimit } from './platform/rate-limit.ts';
import { createSockets } from './platform/sockets.ts';
import { watchRoutes } from './platform/watch-routes.ts';
import { openWaysIn } from './ways-in.ts';
import { cryptoReady } from './protocol/sodium.ts';
import type { AccountId, InboxId } from './protocol/ids.ts';
import type { ResetContext } from './protocol/reset-statement.ts';

export interface AppDependencies {
  readonly database: Database;
  /** Where the sealed files of conversations are. */
  readonly blobs: Blobs;
  readonly bus: Bus;
  readonly rateLimit: RateLimit;
  /** The media servers. */
  readonly pool: SfuPool;
  /** What the browser's address bar shows. */
  readonly origin: string;
  /** Who runs the installation; shown by authenticators. */
  readonly operator: string;
  /** IANA name: opening hours are local times there. */
  readonly timeZone: string;
  readonly officialsNeedDeviceBoundKeys: boolean;
  /** Ceremonies one address may have open at a time. */
  readonly maxChallengesPerAddress: number;
  /** Hands notices to push services. */
  readonly deliverPush: Deliver;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The built client; null where only the API is served. */
  readonly clientDirectory: string | null;
}

export interface App {
  readonly http: FastifyInstance;
  close(): Promise<void>;
}

/** How often activity of sessions is written down, and what has expired is swept. */
const activityMs = 5_000;
const sweepMs = 60_000;

/** Everything but listening: the one place that sees all features. */
export async function createApp(dependencies: AppDependencies): Promise<App> {
  const { database, blobs, bus, rateLimit, pool, origin, operator, timeZone, log, now, clientDirectory } = dependencies;
  await cryptoReady;
  const http = await createHttp({ origin, log });

  const sessions = createSessions(database);
  const resetContext = async (within: Database): Promise<ResetContext> => ({
    ...(await inboxChains.loadRegistrars(within)),
    now: now(),
    moment: 'now',
  });
  const accounts = createAccounts({ database, resetContext });
  const rights = createRights({ database });
  const withRights = async (caller: Omit<Caller, 'inboxId' | 'inboxRoles'>): Promise<Caller> => ({
    ...caller,
    ...(await rights.of(caller)),
  });

  const callerWith = async (cookies: Parameters<typeof readToken>[0]): Promise<Caller | null> => {
    const token = readToken(cookies);
    const caller = token === null ? null : await sessions.authenticate(token);
    return caller && (await withRights(caller));
  };

  /** Guests of calls have their call's commands and nothing else. */
  const memberWith: typeof callerWith = async (cookies) => {
    const caller = await callerWith(cookies);
    return caller?.role === 'guest' ? null : caller;
  };

  const io = createSockets({
    server: http.server,
    origin,
    log,
    authenticate: async (cookieHeader) => await callerWith(http.parseCookie(cookieHeader ?? '')),
    onConnection: (socket, caller) => {
      connections.add(socket, caller);
      serve(socket, { handlers, rateLimit, log, callerOf: (of) => connections.callerOf(of) });
    },
  });
  const notify = createNotify(io, bus);
  const connections = new Connections({
    io,
    bus,
    log,
    readSessions: async (sessionIds) => {
      const found = await sessions.read(sessionIds);
      const inboxRights = await rights.ofAll(Array.from(found.values(), ({ caller }) => caller));
      return new Map(
        Array.from(found, ([sessionId, { caller, isOver }]) => [
          sessionId,
          isOver ? { ended: 'expired' } : { caller: { ...caller, ...inboxRights(caller) } },
        ]),
      );
    },
  });

  // Features.
  const notifications = createNotifications({ database, deliver: dependencies.deliverPush, origin, log });
  const offices = createOffices({ database, timeZone });
  const inboxChains = new InboxChains({ loadUserChains: accounts.loadChains, loadUntilReset: accounts.loadUntilReset });
  const inboxes = new Inboxes({
    database,
    chains: inboxChains,
    mayBecome: async (accountId, inboxId) => {
      const person = await accounts.find(accountId);
      if (person?.role === 'owner') return true;
      // An inbox that is no office's has people of all of them: the registrars.
      return person?.role === 'official' && ((await rights.of(person)).inboxId === inboxId || !(await rights.isOfOffice(inboxId)));
    },
    async onAppended(inboxId, { seqno, changed }) {
      await Promise.all(changed.map(async (accountId) => await connections.refreshRights(accountId)));
      notify({ inbox: inboxId }, 'inbox:changed', { inboxId, head: seqno });
      for (const accountId of changed) notify({ account: accountId }, 'queue:changed', {});
    },
  });

  const chains = {
    // What a conversation's transaction verifies by, it never adds to.
    loadUserChains: async (within: Database, accountIds: readonly AccountId[]) =>
      await accounts.loadChains(within, accountIds, { isReadOnly: true }),
    loadInboxChain: async (within: Database, inboxId: InboxId) => await inboxChains.load(within, inboxId, { isReadOnly: true }),
  };
  const conversations = new Conversations({
    database,
    notify,
    now,
    chains,
    holdAccounts: accounts.hold,
    officeOf: offices.officeOf,
    holdInbox: async (trx, inboxId) => await inboxes.hold(trx, inboxId),
    findService: offices.findService,
    dayOf: offices.dayOf,
    onAnnounced: (conversationId, head) => catchUp.note(conversationId, head),
  });
  const catchUp = new CatchUp({ database, bus, now, announce: (advance) => conversations.announce(advance) });
  const catchingUp = every(1_000, 'catching up', async () => await catchUp.check(), log);
  const receipts = new Receipts({ database });
  const sending = new MessageSending({
    database,
    chains,
    receipts,
    holdAccounts: accounts.hold,
    now,
    announce(advance) {
      conversations.announce(advance);
      // Whoever is here sees it.
      if (!connections.isConnected(advance.citizenId)) notifications.tell(advance.citizenId, 'message');
    },
  });

  const attachments = new Attachments({
    database,
    blobs,
    now,
    requireReadable: async (conversationId, caller) => await conversations.requireReadable(conversationId, caller),
  });
  const attachmentSweeping = every(sweepMs, 'sweeping of uploads', async () => await attachments.sweep(), log);

  const counter = createCounter({
    database,
    pool,
    notify,
    offices,
    async officialsOf(officeId) {
      const officials = await accounts.findOfficials(officeId);
      const rightsOf = await rights.ofAll(officials);
      return officials.filter((official) => mayAnswer(rightsOf(official)));
    },
    findConversation: async (conversationId) => await conversations.find(conversationId),
    recordEvent: async (trx, conversationId, event) => await conversations.recordEvent(trx, conversationId, event),
    guests: createGuests((sessionId) => connections.endSession(sessionId, 'revoked')),
    isShared: bus.isShared,
    connected: connections,
    keepAlive: async (accountIds) => await sessions.keepAlive(accountIds),
    push: (accountId) => notifications.tell(accountId, 'turn'),
    isReachable: async (accountIds) => await notifications.reachable(accountIds),
    endedOf: async (sessionIds) => await sessions.endedOf(sessionIds),
    now,
    log,
  });
  connections.onChange((accountId, isConnected) => counter.notePresence(accountId, isConnected));

  const handlers: Handlers = {
    ...openWaysIn({
      http,
      database,
      accounts,
      sessions,
      rightsOf: rights.of,
      resetContext,
      inboxes,
      connections,
      notify,
      rateLimit,
      log,
      party: { origin, operator },
      officialsNeedDeviceBoundKeys: dependencies.officialsNeedDeviceBoundKeys,
      maxChallengesPerAddress: dependencies.maxChallengesPerAddress,
      findByReference: async (reference) => await conversations.findCitizen(reference),
      useInvite: counter.useInvite,
    }),
    ...officeHandlers({
      database,
      inboxes,
      chains: inboxChains,
      notify,
      now,
      addInvitation: accounts.addInvitation,
      findEnrolled: accounts.findEnrolled,
    }),
    ...cutHandlers({ database, inboxes, chains: inboxChains, cases: inboxCases, notify, now }),
    ...conversationHandlers({ database, conversations, sending, notify }),
    ...counter.handlers,
    ...pushHandlers(notifications.parts),
  };

  watchRoutes(http, { database, rateLimit, log });
  officeRoutes(http, {
    database,
    offices,
    chains: inboxChains,
    receiptKey: async () => await receipts.publicKey(),
    now,
    loads: async () => await counter.loads(),
  });
  await attachmentRoutes(http, { attachments, blobs, rateLimit, callerOf: async ({ cookies }) => await memberWith(cookies) });
  if (clientDirectory !== null) await servePages(http, clientDirectory);

  const writeActivity = async (): Promise<void> => {
    await sessions.touch(connections.takeActive());
    await sessions.sweep();
  };
  const activity = every(activityMs, 'activity of sessions', writeActivity, log);
  const sweeping = every(sweepMs, 'ways in that are over', accounts.sweep, log);

  return {
    http,
    async close() {
      // What is being stored is answered still; then nothing new comes in while the features end.
      connections.close();
      await sending.settled();
      await notifications.settled();
      io.disconnectSockets(true);
      io.engine.close();
      await activity.close();
      await sweeping.close();
      await catchingUp.close();
      await attachmentSweeping.close();
      await counter.close();
      await http.close();
    },
  };
}
