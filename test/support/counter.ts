import { sql } from 'kysely';
import { pino } from 'pino';
import { vi } from 'vitest';
import { createAccounts } from '../../server/accounts/accounts.ts';
import { createGuests } from '../../server/accounts/guest-store.ts';
import { connectSfus, type SfuPool } from '../../server/calls/sfu-pool.ts';
import { Conversations } from '../../server/conversations/conversations.ts';
import { createCounter, type Counter } from '../../server/counter.ts';
import { InboxChains } from '../../server/offices/inbox-chains.ts';
import { createOffices } from '../../server/offices/offices.ts';
import { AppError } from '../../server/platform/app-error.ts';
import type { Caller } from '../../server/platform/caller.ts';
import type { Handler } from '../../server/platform/commands.ts';
import { openDatabase, type Database } from '../../server/platform/database.ts';
import type { Notify } from '../../server/platform/notify.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { Request, Response } from '../../server/protocol/commands.ts';
import type { ConversationEvent } from '../../server/protocol/conversations.ts';
import {
  newId,
  type AccountId,
  type CallId,
  type ConversationId,
  type OfficeId,
  type QueueEntryId,
  type ServiceId,
} from '../../server/protocol/ids.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { createTestDatabase } from './database.ts';
import { urlsOf, type MediaServers } from './server.ts';
import { addConversation, addOffices, chainId, inboxIds, passport, townHall } from './town.ts';

type Command = keyof Counter['handlers'];
type Event = keyof Notifications;
type Fact<Of extends Event> = Parameters<Notifications[Of]>[0];

export interface Told {
  readonly to: string;
  readonly event: string;
  readonly fact: unknown;
}

export interface Person {
  readonly accountId: AccountId;
  readonly caller: Caller;
  /** As through the door: role, schema, then the handler. */
  request<Name extends Command>(name: Name, request: Request<Name>): Promise<Response<Name>>;
  /** Facts of that kind that this person was told, oldest first. */
  told<Of extends Event>(event: Of): readonly Fact<Of>[];
}

