import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import { deviceFromSeed, type DeviceKeys } from '../crypto/device.ts';
import { wipe } from '../crypto/primitives.ts';
import { atRestKey, passkeyDevice } from '../crypto/prf.ts';
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
  readonly evaluatePrf: (credentialId: string) => Promise<Uint8Array | null>;
  /** Brings this browser into the account with a device whose keys are at hand; null when the account does not count it as its own. */
  readonly enter: (session: SessionView, candidate: Candidate) => Promise<SessionView | null>;
}

/** A device that may open the account here, and what new things are to be sealed under if not the browser's own key. */
export interface Candidate {
  readonly device: DeviceKeys;
  readonly sealingKey: () => Promise<CryptoKey | null>;
}

/** How long another tab of this browser has to answer. */
const tabAnswerMs = 500;

/** Finds the device's keys for a session: kept here and open, unlocked by the passkey or by another tab, or new by the passkey's own device. */
export class KeysHere {
  readonly #options: DeviceHereOptions;
  #passkey: PasskeyCandidate | null = null;
  #brought: (() => DeviceKeys) | null = null;

  constructor(options: DeviceHereOptions) {
    this.#options = options;
  }

  /** The passkey that was just used: a candidate until the account is open, and then no longer kept. */
  offer(passkey: PasskeyCandidate | null): void {
    if (this.#passkey) wipe(this.#passkey.prf);
    this.#passkey = passkey;
  }

  /** A device whose keys are at hand: the recovery code's. Made anew for each try, for its keys are overwritten after it. */
  bring(device: (() => DeviceKeys) | null): void {
    this.#brought = device;
  }

  /** Throws a CryptoError or a RequestError. */
  async find(session: SessionView): Promise<DeviceHere | Obstacle> {
    const record = await this.#options.accountKeys.find(session.accountId);
    const here = record && (await this.#open(session, record));
    if (here) return here;
    if (this.#brought) return (await this.#enter(session, this.#brought(), async () => await this.sealingKey(session))) ?? 'code-cannot';
    if (record?.deviceId === session.deviceId && record !== null) return 'locked';
    const passkey = this.#passkey;
    if (passkey === null) return 'no-keys';
    const device = await passkeyDevice(passkey.prf, fromBase64Url(passkey.credentialId));
    // That the chain lists it is proof enough of the value.
    const sealingKey = async () => (session.role === 'citizen' ? null : await keyOf(passkey));
    return (await this.#enter(session, device, sealingKey)) ?? 'passkey-cannot';
  }

  /** What new things of staff are sealed under: the passkey that was just used, if it says the same again. Null for citizens. */
  async sealingKey({ role }: SessionView): Promise<CryptoKey | null> {
    const passkey = this.#passkey;
    if (role === 'citizen' || passkey === null) return null;
    const again = await this.#options.evaluatePrf(passkey.credentialId);
    return again && equalBytes(again, passkey.prf) ? await keyOf(passkey) : null;
  }

  /** Null when the account does not count the candidate as its own: then nothing has changed. */
  async #enter(session: SessionView, device: DeviceKeys, sealingKey: Candidate['sealingKey']): Promise<DeviceHere | null> {
    const { accountKeys, enter } = this.#options;
    const entered = await enter(session, { device, sealingKey });
    const record = entered && (await accountKeys.find(session.accountId));
    return entered && record && (await this.#open(entered, record));
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
    const key = this.#passkey ? await keyOf(this.#passkey) : await this.#askTabs(record.accountId);
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

async function keyOf({ prf, credentialId }: PasskeyCandidate): Promise<CryptoKey> {
  return await atRestKey(prf, fromBase64Url(credentialId));
}
