import type { SessionView } from '../../server/protocol/accounts.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { CryptoError, cryptoReady } from '../../server/protocol/sodium.ts';
import { enter } from '../account/entry.ts';
import { watchNobody, type WatchInput } from '../account/idle-lock.ts';
import { KeysHere } from '../account/keys-here.ts';
import type { Passkeys } from '../account/passkeys.ts';
import { type OnceMore, type PendingInvitation, readInvitation, registerCitizen } from '../account/registration.ts';
import { type Obstacle, type Opened, Session, type SessionState } from '../account/session.ts';
import { signInWithPasskey } from '../account/sign-in.ts';
import { createStaffLock } from '../account/staff-lock.ts';
import { noTabs, type Tabs } from '../account/tabs.ts';
import { WaysBack } from '../account/ways-back.ts';
import type { FileTasks } from '../attachments/file-tasks.ts';
import { createHttp, type Http } from '../net/http.ts';
import type { Lock } from '../net/lock.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { type Observable, Subject } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import { RequestError } from '../net/request-error.ts';
import { type Connection, type ConnectionState, createConnection } from '../net/socket.ts';
import { createAccountKeys } from '../storage/account-keys.ts';
import type { Alarm } from '../storage/alarm.ts';
import type { Database } from '../storage/database.ts';
import { createEntryCache } from '../storage/entry-cache.ts';
import { createNewStartStore } from '../storage/new-start-store.ts';
import { openVault } from '../storage/vault.ts';
import { type Account, createPeople, openAccount } from './account.ts';
import { type CoreMessenger, fileTasksHere, openCoreMessenger } from './core-messenger.ts';

export type { CoreMessenger };
export type CoreSession = SessionState<CoreMessenger>;

/** What all pages work with. Made once, handed down. */
export interface Core {
  readonly session: Observable<CoreSession>;
  readonly connection: Observable<ConnectionState>;
  /** The same, for who may ask to have it back sooner. */
  readonly line: Pick<Connection, 'state' | 'setUrgent'>;
  readonly alarms: Observable<readonly Alarm[]>;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly http: Http;
  /** Whether this is the person's own device; null as long as nothing of an account is here. */
  readonly ownDevice: Observable<OwnDevice | null>;
  /** Into an account whose keys are not here. */
  readonly ways: WaysBack;
  loadOffices(): Promise<readonly OfficeView[]>;
  registerCitizen(onceMore?: OnceMore): Promise<SessionView>;
  readInvitation(fragment: string): Promise<PendingInvitation>;
  signIn(): Promise<'signed-in' | 'no-keys'>;
  /** No: from now on everything of the account is in this page's memory alone, and ends with it. */
  answerOwnDevice(isOwn: boolean): Promise<void>;
  /** Keys leave memory, in all tabs, and the session ends; what is kept here stays sealed until the passkey is shown again. */
  lock(): Promise<void>;
  /** As long as the function says so, nobody has to touch anything for the account to stay open: in a call nobody types. */
  stayAwakeWhile(isBusy: () => boolean): void;
  signOut(): Promise<void>;
  close(): void;
}

/** `unknown`: the person was not asked yet. `passing`: somebody else's, so nothing stays. */
export type OwnDevice = 'unknown' | 'own' | 'passing';

export interface CoreOptions {
  readonly origin: string;
  readonly database: Database;
  readonly passkeys: Passkeys;
  readonly lock: Lock;
  readonly fetch: typeof globalThis.fetch;
  /** Who does the work on files; left out in programs, which do it themselves. */
  readonly createFileTasks?: (options: { readonly isPassing: boolean }) => FileTasks;
  /** Where no browser adds the cookie to the socket's handshake. */
  readonly headers?: () => Record<string, string>;
  readonly now?: () => number;
  /** What a person would call this browser. */
  readonly deviceLabel?: string;
  readonly tabs?: Tabs;
  readonly watchInput?: WatchInput;
}

