import { bytes, bytesUpTo, type Format, hash32, named, tuple, type ValueOf } from './format.ts';
import { hash } from './hash.ts';
import { ensure, equalBytes } from './sodium.ts';

/*
 * Frozen: device = [device_id 16, kind, sign_pk 32, kem_pk 1216, label_ct]
 *   kind: 1 browser, 2 passkey, 3 recovery
 *   label_ct: empty, or nonce24 ‖ XChaCha20-Poly1305(64-byte padded label, ad = lp("gim1/label", device_id),
 *             key = kdf(PUK seed current before the link, id 5, "gim1-puk"))
 */
const deviceKind = named({ browser: 1, passkey: 2, recovery: 3 });
export type DeviceKind = ValueOf<typeof deviceKind>;

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

const fields = tuple<DevicePublic>({
  deviceId: bytes(16),
  kind: deviceKind,
  signPk: hash32,
  kemPk: bytes(kemPkBytes),
  labelCiphertext: bytesUpTo(256),
});

export const deviceFormat: Format<DevicePublic> = {
  write: (device) => fields.write(device),
  read: (item) => {
    const device = fields.read(item);
    const isOwn = equalBytes(device.deviceId, deviceIdOf(device.signPk, device.kemPk));
    ensure(isOwn, 'bad_id', 'device id and keys do not belong together');
    return device;
  },
};
