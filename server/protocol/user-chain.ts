import { decode, encode, readBytes, readHash, readList, readName, readTuple } from './codec.ts';
import { type DevicePublic, readDevice, writeDevice } from './device-format.ts';
import { adoptGeneration, type Generation, type GenerationLink, readGeneration, writeGeneration } from './generation.ts';
import { hash } from './hash.ts';
import { limits } from './limits.ts';
import { decodeLink, linkHash, requirePlace, requireSignatures } from './link.ts';
import { CryptoError, ensure, equalBytes } from './sodium.ts';

/*
 * Frozen, bodies of the user chain:
 *   root          [nonce32, device, puk]
 *   add_device    [device, H(box)]              the box holds the current PUK seed; device.kind is the kind
 *   revoke_device [[device_id, …], puk]
 *   rotate_puk    [puk]
 *   reset, attest are known by number and refused as `unsupported`
 */
export const userLinkTypes = { root: 1, add_device: 2, revoke_device: 3, rotate_puk: 4, reset: 5, attest: 6 } as const;
const maxDevices = 32;

export type UserBody =
  | { readonly type: 'root'; readonly nonce: Uint8Array; readonly device: DevicePublic; readonly puk: GenerationLink }
  | { readonly type: 'add_device'; readonly device: DevicePublic; readonly boxHash: Uint8Array }
  | { readonly type: 'revoke_device'; readonly deviceIds: readonly Uint8Array[]; readonly puk: GenerationLink }
  | { readonly type: 'rotate_puk'; readonly puk: GenerationLink };

export interface DeviceState extends DevicePublic {
  readonly addedAt: number;
  /** The PUK generation current just before the device's link; its label is sealed under it (generation 1 in the root). */
  readonly labelGeneration: number;
  /** The link that revoked it, or null. */
  readonly revokedAt: number | null;
}

/** What a user chain says after its last link. A plain value; extending makes a new one. */
export interface UserChainState {
  readonly userId: Uint8Array;
  readonly seqno: number;
  /** linkHash of every link, the root's first. */
  readonly tails: readonly Uint8Array[];
  readonly devices: readonly DeviceState[];
  /** PUK generations, the first one first. */
  readonly generations: readonly Generation[];
}

export function encodeUserBody(body: UserBody): Uint8Array {
  if (body.type === 'root') return encode([body.nonce, writeDevice(body.device), writeGeneration(body.puk)]);
  if (body.type === 'add_device') return encode([writeDevice(body.device), body.boxHash]);
  if (body.type === 'revoke_device') return encode([body.deviceIds, writeGeneration(body.puk)]);
  return encode([writeGeneration(body.puk)]);
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
  ensure(type === 'rotate_puk', 'unsupported', `${type} links are not supported yet`);
  return { type, puk: readGeneration(readTuple(decoded, 1)[0], 'puk') };
}

/** user_id = H("gim1/uid", root Outer bytes): who knows the id cannot be shown another root for it. */
export function userIdOf(rootOuterBytes: Uint8Array): Uint8Array {
  return hash('gim1/uid', rootOuterBytes);
}

/** Verifies a chain from its root. With `expectedId`, the root must be the one that id names. Throws CryptoError. */
export function replayUserChain(links: readonly Uint8Array[], expectedId: Uint8Array | null = null): UserChainState {
  const [root, ...rest] = links;
  ensure(root !== undefined, 'broken_chain', 'an empty chain');
  const first = startUserChain(root);
  ensure(expectedId === null || equalBytes(first.userId, expectedId), 'bad_id', 'the root is not the one the user id names');
  return rest.reduce(extendUserChain, first);
}

function startUserChain(bytes: Uint8Array): UserChainState {
  const link = decodeLink(bytes);
  const body = decodeUserBody(link.outer.type, requirePlace(link, 'user', null));
  ensure(body.type === 'root', 'broken_chain', 'a chain begins with a root');
  ensure(equalBytes(link.outer.signerDevice, body.device.deviceId), 'bad_signature', 'the first device signs the root');
  requireSignatures(link, [body.device]);
  const puk = adoptGeneration(body.puk, {
    current: null,
    recipients: [body.device.deviceId],
    chainId: body.nonce,
    seqno: 1,
    allowCut: false,
  });
  return {
    userId: userIdOf(link.outerBytes),
    seqno: 1,
    tails: [linkHash(link.outerBytes)],
    devices: [{ ...body.device, addedAt: 1, labelGeneration: 1, revokedAt: null }],
    generations: [puk],
  };
}

