import { decode, encode, readBytes, readHash, readTuple, readU32, readUint } from './codec.ts';
import { type DevicePublic, readDevice, writeDevice } from './device-format.ts';
import { type GenerationLink, readGeneration, writeGeneration } from './generation.ts';
import { lp } from './hash.ts';
import { type InboxChainState, memberChain, registrarsName } from './inbox-state.ts';
import { requireVersion, suite, version } from './link.ts';
import { ensure, equalBytes, verifySignature } from './sodium.ts';
import type { ResetBody } from './user-bodies.ts';
import { currentGeneration, headOf, type UserChainState } from './user-state.ts';
import { requireDevice, type Verification } from './verification.ts';

/*
 * Frozen:
 * ResetDraft  = [v 1, suite 1, user_id, seqno, prev, device, puk]       the place in the chain, the only device, and the new PUK sealed to it
 * Attestation = [registrar user_id, device_id, inbox_id, inbox_seqno, inbox_tail, attested_at, sig]
 *   sig = Ed25519("gim1/reset-att" ‖ lp(ResetDraft bytes, user_id, device_id, inbox_id, inbox_seqno, inbox_tail, attested_at))
 * The reset link's Outer names the same user, seqno and prev, and is signed by the new device; created ≥ not_before ≥ the later attested_at + 24 h.
 */
export interface ResetDraft {
  readonly userId: Uint8Array;
  readonly seqno: number;
  readonly prev: Uint8Array;
  readonly device: DevicePublic;
  readonly puk: GenerationLink;
}

/** A registrar's word that who holds this new device is the account's owner. */
export interface Attestation {
  readonly registrarId: Uint8Array;
  readonly deviceId: Uint8Array;
  /** The registrars' inbox, and its head the registrar had verified. */
  readonly inboxId: Uint8Array;
  readonly inboxSeqno: number;
  readonly inboxTail: Uint8Array;
  /** Milliseconds since 1970, by the registrar's clock. */
  readonly attestedAt: number;
  readonly signature: Uint8Array;
}

/** What it takes to judge a reset. */
export interface ResetContext {
  /** The registrars' inbox, found by its name; null where it is not known. */
  readonly registrars: InboxChainState | null;
  /** Chains of the registrars, as far as `replayUntilReset` goes. */
  readonly user: Verification['user'];
  /** This program's clock, milliseconds since 1970. */
  readonly now: number;
  readonly moment: 'past' | 'now';
}

export const resetDelayMs = 24 * 60 * 60_000;
/** How far clocks may be apart. */
const clockSkewMs = 10 * 60_000;

export function encodeResetDraft({ userId, seqno, prev, device, puk }: ResetDraft): Uint8Array {
  return encode([version, suite, userId, seqno, prev, writeDevice(device), writeGeneration(puk)]);
}

export function decodeResetDraft(bytes: Uint8Array): ResetDraft {
  const decoded = decode(bytes, 8192);
  requireVersion(decoded);
  const [, , userId, seqno, prev, device, puk] = readTuple(decoded, 7);
  return {
    userId: readHash(userId),
    seqno: readU32(seqno),
    prev: readHash(prev),
    device: readDevice(device),
    puk: readGeneration(puk, 'puk'),
  };
}

/** Throws unless the draft would follow this chain and gives the account to one new browser with new keys that lead nowhere back. */
export function requireDraftFits(bytes: Uint8Array, state: UserChainState): ResetDraft {
  const draft = decodeResetDraft(bytes);
  ensure(equalBytes(draft.userId, state.userId), 'bad_id', 'a reset of another account');
  ensure(draft.seqno === state.seqno + 1 && equalBytes(draft.prev, headOf(state)), 'broken_chain', 'the chain has moved on since');
  const isNew = !state.devices.some((known) => equalBytes(known.deviceId, draft.device.deviceId));
  ensure(isNew && draft.device.kind === 'browser', 'invalid_link', 'the account goes on with one new browser');
  const { generation, prevBoxHash, boxes } = draft.puk;
  const [box] = boxes;
  ensure(generation === currentGeneration(state).generation + 1 && prevBoxHash === null, 'invalid_link', 'the old keys end here');
  ensure(
    boxes.length === 1 && box !== undefined && equalBytes(box.recipient, draft.device.deviceId),
    'invalid_link',
    'sealed to others than the new device',
  );
  return draft;
}

