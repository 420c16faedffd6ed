import type { SessionView } from '../../server/protocol/accounts.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { createPasskeys, type Passkeys } from '../account/passkeys.ts';
import { type PendingInvitation, readInvitation, registerCitizen } from '../account/registration.ts';
import { Session, type SessionState } from '../account/session.ts';
import { signInWithPasskey } from '../account/sign-in.ts';
import { type Messenger, openMessenger } from '../conversations/messenger.ts';
import { createHttp, type Http } from '../net/http.ts';
import { type Lock, webLock } from '../net/lock.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { type Observable, Subject } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import { type ConnectionState, createConnection } from '../net/socket.ts';
import { createAccountKeys } from '../storage/account-keys.ts';
import type { Alarm } from '../storage/alarm.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { createEntryCache } from '../storage/entry-cache.ts';
import { createOutboxStore } from '../storage/outbox-store.ts';
import { createTexts } from '../storage/texts.ts';
import { openVault } from '../storage/vault.ts';
import { openAccount } from './account.ts';

export type CoreSession = SessionState<Messenger>;

/** What all pages work with. Made once, handed down. */
export interface Core {
  readonly session: Observable<CoreSession>;
  readonly connection: Observable<ConnectionState>;
  readonly alarms: Observable<readonly Alarm[]>;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly http: Http;
  loadOffices(): Promise<readonly OfficeView[]>;
  registerCitizen(): Promise<SessionView>;
  readInvitation(fragment: string): Promise<PendingInvitation>;
  signIn(): Promise<'signed-in' | 'no-keys'>;
  signOut(): Promise<void>;
  close(): void;
}

export interface CoreOptions {
  readonly origin: string;
  readonly database: Database;
  readonly passkeys: Passkeys;
  readonly lock: Lock;
  readonly fetch: typeof globalThis.fetch;
  /** Where no browser adds the cookie to the socket's handshake. */
  readonly headers?: () => Record<string, string>;
  readonly now?: () => number;
}

/** The core of this browser's page. */
export async function createBrowserCore(): Promise<Core> {
  return await createCore({
    origin: location.origin,
    database: await openDatabase(),
    passkeys: createPasskeys(),
    lock: webLock,
    fetch: (...request) => fetch(...request),
  });
}

/** Puts the parts together; the one place that sees all features. Who is signed in is asked for in the background. */
export async function createCore({ origin, database, passkeys, lock, fetch, headers, now = Date.now }: CoreOptions): Promise<Core> {
  await cryptoReady;
  const alarms = new Subject<readonly Alarm[]>([]);
  const raise = (alarm: Alarm) => {
    const isKnown = alarms.value.some((known) => JSON.stringify(known) === JSON.stringify(alarm));
    if (!isKnown) alarms.set([...alarms.value, alarm]);
  };
  const vault = await openVault(database);
  const accountKeys = createAccountKeys({ database, vault });
  const http = createHttp({ origin, fetch });
  const connection = createConnection({ url: origin, onUnauthenticated: () => session.end('expired'), ...(headers ? { headers } : {}) });
  const { request, on } = connection;

  const open = async (view: SessionView): Promise<Messenger | null> => {
    const account = await openAccount({ session: view, http, request, database, accountKeys, raise });
    if (!account) return null;
    const { accountId } = view;
    const messenger = await openMessenger({
      request,
      on,
      connection: connection.state,
      reader: account.reader,
      cache: createEntryCache({ database, accountId }),
      outboxStore: createOutboxStore({ database, vault, accountId }),
      ...createTexts({ database, vault, accountId }),
      lock,
      now,
      onInboxChanged: async (inboxId) => void (await account.inboxChains.load(inboxId, { fresh: true })),
    });
    const close = () => {
      messenger.close();
      account.keyring.close();
    };
    return { ...messenger, close };
  };
  const session = new Session({ http, open, line: connection });
  on('session:ended', ({ reason }) => session.end(reason));
  void session.resume();

  const begin = async (view: SessionView): Promise<SessionView> => {
    await session.begin(view);
    return view;
  };
  const registration = { http, passkeys, accountKeys, now };
  return {
    session: session.state,
    connection: connection.state,
    alarms,
    request,
    on,
    http,
    loadOffices: async () => await http('GET /api/offices'),
    registerCitizen: async () => await begin(await registerCitizen(registration)),
    readInvitation: async (fragment) => {
      const invitation = await readInvitation(registration, fragment);
      return { ...invitation, accept: async () => await begin(await invitation.accept()) };
    },
    signIn: async () => {
      await session.begin(await signInWithPasskey(registration));
      return session.state.value.state === 'signed-in' ? 'signed-in' : 'no-keys';
    },
    signOut: async () => {
      const present = session.state.value;
      await http('DELETE /api/session');
      session.end('signed-out');
      // Ciphertext, but it says with whom and when. Keys, drafts and unsent messages stay: they exist nowhere else.
      if ('session' in present) await createEntryCache({ database, accountId: present.session.accountId }).clearAll();
    },
    close: () => {
      session.end('none');
      database.close();
    },
  };
}
