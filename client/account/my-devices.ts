import { fromBase64Url, type Base64Url } from '../../server/protocol/base64url.ts';
import { type DeviceId, idOf } from '../../server/protocol/ids.ts';
import { decodeLink } from '../../server/protocol/link.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { type Observable, Subject } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import type { KnownDevices } from '../storage/known-devices.ts';
import { addOwnDevice, replaceRecoveryCode, revoke, unlessThere } from './chain-steps.ts';
import { type AccountDevice, listDevices } from './device-list.ts';
import { type ChainStep, extendAccount, type FollowOwnKey, type Hand } from './extend-account.ts';
import type { Confirmation } from './step-up.ts';

export interface MyDevicesState {
  /** Active ones, this browser's first. */
  readonly devices: readonly AccountDevice[];
  /** Those among them that came from elsewhere and that the person has not said to know. */
  readonly unknown: readonly AccountDevice[];
}

export interface MyDevicesOptions {
  readonly hand: Hand;
  /** The links of the own chain as this browser keeps them. */
  readonly loadLinks: () => Promise<readonly Base64Url[]>;
  readonly request: RequestFunction;
  readonly followOwnKey: FollowOwnKey;
  readonly confirmation: Confirmation;
  readonly known: KnownDevices;
  readonly now?: () => number;
}

/** The devices in the own chain, and what the person does with them. Acts throw CryptoError, RequestError or PasskeyError. */
export class MyDevices {
  readonly #options: MyDevicesOptions;
  readonly #state = new Subject<MyDevicesState>({ devices: [], unknown: [] });

  constructor(options: MyDevicesOptions) {
    this.#options = options;
  }

  get state(): Observable<MyDevicesState> {
    return this.#state;
  }

  /** Asks for the chain again. */
  async refresh(): Promise<void> {
    await this.#options.hand.refresh();
    await this.#show();
  }

  /** Ends devices: the account gets a new key, and so does every inbox the person is in, in one transaction. */
  async revoke(deviceIds: readonly DeviceId[]): Promise<void> {
    await this.#extend([revoke(deviceIds.map(fromBase64Url))]);
  }

  /** Adds a device whose keys are at hand here. Needs a confirmed session, and sees to it. */
  async add(device: DeviceKeys, label: string): Promise<void> {
    await this.addWith(idOf(device.deviceId), addOwnDevice(device, label));
  }

  /** Adds a device with a link that comes about otherwise: together with the device itself. */
  async addWith(deviceId: DeviceId, step: ChainStep): Promise<void> {
    await this.#options.confirmation.ensure();
    await this.#options.known.add([deviceId]);
    await this.#extend([unlessThere(fromBase64Url(deviceId), step)]);
  }

  /** Puts a recovery code in place of the present one, if there is one. */
  async saveRecoveryCode(device: DeviceKeys): Promise<void> {
    await this.#options.confirmation.ensure();
    await this.#options.known.add([idOf(device.deviceId)]);
    await this.#extend(replaceRecoveryCode(device));
  }

  /** The person knows these devices: nothing more is asked about them. */
  async acknowledge(deviceIds: readonly DeviceId[]): Promise<void> {
    await this.#options.known.add(deviceIds);
    await this.#show();
  }

  async #extend(steps: readonly ChainStep[]): Promise<void> {
    const { hand, request, followOwnKey, confirmation, now = Date.now } = this.#options;
    await confirmation.run(async () => await extendAccount({ hand, steps, request, followOwnKey, now }));
    await this.#show();
  }

  async #show(): Promise<void> {
    const { hand, loadLinks, known } = this.#options;
    const links = await loadLinks();
    const timeOf = (seqno: number) => decodeLink(fromBase64Url(links[seqno - 1] ?? '')).outer.createdAt;
    const devices = listDevices(hand.chain(), { own: hand.device.deviceId, ring: hand.generations(), timeOf });
    const remembered = await known.load();
    // Whatever is there when this browser first looks, it came after: it was let in by one of them, or made the account.
    if (remembered === null) await known.add(devices.map(({ deviceId }) => deviceId));
    const unknown = devices.filter(({ deviceId, isOwn }) => remembered !== null && !isOwn && !remembered.includes(deviceId));
    this.#state.set({ devices, unknown });
  }
}