/** Puts the parts together; the one place that sees all features. Who is signed in is asked for in the background. */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { origin, database, passkeys, lock: tabLock, fetch, headers, now = Date.now } = options;
  const {
    createFileTasks: fileTasks = () => fileTasksHere({ origin, fetch }),
    deviceLabel = '',
    tabs = noTabs,
    watchInput = watchNobody,
  } = options;
  await cryptoReady;
  const alarms = new Subject<readonly Alarm[]>([]);
  const raise = (alarm: Alarm) => {
    const isKnown = alarms.value.some((known) => JSON.stringify(known) === JSON.stringify(alarm));
    if (!isKnown) alarms.set([...alarms.value, alarm]);
  };
  const ownDevice = new Subject<OwnDevice | null>(null);
  const vault = await openVault(database);
  const accountKeys = createAccountKeys({ database, vault });
  const http = createHttp({ origin, fetch });
  const connection = createConnection({ url: origin, onUnauthenticated: () => session.end('expired'), ...(headers ? { headers } : {}) });
  const { request, on } = connection;
  const keysHere = new KeysHere({
    http,
    accountKeys,
    tabs,
    evaluatePrf: async (credentialId) => await passkeys.evaluatePrf(credentialId, undefined),
    enter: async (view, candidate) => {
      const people = createPeople({ http, request, database, raise, now });
      return await enter({ http, request, accountKeys, ...people, deviceLabel, now }, view, candidate);
    },
  });
  const open = async (view: SessionView): Promise<Opened<CoreMessenger> | Obstacle> => {
    const here = await keysHere.find(view);
    if (typeof here === 'string') return here;
    const { record, storage } = here;
    const account = await openAccount({
      session: here.session,
      device: here.device,
      http,
      request,
      database: storage.database,
      raise,
      now,
    });
    const { role } = here.session;
    if (record.protection === 'browser' && (await needsPasskeyKey(account))) {
      account.keyring.close();
      return 'weak-passkey';
    }
    const messenger = await openCoreMessenger({ here, account, connection, http, passkeys, fileTasks, lock: tabLock, raise, now });
    keysHere.offer(null);
    if (role !== 'citizen') staffLock.start();
    ownDevice.set(storage.isPassing ? 'passing' : record.isOwnDevice || record.protection === 'passkey' ? 'own' : 'unknown');
    const close = () => {
      staffLock.stop();
      // However it ends: without the passkey nobody opens it again.
      if (record.protection === 'passkey') accountKeys.lock();
      ownDevice.set(null);
      messenger.close();
      account.keyring.close();
    };
    return { session: here.session, messenger: { ...messenger, close } };
  };
  const session = new Session({ http, open, line: connection });
  const staffLock = createStaffLock({ http, accountKeys, keysHere, session, tabs, watchInput });
  // A sign-in over a session that is open ends that one; the page is not to say so.
  let isReplacing = false;
  on('session:ended', ({ reason }) => {
    if (!isReplacing) session.end(reason);
  });
  void session.resume();

  const begin = async (view: SessionView): Promise<SessionView> => {
    await session.begin(view);
    return view;
  };
  const registration = { http, passkeys, accountKeys, deviceLabel, now };
  return {
    session: session.state,
    connection: connection.state,
    line: connection,
    alarms,
    request,
    on,
    http,
    ownDevice,
    ways: new WaysBack({
      http,
      passkeys,
      accountKeys,
      keysHere,
      newStarts: createNewStartStore({ database, vault }),
      deviceLabel,
      now,
      present: () => ('session' in session.state.value ? session.state.value.session : null),
      begin: async (view) => {
        await session.begin(view);
        const opened = session.state.value;
        return opened.state === 'signed-in' ? opened.messenger : null;
      },
    }),
    loadOffices: async () => await http('GET /api/offices'),
    registerCitizen: async (onceMore) => await begin(await registerCitizen(registration, onceMore)),
    readInvitation: async (fragment) => {
      const invitation = await readInvitation(registration, fragment);
      return { ...invitation, accept: async (onceMore) => await begin(await invitation.accept(onceMore)) };
    },
    signIn: async () => {
      isReplacing = true;
      try {
        const signedIn = await signInWithPasskey({ http, passkeys });
        keysHere.offer(signedIn.candidate);
        await session.begin(signedIn.session);
      } finally {
        isReplacing = false;
      }
      if (session.state.value.state === 'signed-in') tabs.tell({ kind: 'unlocked' });
      return session.state.value.state === 'signed-in' ? 'signed-in' : 'no-keys';
    },
    answerOwnDevice: async (isOwn) => {
      const present = session.state.value;
      if (present.state !== 'signed-in') return;
      const { accountId } = present.session;
      if (isOwn) {
        await accountKeys.markOwnDevice(accountId);
        ownDevice.set('own');
        return;
      }
      tabs.tell({ kind: 'forgotten', accountId });
      present.messenger.close();
      await accountKeys.moveToMemory(accountId);
      await session.begin(present.session);
    },
    lock: async () => await staffLock.lock(),
    stayAwakeWhile: (isBusy) => staffLock.stayAwakeWhile(isBusy),
    signOut: async () => {
      const present = session.state.value;
      await http('DELETE /api/session');
      const left = 'session' in present ? await accountKeys.find(present.session.accountId) : null;
      const storage = left && accountKeys.storageOf(left);
      session.end('signed-out');
      keysHere.offer(null);
      accountKeys.lock();
      if (!left || !storage) return;
      // Ciphertext, but it says with whom and when. Keys, drafts and unsent messages stay: they exist nowhere else.
      if (storage.isPassing) await accountKeys.forget(left.accountId);
      else await createEntryCache({ database: storage.database, accountId: left.accountId }).clearAll();
    },
    close: () => {
      session.end('none');
      tabs.close();
      database.close();
    },
  };
}

/** Whether the policy of the person's inbox wants keys sealed under a passkey (crypto.md §4). What cannot be read here asks for nothing. */
async function needsPasskeyKey({ session, inboxChains }: Account): Promise<boolean> {
  if (session.inboxId === null || session.role === 'citizen') return false;
  try {
    return (await inboxChains.load(session.inboxId)).policy.requirePrf;
  } catch (error) {
    const isUnreadable = error instanceof CryptoError || (error instanceof RequestError && !error.retryable);
    if (isUnreadable) return false;
    throw error;
  }
}
