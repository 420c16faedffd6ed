import { decode, encode } from './codec.ts';
import { deviceFormat } from './device-format.ts';
import { bytes, bytesUpTo, hash32, list, named, tuple, uint, type ValueOf, variants } from './format.ts';
import { pukFormat } from './generation.ts';
import { limits } from './limits.ts';
import { ensure } from './sodium.ts';

/*
 * Frozen, bodies of the user chain:
 *   root          [nonce32, device, puk]
 *   add_device    [device, H(box)]              the box holds the current PUK seed; device.kind is the kind
 *   revoke_device [[device_id, …], puk]
 *   rotate_puk    [puk]
 *   reset         [ResetDraft bytes, [Attestation bytes, Attestation bytes], not_before]     see reset-statement.ts
 *   attest        [H("gim1/token", token)]
 */
export const userLinkTypes = { root: 1, add_device: 2, revoke_device: 3, rotate_puk: 4, reset: 5, attest: 6 } as const;
export const maxDevices = 32;

const resetFormat = tuple({
  draft: bytesUpTo(8192),
  attestations: list(bytesUpTo(1024), 2),
  /** Milliseconds since 1970: the reset counts from then on. */
  notBefore: uint(),
});
export type ResetBody = ValueOf<typeof resetFormat>;

const types = named(userLinkTypes);
const bodies = variants({
  root: tuple({ nonce: hash32, device: deviceFormat, puk: pukFormat }),
  add_device: tuple({ device: deviceFormat, boxHash: hash32 }),
  revoke_device: tuple({ deviceIds: list(bytes(16), maxDevices), puk: pukFormat }),
  rotate_puk: tuple({ puk: pukFormat }),
  reset: resetFormat,
  attest: tuple({ tokenHash: hash32 }),
});
export type UserBody = Parameters<typeof bodies.write>[0];

export function encodeUserBody(body: UserBody): Uint8Array {
  return encode(bodies.write(body));
}

export function decodeUserBody(typeNumber: number, encoded: Uint8Array): UserBody {
  const body = bodies.read(types.read(typeNumber), decode(encoded, limits.linkBytes));
  ensure(body.type !== 'reset' || body.attestations.length === 2, 'bad_signature', 'two registrars attest a reset');
  return body;
}