export interface TestCounter {
  readonly database: Database;
  readonly counter: Counter;
  readonly clock: { at: number };
  readonly connected: Set<AccountId>;
  readonly keptAlive: Set<AccountId>;
  /** Whom a push would reach, and who was sent one. */
  readonly reachable: Set<AccountId>;
  readonly pushed: readonly AccountId[];
  /** What the citizens were told that was recorded in their conversations. */
  readonly events: readonly { readonly conversationId: ConversationId; readonly event: ConversationEvent }[];
  addCitizen(): Promise<Person>;
  addOfficial(officeId?: OfficeId, options?: { available?: boolean }): Promise<Person>;
  addSupervisor(officeId?: OfficeId): Promise<Person>;
  openConversation(citizen: Person, serviceId?: ServiceId): Promise<ConversationId>;
  /** Joins with a conversation of his own. */
  join(citizen: Person, serviceId?: ServiceId): Promise<Response<'queue:join'>>;
  /** The official calls the ticket: it rings at its citizen's. */
  call(official: Person, entryId: QueueEntryId): Promise<Response<'queue:accept'>>;
  /** Somebody joins a call; the citizen's first time answers it. Needs an sfu. */
  answer(person: Person, callId: CallId): Promise<Response<'call:join'>>;
  /** The last socket of somebody goes, or the first one comes. */
  disconnect(person: Person): void;
  connect(person: Person): void;
  /** Time passes as it does: with sweeps, on the first node and these. */
  pass(ms: number, options?: { readonly stepMs?: number; readonly nodes?: readonly Counter[] }): Promise<void>;
  /** Another node on the same database. Nobody is connected to it. */
  addNode(): Counter;
  /** Resolves with the next fact of that kind that somebody is told and that fits. */
  next<Of extends Event>(event: Of, fits?: (fact: Fact<Of>) => boolean): Promise<Fact<Of>>;
  /** Resolves when it is connected to all its media servers. */
  ready(): Promise<void>;
  /** What a new process finds: everything in memory is new. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export const minuteMs = 60_000;
/** A Monday, 10:00 in Luxembourg. */
export const monday = Date.UTC(2026, 10, 23, 9);

export interface TestCounterOptions {
  /** Left out: an sfu that nobody runs. */
  readonly sfu?: MediaServers;
  readonly desks?: number;
}

/** Line, appointments, calls and figures on a database of their own, without sockets; the test owns the clock. */
export async function startTestCounter({
  sfu: sfuOptions = { url: 'ws://127.0.0.1:1', secret: 'x'.repeat(32) },
  desks = 1,
}: TestCounterOptions = {}): Promise<TestCounter> {
  const { url, drop } = await createTestDatabase();
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const database = openDatabase({ url, log });
  await addOffices(database, desks);
  const offices = createOffices({ database, timeZone: 'Europe/Luxembourg' });
  const clock = { at: monday };
  const connected = new Set<AccountId>();
  const keptAlive = new Set<AccountId>();
  const reachable = new Set<AccountId>();
  const pushed: AccountId[] = [];
  const told: Told[] = [];
  const listeners = new Set<(fact: Told) => void>();
  const officials = new Map<OfficeId, { accountId: AccountId; displayName: string }[]>();

  const notify: Notify = (audience, event, fact) => {
    const entry = { to: Object.entries(audience).flat().join(':'), event, fact };
    told.push(entry);
    for (const listener of listeners) listener(entry);
  };
  const { loadChains } = createAccounts({ database });
  const inboxChains = new InboxChains({ loadUserChains: loadChains });
  const conversations = new Conversations({
    database,
    notify,
    now: () => clock.at,
    findService: offices.findService,
    dayOf: offices.dayOf,
    chains: { loadUserChains: loadChains, loadInboxChain: async (within, inboxId) => await inboxChains.load(within, inboxId) },
    holdInbox: async () => undefined,
    holdAccounts: async () => undefined,
    officeOf: offices.officeOf,
    onAnnounced: () => undefined,
  });

  const build = (connectedHere = connected): { counter: Counter; pool: SfuPool } => {
    const pool = connectSfus({ urls: urlsOf(sfuOptions), secret: sfuOptions.secret, log });
    const counter = createCounter({
      database,
      pool,
      offices,
      log,
      notify,
      officialsOf: async (officeId) => officials.get(officeId) ?? [],
      findConversation: async (conversationId) => await conversations.find(conversationId),
      recordEvent: async (within, conversationId, event) => await conversations.recordEvent(within, conversationId, event),
      connected: { isConnected: (accountId) => connectedHere.has(accountId), accounts: () => [...connectedHere] },
      guests: createGuests(() => undefined),
      isShared: false,
      endedOf: async () => [],
      push: (accountId) => void pushed.push(accountId),
      isReachable: async (accountIds) => new Set(accountIds.filter((accountId) => reachable.has(accountId))),
      keepAlive: async (accountIds) => accountIds.forEach((accountId) => keptAlive.add(accountId)),
      now: () => clock.at,
    });
    return { counter, pool };
  };
  let parts = build();
  const nodes: ReturnType<typeof build>[] = [];

  const addPerson = async (role: Role, officeId: OfficeId | null): Promise<Person> => {
    const accountId = chainId<'account'>();
    const displayName = role === 'citizen' ? null : `${role} ${accountId.slice(0, 6)}`;
    await sql`insert into accounts (account_id, role, display_name, office_id) values (${accountId}, ${role}, ${displayName}, ${officeId})`.execute(
      database,
    );
    const inboxId = (officeId && inboxIds.get(officeId)) ?? null;
    const inboxRoles = new Map(inboxId && role === 'official' ? [[inboxId, 'member' as const]] : []);
    const caller: Caller = {
      sessionId: newId<'session'>(),
      accountId,
      role,
      displayName,
      officeId,
      deviceId: null,
      confirmedUntil: clock.at,
      expiresAt: clock.at + 1e9,
      inboxId,
      inboxRoles,
    };
    connected.add(accountId);
    if (officeId && displayName && role === 'official')
      officials.set(officeId, [...(officials.get(officeId) ?? []), { accountId, displayName }]);
    return {
      accountId,
      caller,
      async request(name, request) {
        const handler: Handler<typeof name> = parts.counter.handlers[name];
        if (!handler.allow.includes(role)) throw new AppError('forbidden', `${role} may not send ${name}`);
        const parsed = handler.schema.safeParse(request);
        if (!parsed.success) throw new AppError('bad_request', parsed.error.message);
        return await handler.run(parsed.data, caller);
      },
      told: (event) =>
        told.filter((each) => each.event === event && each.to === `account:${accountId}`).map(({ fact }) => fact as Fact<typeof event>),
    };
  };

  const test: TestCounter = {
    database,
    get counter() {
      return parts.counter;
    },
    clock,
    connected,
    keptAlive,
    reachable,
    pushed,
    get events() {
      const advances = told.filter(({ to, event }) => event === 'conversation:advanced' && to.startsWith('account:'));
      return advances.flatMap(({ fact }) => eventsOf(fact as Fact<'conversation:advanced'>));
    },
    addCitizen: async () => await addPerson('citizen', null),
    async addOfficial(officeId = townHall, { available = true } = {}) {
      const official = await addPerson('official', officeId);
      if (available) await official.request('availability:set', { state: 'available', services: [], languages: [] });
      return official;
    },
    addSupervisor: async (officeId = townHall) => await addPerson('supervisor', officeId),
    async openConversation({ accountId }, serviceId = passport) {
      const conversationId = newId<'conversation'>();
      const officeId = (await offices.findService(serviceId))?.officeId ?? townHall;
      await addConversation(database, { conversationId, serviceId, officeId, citizenId: accountId, at: clock.at });
      return conversationId;
    },
    async join(citizen, serviceId = passport) {
      return await citizen.request('queue:join', {
        entryId: newId<'queue entry'>(),
        serviceId,
        conversationId: await test.openConversation(citizen, serviceId),
        language: 'fr',
        needs: [],
      });
    },
    call: async (official, entryId) => await official.request('queue:accept', { entryId }),
    answer: async (person, callId) => await person.request('call:join', { callId, peerId: newId<'peer'>() }),
    disconnect({ accountId }) {
      connected.delete(accountId);
      parts.counter.notePresence(accountId, false);
    },
    connect({ accountId }) {
      connected.add(accountId);
      parts.counter.notePresence(accountId, true);
    },
    async pass(ms, { stepMs = 10_000, nodes: others = [] } = {}) {
      for (const end = clock.at + ms; clock.at < end;) {
        clock.at = Math.min(end, clock.at + stepMs);
        for (const node of [parts.counter, ...others]) await node.sweep();
      }
    },
    addNode() {
      const node = build(new Set());
      nodes.push(node);
      return node.counter;
    },
    next: async (event, fits = () => true) =>
      await new Promise((resolve) => {
        const listener = (entry: Told): void => {
          const fact = entry.fact as Fact<typeof event>;
          if (entry.event !== event || !fits(fact)) return;
          listeners.delete(listener);
          resolve(fact);
        };
        listeners.add(listener);
      }),
    async ready() {
      await vi.waitFor(() => {
        if (!parts.pool.urls.every((mediaServer) => parts.pool.isConnected(mediaServer))) throw new Error('not connected yet');
      }, 10_000);
    },
    async restart() {
      await parts.counter.close();
      parts.pool.close();
      parts = build();
    },
    async close() {
      for (const { counter, pool } of [parts, ...nodes]) {
        await counter.close();
        pool.close();
      }
      await database.destroy();
      await drop();
    },
  };
  return test;
}

function eventsOf({ conversationId, entries }: Fact<'conversation:advanced'>) {
  return entries.flatMap((entry) =>
    entry.kind === 'event'
      ? [{ conversationId, event: JSON.parse(Buffer.from(fromBase64Url(entry.event)).toString()) as ConversationEvent }]
      : [],
  );
}
