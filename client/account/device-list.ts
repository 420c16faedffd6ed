import { type DeviceId, idOf } from '../../server/protocol/ids.ts';
import type { DeviceKind } from '../../server/protocol/device-format.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices, type DeviceState, type UserChainState } from '../../server/protocol/user-state.ts';
import { openLabel } from '../crypto/device.ts';
import type { GenerationKeys } from '../crypto/generation-keys.ts';

/** A device that can open what the account can: this browser, another one, a passkey's own, the recovery code. */
export interface AccountDevice {
  readonly deviceId: DeviceId;
  readonly id: Uint8Array;
  readonly kind: DeviceKind;
  /** What it was called when it came; empty when nothing was said. */
  readonly label: string;
  readonly addedAt: number;
  readonly isOwn: boolean;
}

/** The active devices of a verified chain, this browser's first, then the newest. `addedAt`: when the link of that number was made. */
export function listDevices(
  state: UserChainState,
  { own, ring, timeOf }: { readonly own: Uint8Array; readonly ring: readonly GenerationKeys[]; readonly timeOf: (seqno: number) => number },
): readonly AccountDevice[] {
  return activeDevices(state)
    .map((device) => ({
      deviceId: idOf<'device'>(device.deviceId),
      id: device.deviceId,
      kind: device.kind,
      label: labelOf(device, ring),
      addedAt: timeOf(device.addedAt),
      isOwn: equalBytes(device.deviceId, own),
    }))
    .toSorted((left, right) => Number(right.isOwn) - Number(left.isOwn) || right.addedAt - left.addedAt);
}

/**
 * What, besides this browser, would still open the account's messages without these devices. Nothing: they are the last way in, should this
 * browser be lost (crypto.md §6). The server cannot count this: it does not know which keys somebody still has.
 */
export function otherWaysIn(devices: readonly AccountDevice[], without: readonly DeviceId[]): readonly AccountDevice[] {
  return devices.filter(({ deviceId, isOwn }) => !isOwn && !without.includes(deviceId));
}

function labelOf(device: DeviceState, ring: readonly GenerationKeys[]): string {
  const keys = ring.find(({ generation }) => generation === device.labelGeneration);
  if (!keys) return '';
  try {
    return openLabel(device, keys);
  } catch (error) {
    // A name that does not open says nothing about the device itself, which the chain vouches for.
    if (error instanceof CryptoError) return '';
    throw error;
  }
}
