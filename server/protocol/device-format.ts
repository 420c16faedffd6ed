import { type CborValue, readBytes, readBytesUpTo, readHash, readName, readTuple } from './codec.ts';
import { hash } from './hash.ts';
import { ensure, equalBytes } from './sodium.ts';

/*
 * Frozen: device = [device_id 16, kind, sign_pk 32, kem_pk 1216, label_ct]
 *   kind: 1 browser, 2 passkey, 3 recovery
 *   label_ct: empty, or nonce24 ‖ XChaCha20-Poly1305(64-byte padded label, ad = lp("gim1/label", device_id),
 *             key = kdf(PUK seed current before the link, id 5, "gim1-puk"))
 */
const deviceKinds = { browser: 1, passkey: 2, recovery: 3 } as const;
export type DeviceKind = keyof typeof deviceKinds;

export const kemPkBytes = 1216;

export interface DevicePublic {
  readonly deviceId: Uint8Array;
  readonly kind: DeviceKind;
  readonly signPk: Uint8Array;
  readonly kemPk: Uint8Array;
  readonly labelCiphertext: Uint8Array;
}

/** device_id = H("gim1/did", sign_pk, kem_pk)[0..16]. */
export function deviceIdOf(signPk: Uint8Array, kemPk: Uint8Array): Uint8Array {
  return hash('gim1/did', signPk, kemPk).slice(0, 16);
}

export function writeDevice(device: DevicePublic): CborValue {
  return [device.deviceId, deviceKinds[device.kind], device.signPk, device.kemPk, device.labelCiphertext];
}

export function readDevice(item: unknown): DevicePublic {
  const [deviceId, kind, signPk, kemPk, label] = readTuple(item, 5);
  const device = {
    deviceId: readBytes(deviceId, 16),
    kind: readName(kind, deviceKinds),
    signPk: readHash(signPk),
    kemPk: readBytes(kemPk, kemPkBytes),
    labelCiphertext: readBytesUpTo(label, 256),
  };
  ensure(equalBytes(device.deviceId, deviceIdOf(device.signPk, device.kemPk)), 'bad_id', 'device id and keys do not belong together');
  return device;
}
