import { type DeviceKind, deviceIdOf, type DevicePublic } from '../../server/protocol/device-format.ts';
import { lp } from '../../server/protocol/hash.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { GenerationKeys } from './generation-keys.ts';
import { decryptJoined, deriveKey, encryptJoined, randomBytes, seedBytes } from './primitives.ts';
import { generateKeys, type SeedKeys } from './seed-keys.ts';

/** A device of the account that is using it. All follows from the seed, which is what is kept at rest. */
export interface DeviceKeys extends SeedKeys {
  readonly deviceId: Uint8Array;
  readonly kind: DeviceKind;
}

const labelBytes = 64;
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
  return { deviceId, kind, signPk, kemPk, labelCiphertext: label === '' ? new Uint8Array() : sealLabel(label, deviceId, puk) };
}

/** Labels are padded to 64 bytes, so that the server does not learn "Phone" from its length. */
function sealLabel(label: string, deviceId: Uint8Array, puk: GenerationKeys): Uint8Array {
  const text = new TextEncoder().encode(label);
  if (text.length > labelBytes) throw new CryptoError('malformed', `a device label has at most ${labelBytes} bytes`);
  const padded = new Uint8Array(labelBytes);
  padded.set(text);
  return encryptJoined(padded, lp('gim1/label', deviceId), deriveKey(puk.seed, 5, 'gim1-puk'));
}

/** `puk`: the generation the device's state names in `labelGeneration`. */
export function openLabel(device: Pick<DevicePublic, 'deviceId' | 'labelCiphertext'>, puk: GenerationKeys): string {
  if (device.labelCiphertext.length === 0) return '';
  const padded = decryptJoined(device.labelCiphertext, lp('gim1/label', device.deviceId), deriveKey(puk.seed, 5, 'gim1-puk'));
  return new TextDecoder().decode(padded).replace(/\0+$/, '');
}
