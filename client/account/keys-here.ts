import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { deviceFromSeed, type DeviceKeys } from '../crypto/device.ts';
import { atRestKey } from '../crypto/prf.ts';
import type { Http } from '../net/http.ts';
import { RequestError } from '../net/request-error.ts';
import type { AccountKeys, AccountRecord, AccountStorage } from '../storage/account-keys.ts';
import type { Obstacle } from './session.ts';
import { bindSession, type PasskeyCandidate } from './sign-in.ts';
import type { Tabs } from './tabs.ts';

/** This browser's device of the account that is signed in, and where its things lie. */
export interface DeviceHere {
  readonly session: SessionView;
  readonly device: DeviceKeys;
  readonly record: AccountRecord;
  readonly storage: AccountStorage;
}

export interface DeviceHereOptions {
  readonly http: Http;
  readonly accountKeys: AccountKeys;
  readonly tabs: Tabs;
  /** Brings this browser into the account with the passkey; null when it does not stand for a device of the account. */
  readonly enterByPasskey: (session: SessionView, candidate: PasskeyCandidate) => Promise<SessionView | null>;
}

/** How long another tab of this browser has to answer. */
const tabAnswerMs = 500;

/** Finds the device's keys for a session: kept here and open, unlocked by the passkey or by another tab, or new by the passkey's own device. */
export class KeysHere {
  readonly #options: DeviceHereOptions;
  #candidate: PasskeyCandidate | null = null;

  constructor(options: DeviceHereOptions) {
    this.#options = options;
  }

  /** The passkey that was just used: a candidate until it has opened something. */
  offer(candidate: PasskeyCandidate | null): void {
    this.#candidate = candidate;
  }

  /** Throws a CryptoError or a RequestError. */
  async find(session: SessionView): Promise<DeviceHere | Obstacle> {
    const record = await this.#options.accountKeys.find(session.accountId);
    if (record) {
      const here = await this.#open(session, record);
      if (here) return here;
      if (record.deviceId === session.deviceId) return 'locked';
    }
    if (this.#candidate === null) return 'no-keys';
    const entered = await this.#options.enterByPasskey(session, this.#candidate);
    const added = entered && (await this.#options.accountKeys.find(session.accountId));
    return (entered && added && (await this.#open(entered, added))) ?? 'passkey-cannot';
  }

  /** Null when it is locked, or when the account no longer counts this device as its own. */
  async #open(session: SessionView, record: AccountRecord): Promise<DeviceHere | null> {
    const { accountKeys, http } = this.#options;
    const storage = accountKeys.storageOf(record) ?? (await this.#unlock(record));
    if (!storage) return null;
    const device = deviceFromSeed(await accountKeys.openSeed(record), 'browser');
    if (session.deviceId === record.deviceId) return { session, device, record, storage };
    try {
      const bound = await bindSession({ http, userId: fromBase64Url(record.accountId), device });
      return { session: bound, device, record, storage };
    } catch (error) {
      if (error instanceof RequestError && error.code === 'passkey_refused') return null;
      throw error;
    }
  }

  async #unlock(record: AccountRecord): Promise<AccountStorage | null> {
    const { accountKeys } = this.#options;
    const candidate = this.#candidate;
    const key = candidate ? await atRestKey(candidate.prf, fromBase64Url(candidate.credentialId)) : await this.#askTabs(record.accountId);
    return key && (await accountKeys.unlock(record, key)) ? accountKeys.storageOf(record) : null;
  }

  async #askTabs(accountId: AccountId): Promise<CryptoKey | null> {
    const { tabs } = this.#options;
    const { promise, resolve } = Promise.withResolvers<CryptoKey | null>();
    const stop = tabs.listen((message) => {
      if (message.kind === 'key' && message.accountId === accountId) resolve(message.key);
    });
    tabs.tell({ kind: 'key-wanted', accountId });
    const timer = setTimeout(() => resolve(null), tabAnswerMs);
    const key = await promise;
    clearTimeout(timer);
    stop();
    return key;
  }
}