/** The state after one more link. Throws CryptoError; the given state stays valid. */
export function extendUserChain(state: UserChainState, bytes: Uint8Array): UserChainState {
  const link = decodeLink(bytes);
  const { outer } = link;
  const body = decodeUserBody(outer.type, requirePlace(link, 'user', { id: state.userId, seqno: state.seqno, tail: headOf(state) }));
  ensure(outer.signerUser !== null && equalBytes(outer.signerUser, state.userId), 'not_allowed', 'only the user signs the own chain');
  const signer = state.devices.find((device) => equalBytes(device.deviceId, outer.signerDevice));
  ensure(signer !== undefined && signer.revokedAt === null, 'not_allowed', 'signed by no active device');
  const next = { ...state, seqno: outer.seqno, tails: [...state.tails, linkHash(link.outerBytes)] };
  if (body.type === 'root') throw new CryptoError('broken_chain', 'a second root');
  if (body.type === 'add_device') {
    requireSignatures(link, [signer, body.device]);
    return addDevice(next, body.device, body.boxHash);
  }
  requireSignatures(link, [signer]);
  if (body.type === 'rotate_puk') return rotate(next, body.puk);
  ensure(
    !body.deviceIds.some((id) => equalBytes(id, signer.deviceId)),
    'invalid_link',
    'a device cannot revoke itself: it would know the new key',
  );
  return rotate(revokeDevices(next, body.deviceIds), body.puk);
}

function addDevice(state: UserChainState, device: DevicePublic, sealed: Uint8Array): UserChainState {
  ensure(!state.devices.some((known) => equalBytes(known.deviceId, device.deviceId)), 'invalid_link', 'the device was there before');
  ensure(activeDevices(state).length < maxDevices, 'invalid_link', 'too many devices');
  const current = currentGeneration(state);
  const slot = { recipient: device.deviceId, recipientGeneration: null, boxHash: sealed, chainId: state.userId };
  return {
    ...state,
    devices: [...state.devices, { ...device, addedAt: state.seqno, labelGeneration: current.generation, revokedAt: null }],
    generations: [...state.generations.slice(0, -1), { ...current, boxes: [...current.boxes, slot] }],
  };
}

function revokeDevices(state: UserChainState, deviceIds: readonly Uint8Array[]): UserChainState {
  const isNamed = (device: DeviceState): boolean => device.revokedAt === null && deviceIds.some((id) => equalBytes(id, device.deviceId));
  ensure(
    deviceIds.length > 0 && state.devices.filter(isNamed).length === deviceIds.length,
    'invalid_link',
    'revokes something that is not an active device',
  );
  return { ...state, devices: state.devices.map((device) => (isNamed(device) ? { ...device, revokedAt: state.seqno } : device)) };
}

function rotate(state: UserChainState, puk: GenerationLink): UserChainState {
  const recipients = activeDevices(state).map((device) => device.deviceId);
  const generation = adoptGeneration(puk, {
    current: currentGeneration(state),
    recipients,
    chainId: state.userId,
    seqno: state.seqno,
    allowCut: false,
  });
  return { ...state, generations: [...state.generations, generation] };
}

export function activeDevices(state: UserChainState): readonly DeviceState[] {
  return state.devices.filter((device) => device.revokedAt === null);
}

/** The newest generation of a chain, the only one that may be sealed to. */
export function currentGeneration(state: { readonly generations: readonly Generation[] }): Generation {
  const current = state.generations.at(-1);
  ensure(current !== undefined, 'unknown_chain', 'a chain without keys');
  return current;
}

export function generationAt(state: { readonly generations: readonly Generation[] }, generation: number): Generation {
  const found = state.generations[generation - 1];
  ensure(found !== undefined, 'unknown_chain', `generation ${generation} is not known here`);
  return found;
}

/** linkHash of the last link: with `seqno`, the chain's head. */
export function headOf(state: { readonly tails: readonly Uint8Array[] }): Uint8Array {
  const tail = state.tails.at(-1);
  ensure(tail !== undefined, 'unknown_chain', 'a chain without links');
  return tail;
}
