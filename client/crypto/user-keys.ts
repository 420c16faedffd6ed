import { boxHash, decodeLink } from '../../server/protocol/link.ts';
import { ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { decodeUserBody, encodeUserBody, type UserBody, userLinkTypes } from '../../server/protocol/user-bodies.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { activeDevices, headOf, type UserChainState } from '../../server/protocol/user-state.ts';
import { type DeviceKeys, publicDevice } from './device.ts';
import {
  createGeneration,
  type GenerationKeys,
  openGenerations,
  type Recipient,
  type SealedLink,
  sealSeed,
  type StoredBoxes,
} from './generation-keys.ts';
import { randomBytes } from './primitives.ts';
import { coSignLink, type Signer, signLink } from './sign-link.ts';

/** A new account on its first device: the root link with PUK generation 1, sealed to that device. */
export function createUser(options: {
  readonly device: DeviceKeys;
  readonly label: string;
  readonly createdAt: number;
}): SealedLink & { readonly keys: GenerationKeys; readonly state: UserChainState } {
  const { device, label, createdAt } = options;
  const nonce = randomBytes(32);
  const puk = createGeneration('puk', nonce, [recipientOf(device)], { generation: 1, previous: null });
  const body: UserBody = { type: 'root', nonce, device: publicDevice(device, label, puk.keys), puk: puk.link };
  const link = signLink('user', null, { type: userLinkTypes.root, body: encodeUserBody(body) }, { userId: null, device, createdAt });
  return { link, boxes: puk.boxes, prevBox: null, keys: puk.keys, state: replayUserChain([link]) };
}

/**
 * A link that adds a device, signed by an active one, with the current PUK seed sealed to the new device.
 * It is valid once the new device has signed too: `acceptDevice`.
 */
export function addDevice(options: {
  readonly state: UserChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
  readonly newDevice: Pick<DeviceKeys, 'deviceId' | 'kind' | 'signPk' | 'kemPk'>;
  readonly label: string;
}): SealedLink {
  const { state, signer, keys, newDevice, label } = options;
  const box = sealSeed('puk', state.userId, keys, recipientOf(newDevice));
  const link = signUserLink(state, signer, { type: 'add_device', device: publicDevice(newDevice, label, keys), boxHash: boxHash(box) });
  return { link, boxes: [box], prevBox: null };
}

/** The new device's signature: proves that it has the keys. Refuses anything but its own addition to this user's chain. */
export function acceptDevice(link: Uint8Array, newDevice: DeviceKeys, userId: Uint8Array): Uint8Array {
  const { outer, body } = decodeLink(link);
  ensure(
    outer.chainKind === 'user' && outer.chainId !== null && equalBytes(outer.chainId, userId) && body !== null,
    'bad_id',
    'a link of another account',
  );
  const content = decodeUserBody(outer.type, body);
  ensure(
    content.type === 'add_device' && equalBytes(content.device.deviceId, newDevice.deviceId),
    'invalid_link',
    'does not add this device',
  );
  return coSignLink(link, newDevice);
}

/** Revokes devices and gives the others a new PUK, in one link. The signing device cannot be among them. */
export function revokeDevices(options: {
  readonly state: UserChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
  readonly deviceIds: readonly Uint8Array[];
}): SealedLink & { readonly keys: GenerationKeys } {
  const { state, signer, keys, deviceIds } = options;
  const remaining = activeDevices(state).filter((device) => !deviceIds.some((id) => equalBytes(id, device.deviceId)));
  const puk = createGeneration('puk', state.userId, remaining.map(recipientOf), { generation: keys.generation + 1, previous: keys });
  const link = signUserLink(state, signer, { type: 'revoke_device', deviceIds, puk: puk.link });
  return { link, boxes: puk.boxes, prevBox: puk.prevBox, keys: puk.keys };
}

/** A new PUK for the same devices. */
export function rotateUserKey(options: {
  readonly state: UserChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
}): SealedLink & { readonly keys: GenerationKeys } {
  const { state, signer, keys } = options;
  const puk = createGeneration('puk', state.userId, activeDevices(state).map(recipientOf), {
    generation: keys.generation + 1,
    previous: keys,
  });
  const link = signUserLink(state, signer, { type: 'rotate_puk', puk: puk.link });
  return { link, boxes: puk.boxes, prevBox: puk.prevBox, keys: puk.keys };
}

/** The user's PUK generations this device can open, oldest first. */
export function openUserKeys(state: UserChainState, device: DeviceKeys, stored: readonly StoredBoxes[]): readonly GenerationKeys[] {
  return openGenerations({ kind: 'puk', id: state.userId, generations: state.generations }, device.deviceId, () => device, stored);
}

function signUserLink(state: UserChainState, signer: Signer, body: UserBody): Uint8Array {
  return signLink(
    'user',
    { id: state.userId, seqno: state.seqno, tail: headOf(state) },
    { type: userLinkTypes[body.type], body: encodeUserBody(body) },
    signer,
  );
}

function recipientOf(device: Pick<DeviceKeys, 'deviceId' | 'kemPk'>): Recipient {
  return { recipient: device.deviceId, recipientGeneration: null, kemPk: device.kemPk };
}
