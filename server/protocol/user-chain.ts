import { adoptGeneration, type GenerationLink } from './generation.ts';
import type { DevicePublic } from './device-format.ts';
import { hash } from './hash.ts';
import { decodeLink, type Link, linkHash, requireChainLength, requirePlace, requireSignatures } from './link.ts';
import { requireDraftFits, type ResetContext, verifyReset } from './reset-statement.ts';
import { ensure, equalBytes } from './sodium.ts';
import { decodeUserBody, maxDevices, type ResetBody, userLinkTypes } from './user-bodies.ts';
import { activeDevices, currentGeneration, type DeviceState, headOf, type UserChainState } from './user-state.ts';

/** user_id = H("gim1/uid", root Outer bytes): who knows the id cannot be shown another root for it. */
export function userIdOf(rootOuterBytes: Uint8Array): Uint8Array {
  return hash('gim1/uid', rootOuterBytes);
}

/**
 * Verifies a chain from its root. With `expectedId`, the root must be the one that id names. Without a `context` that knows the registrars
 * a reset throws `unknown_chain`; its moment is the last link's. Throws CryptoError.
 */
export function replayUserChain(
  links: readonly Uint8Array[],
  expectedId: Uint8Array | null = null,
  context: ResetContext | null = null,
): UserChainState {
  const past = context && { ...context, moment: 'past' as const };
  const [first, ...rest] = startChain(links, expectedId);
  return rest.reduce((state, link, index) => extendUserChain(state, link, index === rest.length - 1 ? context : past), first);
}

/**
 * The same as far as it goes without knowing the registrars: up to the first reset, where every device counts as revoked. For the members
 * of the registrars' inbox, whom nothing else can vouch for; equals `untilReset` of the whole chain.
 */
export function replayUntilReset(links: readonly Uint8Array[], expectedId: Uint8Array | null = null): UserChainState {
  let [state, ...rest] = startChain(links, expectedId);
  for (const bytes of rest) {
    const link = decodeLink(bytes);
    if (link.outer.type === userLinkTypes.reset) {
      requirePlace(link, 'user', placeOf(state));
      return revokeAll(state, state.seqno + 1);
    }
    state = extendUserChain(state, bytes);
  }
  return state;
}

/** Whether one of these links says it is a reset. Verifies nothing. */
export function hasReset(links: readonly Uint8Array[]): boolean {
  return links.some((link) => decodeLink(link).outer.type === userLinkTypes.reset);
}

function startChain(links: readonly Uint8Array[], expectedId: Uint8Array | null): readonly [UserChainState, ...Uint8Array[]] {
  requireChainLength(links, 'user');
  const [root, ...rest] = links;
  ensure(root !== undefined, 'broken_chain', 'an empty chain');
  const first = startUserChain(root);
  ensure(expectedId === null || equalBytes(first.userId, expectedId), 'bad_id', 'the root is not the one the user id names');
  return [first, ...rest];
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
    resets: [],
    tokenHashes: [],
  };
}

/** The state after one more link. Throws CryptoError; the given state stays valid. */
export function extendUserChain(state: UserChainState, bytes: Uint8Array, context: ResetContext | null = null): UserChainState {
  const link = decodeLink(bytes);
  const { outer } = link;
  const body = decodeUserBody(outer.type, requirePlace(link, 'user', placeOf(state)));
  ensure(outer.signerUser !== null && equalBytes(outer.signerUser, state.userId), 'not_allowed', 'only the user signs the own chain');
  ensure(body.type !== 'root', 'broken_chain', 'a second root');
  const next = { ...state, seqno: outer.seqno, tails: [...state.tails, linkHash(link.outerBytes)] };
  if (body.type === 'reset') return reset(state, next, body, link, context);
  const signer = state.devices.find((device) => equalBytes(device.deviceId, outer.signerDevice));
  ensure(signer !== undefined && signer.revokedAt === null, 'not_allowed', 'signed by no active device');
  requireSignatures(link, body.type === 'add_device' ? [signer, body.device] : [signer]);
  if (body.type === 'add_device') return addDevice(next, body.device, body.boxHash);
  if (body.type === 'attest') return { ...next, tokenHashes: [...next.tokenHashes, body.tokenHash] };
  if (body.type === 'rotate_puk') return rotate(next, body.puk);
  const revokesItself = body.deviceIds.some((id) => equalBytes(id, signer.deviceId));
  ensure(!revokesItself, 'invalid_link', 'a device cannot revoke itself: it would know the new key');
  return rotate(revokeDevices(next, body.deviceIds), body.puk);
}

function placeOf(state: UserChainState) {
  return { id: state.userId, seqno: state.seqno, tail: headOf(state) };
}

/** The account goes on with one new device, and with new keys that do not lead back to the old ones. */
function reset(before: UserChainState, next: UserChainState, body: ResetBody, link: Link, context: ResetContext | null): UserChainState {
  const { device, puk } = requireDraftFits(body.draft, before);
  ensure(equalBytes(link.outer.signerDevice, device.deviceId), 'bad_signature', 'the new device signs the reset');
  requireSignatures(link, [device]);
  ensure(context !== null, 'unknown_chain', 'a reset cannot be judged without the registrars');
  const registrarIds = verifyReset(body, link.outer.createdAt, context);
  const { seqno } = next;
  const generation = adoptGeneration(puk, {
    current: currentGeneration(before),
    recipients: [device.deviceId],
    chainId: next.userId,
    seqno,
    allowCut: true,
  });
  return {
    ...next,
    devices: [...revokeAll(next, seqno).devices, { ...device, addedAt: seqno, labelGeneration: puk.generation, revokedAt: null }],
    generations: [...next.generations, generation],
    resets: [...next.resets, { seqno, generation: puk.generation, notBefore: body.notBefore, registrarIds }],
  };
}

function revokeAll(state: UserChainState, seqno: number): UserChainState {
  return { ...state, devices: state.devices.map((device) => ({ ...device, revokedAt: device.revokedAt ?? seqno })) };
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
