import type { Http } from '../net/http.ts';
import { RequestError } from '../net/request-error.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import { createIdleLock, staffIdleMs, type WatchInput } from './idle-lock.ts';
import type { KeysHere } from './keys-here.ts';
import type { Closable, Session } from './session.ts';
import type { Tabs } from './tabs.ts';

export interface StaffLock {
  /** Begins to count the minutes in which nobody does anything. */
  start(): void;
  stop(): void;
  /** Keys leave memory, in all tabs, and the session ends; what is kept here stays sealed until the passkey is shown again. */
  lock(): Promise<void>;
  /** As long as the function says so, nobody has to touch anything. */
  stayAwakeWhile(isBusy: () => boolean): void;
}

export interface StaffLockOptions {
  readonly http: Http;
  readonly accountKeys: AccountKeys;
  readonly keysHere: KeysHere;
  readonly session: Pick<Session<Closable>, 'state' | 'end' | 'resume'>;
  readonly tabs: Tabs;
  readonly watchInput: WatchInput;
}

/** One lock for all tabs of this browser (crypto.md §4). */
export function createStaffLock({ http, accountKeys, keysHere, session, tabs, watchInput }: StaffLockOptions): StaffLock {
  let isBusy = neverBusy;
  const lockHere = (): void => {
    keysHere.offer(null);
    accountKeys.lock();
    if (session.state.value.state !== 'signed-out') session.end('locked');
  };
  const lock = async (): Promise<void> => {
    tabs.tell({ kind: 'locked' });
    lockHere();
    try {
      await http('DELETE /api/session');
    } catch (error) {
      // Out of reach: the server's own idle limit ends it.
      if (!(error instanceof RequestError)) throw error;
    }
  };
  const idle = createIdleLock({
    idleMs: staffIdleMs,
    watchInput,
    isBusy: () => isBusy(),
    onIdle: () => void lock(),
    onInput: () => tabs.tell({ kind: 'input' }),
  });
  tabs.listen((message) => {
    if (message.kind === 'input') idle.touch();
    if (message.kind === 'locked') lockHere();
    const here = session.state.value;
    if (message.kind === 'unlocked' && here.state === 'signed-out' && here.reason === 'locked') void session.resume();
    if (message.kind === 'key-wanted') {
      const key = accountKeys.unlockedWith(message.accountId);
      if (key) tabs.tell({ kind: 'key', accountId: message.accountId, key });
    }
    if (message.kind === 'forgotten') {
      accountKeys.abandon(message.accountId);
      session.end('none');
    }
  });
  return { start: () => idle.start(), stop: () => idle.stop(), lock, stayAwakeWhile: (is) => (isBusy = is) };
}

const neverBusy = (): boolean => false;
