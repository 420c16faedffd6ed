import { decode, encode, readBytes, readBytesUpTo, readHash, readList, readName, readTuple, readUint } from './codec.ts';
import { type DevicePublic, readDevice, writeDevice } from './device-format.ts';
import { type GenerationLink, readGeneration, writeGeneration } from './generation.ts';
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

export type UserBody =
  | { readonly type: 'root'; readonly nonce: Uint8Array; readonly device: DevicePublic; readonly puk: GenerationLink }
  | { readonly type: 'add_device'; readonly device: DevicePublic; readonly boxHash: Uint8Array }
  | { readonly type: 'revoke_device'; readonly deviceIds: readonly Uint8Array[]; readonly puk: GenerationLink }
  | { readonly type: 'rotate_puk'; readonly puk: GenerationLink }
  | ({ readonly type: 'reset' } & ResetBody)
  | { readonly type: 'attest'; readonly tokenHash: Uint8Array };

export interface ResetBody {
  readonly draft: Uint8Array;
  readonly attestations: readonly Uint8Array[];
  /** Milliseconds since 1970: the reset counts from then on. */
  readonly notBefore: number;
}

export function encodeUserBody(body: UserBody): Uint8Array {
  if (body.type === 'root') return encode([body.nonce, writeDevice(body.device), writeGeneration(body.puk)]);
  if (body.type === 'add_device') return encode([writeDevice(body.device), body.boxHash]);
  if (body.type === 'revoke_device') return encode([body.deviceIds, writeGeneration(body.puk)]);
  if (body.type === 'rotate_puk') return encode([writeGeneration(body.puk)]);
  if (body.type === 'reset') return encode([body.draft, body.attestations, body.notBefore]);
  return encode([body.tokenHash]);
}

export function decodeUserBody(typeNumber: number, bytes: Uint8Array): UserBody {
  const type = readName(typeNumber, userLinkTypes);
  const decoded = decode(bytes, limits.linkBytes);
  if (type === 'root') {
    const [nonce, device, puk] = readTuple(decoded, 3);
    return { type, nonce: readHash(nonce), device: readDevice(device), puk: readGeneration(puk, 'puk') };
  }
  if (type === 'add_device') {
    const [device, sealed] = readTuple(decoded, 2);
    return { type, device: readDevice(device), boxHash: readHash(sealed) };
  }
  if (type === 'revoke_device') {
    const [deviceIds, puk] = readTuple(decoded, 2);
    return { type, deviceIds: readList(deviceIds, maxDevices, (item) => readBytes(item, 16)), puk: readGeneration(puk, 'puk') };
  }
  if (type === 'rotate_puk') return { type, puk: readGeneration(readTuple(decoded, 1)[0], 'puk') };
  if (type === 'attest') return { type, tokenHash: readHash(readTuple(decoded, 1)[0]) };
  const [draft, items, notBefore] = readTuple(decoded, 3);
  const attestations = readList(items, 2, (item) => readBytesUpTo(item, 1024));
  ensure(attestations.length === 2, 'bad_signature', 'two registrars attest a reset');
  return { type, draft: readBytesUpTo(draft, 8192), attestations, notBefore: readUint(notBefore) };
}
