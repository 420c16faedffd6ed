import { fromBase64Url, toBase64Url, type Base64Url } from '../../server/protocol/base64url.ts';
import type { PasskeyView } from '../../server/protocol/accounts.ts';
import type { DeviceId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { openAccountText, sealAccountText } from '../crypto/account-text.ts';
import { newestKeys } from '../crypto/generation-keys.ts';
import { passkeyDevice } from '../crypto/prf.ts';
import type { Http } from '../net/http.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { refresher } from '../net/refresher.ts';
import type { RequestFunction } from '../net/request.ts';
import { otherWaysIn } from './device-list.ts';
import type { Hand } from './extend-account.ts';
import type { MyDevices } from './my-devices.ts';
import { passkeyDeviceLabel } from './passkey-device.ts';
import type { Passkeys } from './passkeys.ts';
import { provePrf } from './prf-passkey.ts';
import type { Confirmation } from './step-up.ts';

export interface OwnPasskey extends Omit<PasskeyView, 'label'> {
  /** What the person calls it; empty when it was not named, or its name does not open. */
  readonly name: string;
  /** Its own device in the chain: it opens the account's messages on a new device. Null: it signs in, and no more. */
  readonly deviceId: DeviceId | null;
}

export interface OwnPasskeysOptions {
  readonly http: Http;
  readonly request: RequestFunction;
  readonly passkeys: Passkeys;
  readonly hand: Hand;
  readonly devices: MyDevices;
  readonly confirmation: Confirmation;
}

/** The passkeys of the account, with their names opened. Acts throw PasskeyError, CryptoError or RequestError. */
export class OwnPasskeys {
  readonly #options: OwnPasskeysOptions;
  #views: readonly PasskeyView[] = [];
  readonly #state = new Subject<readonly OwnPasskey[]>([]);

  constructor(options: OwnPasskeysOptions) {
    this.#options = options;
    options.devices.state.subscribe(() => this.#show());
  }

  /** The oldest first. */
  get state(): Observable<readonly OwnPasskey[]> {
    return this.#state;
  }

  readonly refresh = refresher(async () => {
    const { passkeys } = await this.#options.request('passkey:list', {});
    this.#views = passkeys.toSorted((left, right) => left.createdAt - right.createdAt);
    this.#show();
  });

  /**
   * A further passkey, on this device or one beside it; with a device of its own when it can hold keys: for that it is shown a
   * second time, which `onceMore` tells the person. Call it from a click.
   */
  async add(name: string, onceMore: () => void): Promise<void> {
    const { http, passkeys, confirmation, devices } = this.#options;
    await confirmation.ensure();
    const { challengeId, options } = await confirmation.run(
      async () => await http('POST /api/passkeys/registration/options', { addition: true }),
    );
    const created = await passkeys.create(options);
    const { response } = created;
    await http('POST /api/passkeys', { challengeId, response, label: this.#seal(name, response.id) });
    const prf = await provePrf(passkeys, created, { rpId: options.rp.id, insist: true, onceMore });
    if (prf) await devices.add(await passkeyDevice(prf, fromBase64Url(response.id)), passkeyDeviceLabel(response.id));
    await this.refresh();
  }

  async rename(credentialId: string, name: string): Promise<void> {
    await this.#options.request('passkey:rename', { credentialId, label: this.#seal(name, credentialId) });
    await this.refresh();
  }

  /** Why it must stay, by the person's own count of ways in; null when it may go. */
  refusalToRemove({ credentialId, deviceId }: OwnPasskey): 'last-passkey' | 'last-keys' | null {
    if (!this.#views.some((view) => view.credentialId !== credentialId)) return 'last-passkey';
    const { devices } = this.#options.devices.state.value;
    return deviceId !== null && otherWaysIn(devices, [deviceId]).length === 0 ? 'last-keys' : null;
  }

  /** Removes it and revokes its device. */
  async remove({ credentialId, deviceId }: OwnPasskey): Promise<void> {
    const { request, confirmation, devices } = this.#options;
    await confirmation.run(async () => await request('passkey:remove', { credentialId }));
    if (deviceId !== null) await devices.revoke([deviceId]);
    await this.refresh();
  }

  #seal(name: string, credentialId: string): Base64Url | null {
    return name === '' ? null : toBase64Url(sealAccountText(name, credentialId, newestKeys(this.#options.hand.generations())));
  }

  #show(): void {
    const { devices } = this.#options.devices.state.value;
    this.#state.set(
      this.#views.map(({ label, ...view }) => ({
        ...view,
        name: label === null ? '' : this.#open(label, view.credentialId),
        deviceId:
          devices.find((device) => device.kind === 'passkey' && device.label === passkeyDeviceLabel(view.credentialId))?.deviceId ?? null,
      })),
    );
  }

  #open(label: Base64Url, credentialId: string): string {
    try {
      return openAccountText(fromBase64Url(label), credentialId, this.#options.hand.generations());
    } catch (error) {
      if (error instanceof CryptoError || error instanceof RangeError) return '';
      throw error;
    }
  }
}
