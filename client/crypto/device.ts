import { type DeviceKind, deviceIdOf, type DevicePublic } from '../../server/protocol/device-format.ts';
import { lp } from '../../server/protocol/hash.ts';
import type { GenerationKeys } from './generation-keys.ts';
import { randomBytes, seedBytes } from './primitives.ts';
import { generateKeys, type SeedKeys } from './seed-keys.ts';
import { openShortText, sealShortText } from './short-text.ts';

/** A device of the account that is using it. All follows from the seed, which is what is kept at rest. */
export interface DeviceKeys extends SeedKeys {
  readonly deviceId: Uint8Array;
  readonly kind: DeviceKind;
}

const contexts = { browser: 'gim1-dev', passkey: 'gim1-prf', recovery: 'gim1-rec' } as const;

export function createDevice(kind: DeviceKind): DeviceKeys {
  return deviceFromSeed(randomBytes(seedBytes), kind);
}

export function deviceFromSeed(seed: Uint8Array, kind: DeviceKind): DeviceKeys {
  const keys = generateKeys(seed, contexts[kind]);
  return { ...keys, kind, deviceId: deviceIdOf(keys.signPk, keys.kemPk) };
}

/** What a link publishes of a device. An empty label stays empty. */
export function publicDevice(
  device: Pick<DeviceKeys, 'deviceId' | 'kind' | 'signPk' | 'kemPk'>,
  label: string,
  puk: GenerationKeys,
): DevicePublic {
  const { deviceId, kind, signPk, kemPk } = device;
  return {
    deviceId,
    kind,
    signPk,
    kemPk,
    labelCiphertext: label === '' ? new Uint8Array() : sealShortText(label, labelData(deviceId), puk),
  };
}

/** `puk`: the generation the device's state names in `labelGeneration`. */
export function openLabel(device: Pick<DevicePublic, 'deviceId' | 'labelCiphertext'>, puk: GenerationKeys): string {
  if (device.labelCiphertext.length === 0) return '';
  return openShortText(device.labelCiphertext, labelData(device.deviceId), puk);
}

function labelData(deviceId: Uint8Array): Uint8Array {
  return lp('gim1/label', deviceId);
}
