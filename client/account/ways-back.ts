import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type DeviceId, type DeviceLinkId, idOf, type ResetId } from '../../server/protocol/ids.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { atRestKey, passkeyDevice } from '../crypto/prf.ts';
import { deviceOfRecoveryCode } from '../crypto/recovery-code.ts';
import type { Http } from '../net/http.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import type { NewStartStore } from '../storage/new-start-store.ts';
import { DeviceJoining } from './device-joining.ts';
import { proveDevice } from './device-proof.ts';
import type { KeysHere } from './keys-here.ts';
import { passkeyDeviceLabel } from './passkey-device.ts';
import { NewStart } from './new-start.ts';
import type { Passkeys } from './passkeys.ts';
import { provePrf } from './prf-passkey.ts';
import { signInWithCode } from './recovery.ts';
import { confirmSession } from './step-up.ts';

/** What of an open account the ways back need. */
export interface OpenAccount {
  readonly security: {
    readonly devices: { add(device: DeviceKeys, label: string): Promise<void>; revoke(deviceIds: readonly DeviceId[]): Promise<void> };
  };
}

export interface WaysBackOptions {
  readonly http: Http;
  readonly passkeys: Passkeys;
  readonly accountKeys: AccountKeys;
  readonly keysHere: KeysHere;
  readonly newStarts: NewStartStore;
  readonly deviceLabel: string;
  /** Who is signed in here; null when nobody is. */
  readonly present: () => SessionView | null;
  /** Brings a session's account to life; null when it does not open here. */
  readonly begin: (session: SessionView) => Promise<OpenAccount | null>;
  readonly now: () => number;
}

/** This browser's new device, in the account by now. */
interface Newcomer {
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
}

/** The ways into an account for a browser that does not hold its keys. Each one needs something that nobody else has. */
export class WaysBack {
  readonly #options: WaysBackOptions;

  constructor(options: WaysBackOptions) {
    this.#options = options;
  }

  /** Throws `malformed` for a typing error: nobody needs to be asked for that. */
  checkCode(code: string): void {
    deviceOfRecoveryCode(code);
  }

  /**
   * With the recovery code, signed in by a passkey or not at all. The code is used up: its device is revoked, the account gets new keys.
   * False when it is not a code of this account. Throws `malformed` for a typing error, PasskeyError or RequestError.
   */
  async useCode(code: string): Promise<boolean> {
    const { http, keysHere, present } = this.#options;
    const deviceId = idOf<'device'>(deviceOfRecoveryCode(code).deviceId);
    const signedIn = present();
    const session = signedIn ? await this.#confirmed(signedIn) : await signInWithCode({ http, code });
    keysHere.bring(() => deviceOfRecoveryCode(code));
    try {
      const account = await this.#options.begin(session);
      if (!account) return false;
      await account.security.devices.revoke([deviceId]);
      return true;
    } finally {
      keysHere.bring(null);
    }
  }

  /** With another device of the account: this browser is let in by it. */
  joinDevice(): DeviceJoining {
    const { http, deviceLabel, present } = this.#options;
    const session = present();
    return new DeviceJoining({
      http,
      deviceLabel,
      expectedUserId: session && fromBase64Url(session.accountId),
      open: async (joined) => session !== null && (await this.#open(joined, session)),
      openWithPasskey: async ({ deviceLinkId, ...newcomer }, onceMore) => await this.#openWithPasskey({ deviceLinkId }, newcomer, onceMore),
    });
  }

  /** With two registrars' word, where everything else is lost. */
  startAnew(): NewStart {
    const { http, newStarts, present, now } = this.#options;
    return new NewStart({
      http,
      store: newStarts,
      now,
      isSignedIn: () => present() !== null,
      open: async (started) => {
        const session = present();
        return session !== null && (await this.#open(started, session));
      },
      openWithPasskey: async ({ resetId, ...newcomer }, onceMore) => await this.#openWithPasskey({ resetId }, newcomer, onceMore),
    });
  }

  async #open({ device }: Newcomer, session: SessionView): Promise<boolean> {
    const { accountKeys, keysHere, begin } = this.#options;
    const { accountId } = session;
    const passkeyKey = await keysHere.sealingKey(session);
    await accountKeys.add({ accountId, deviceId: idOf(device.deviceId), seed: device.seed, passkeyKey });
    return (await begin(session)) !== null;
  }

  /** The first passkey of a device that has just come in: signs in with both, and becomes a way in of its own when it can. */
  async #openWithPasskey(
    by: { readonly deviceLinkId: DeviceLinkId } | { readonly resetId: ResetId },
    { userId, device }: Newcomer,
    onceMore: () => void,
  ): Promise<boolean> {
    const { http, passkeys, accountKeys, begin } = this.#options;
    const { challengeId, options } = await http('POST /api/passkeys/registration/options', by);
    const created = await passkeys.create(options);
    const { response } = created;
    const prf = await provePrf(passkeys, created, { rpId: options.rp.id, insist: true, onceMore });
    const proof = proveDevice(options.challenge, userId, device);
    const session = await http('POST /api/passkeys', { challengeId, response, label: null, device: proof });
    const credentialId = fromBase64Url(response.id);
    const passkeyKey = prf && session.role !== 'citizen' ? await atRestKey(prf, credentialId) : null;
    await accountKeys.add({ accountId: idOf(userId), deviceId: idOf(device.deviceId), seed: device.seed, passkeyKey });
    const account = await begin(session);
    if (account && prf) await account.security.devices.add(await passkeyDevice(prf, credentialId), passkeyDeviceLabel(response.id));
    return account !== null;
  }

  /** To add a device weighs more than to read: the passkey is shown once more unless it has just been. */
  async #confirmed(session: SessionView): Promise<SessionView> {
    const { http, passkeys, now } = this.#options;
    if (session.confirmedUntil - now() > 60_000) return session;
    return await confirmSession({ http, passkeys });
  }
}