export function encodeAttestation(attestation: Attestation): Uint8Array {
  const { registrarId, deviceId, inboxId, inboxSeqno, inboxTail, attestedAt, signature } = attestation;
  return encode([registrarId, deviceId, inboxId, inboxSeqno, inboxTail, attestedAt, signature]);
}

export function decodeAttestation(bytes: Uint8Array): Attestation {
  const [registrarId, deviceId, inboxId, inboxSeqno, inboxTail, attestedAt, signature] = readTuple(decode(bytes, 1024), 7);
  return {
    registrarId: readHash(registrarId),
    deviceId: readBytes(deviceId, 16),
    inboxId: readHash(inboxId),
    inboxSeqno: readU32(inboxSeqno),
    inboxTail: readHash(inboxTail),
    attestedAt: readUint(attestedAt),
    signature: readBytes(signature, 64),
  };
}

/** What a registrar signs under "gim1/reset-att". */
export function attestationStatement(draft: Uint8Array, attestation: Omit<Attestation, 'signature'>): Uint8Array {
  const { registrarId, deviceId, inboxId, inboxSeqno, inboxTail, attestedAt } = attestation;
  return lp(draft, registrarId, deviceId, inboxId, inboxSeqno, inboxTail, attestedAt);
}

/**
 * Throws unless a registrar attested this draft: somebody of the registrars' inbox who may write, who was not reset himself, and whose own
 * account this is not. With moment 'now' still so, and just now.
 */
export function verifyAttestation(draft: Uint8Array, bytes: Uint8Array, context: ResetContext): Attestation {
  const attestation = decodeAttestation(bytes);
  const { registrarId, deviceId, inboxId, inboxSeqno, inboxTail, attestedAt, signature } = attestation;
  const { registrars, moment, now } = context;
  ensure(registrars !== null, 'unknown_chain', 'the registrars are not known here');
  ensure(registrars.name === registrarsName && equalBytes(registrars.inboxId, inboxId), 'bad_id', 'another inbox than the registrars’');
  const tail = registrars.tails[inboxSeqno - 1];
  ensure(tail !== undefined && equalBytes(tail, inboxTail), 'broken_chain', 'names a head that is not on the chain');
  const stay = registrars.memberships.find(
    ({ userId, from, until, role }) =>
      equalBytes(userId, registrarId) &&
      role !== 'auditor' &&
      from <= inboxSeqno &&
      (until === null || (moment === 'past' && until > inboxSeqno)),
  );
  ensure(stay !== undefined, 'not_allowed', 'attested by nobody of the registrars');
  ensure(!equalBytes(decodeResetDraft(draft).userId, registrarId), 'not_allowed', 'nobody attests his own reset');
  const generation = registrars.generations.findLast((candidate) => candidate.seqno <= inboxSeqno);
  const slot = generation?.boxes.find((box) => equalBytes(box.recipient, registrarId));
  ensure(slot !== undefined, 'not_allowed', 'attested by a registrar without keys');
  const device = requireDevice(memberChain(registrars, stay, context), deviceId, slot.recipientGeneration ?? 1, moment);
  const isSigned = verifySignature('gim1/reset-att', attestationStatement(draft, attestation), signature, device.signPk);
  ensure(isSigned, 'bad_signature', 'the attestation is not valid');
  const isTimely = moment === 'now' ? Math.abs(attestedAt - now) <= clockSkewMs : attestedAt <= now + clockSkewMs;
  ensure(isTimely, 'invalid_link', 'attested at another time than it says');
  return attestation;
}

/** Judges the body of a reset link that was created at `createdAt`. Returns who attested it. */
export function verifyReset(body: ResetBody, createdAt: number, context: ResetContext): readonly Uint8Array[] {
  // Registrars come and go during the delay: they must have been registrars when they signed.
  const attestations = body.attestations.map((bytes) => verifyAttestation(body.draft, bytes, { ...context, moment: 'past' }));
  const ids = attestations.map(({ registrarId }) => registrarId);
  ensure(new Set(ids.map(String)).size === 2, 'bad_signature', 'two registrars attest a reset');
  const earliest = Math.max(...attestations.map(({ attestedAt }) => attestedAt)) + resetDelayMs;
  ensure(body.notBefore >= earliest && createdAt >= body.notBefore, 'not_allowed', 'a reset waits a day');
  const isDue = context.now + (context.moment === 'now' ? 0 : clockSkewMs) >= body.notBefore;
  ensure(isDue, 'not_allowed', 'the reset is not in force yet');
  return ids;
}
