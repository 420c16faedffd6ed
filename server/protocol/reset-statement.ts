import { deviceFormat } from './device-format.ts';
import { bytes, fromBytes, hash32, toBytes, tuple, u32, uint, type ValueOf, versioned } from './format.ts';
import { pukFormat } from './generation.ts';
import { lp } from './hash.ts';
import { type InboxChainState, memberChain, registrarsName } from './inbox-state.ts';
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
const draftFormat = versioned({ userId: hash32, seqno: u32, prev: hash32, device: deviceFormat, puk: pukFormat });
export type ResetDraft = ValueOf<typeof draftFormat>;

/** A registrar's word that who holds this new device is the account's owner. */
const attestationFormat = tuple({
  registrarId: hash32,
  deviceId: bytes(16),
  /** The registrars' inbox, and its head the registrar had verified. */
  inboxId: hash32,
  inboxSeqno: u32,
  inboxTail: hash32,
  /** Milliseconds since 1970, by the registrar's clock. */
  attestedAt: uint(),
  signature: bytes(64),
});
export type Attestation = ValueOf<typeof attestationFormat>;

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

export function encodeResetDraft(draft: ResetDraft): Uint8Array {
  return toBytes(draftFormat, draft);
}

export function decodeResetDraft(encoded: Uint8Array): ResetDraft {
  return fromBytes(draftFormat, encoded, 8192);
}

/** Throws unless the draft would follow this chain and gives the account to one new browser with new keys that lead nowhere back. */
export function requireDraftFits(encoded: Uint8Array, state: UserChainState): ResetDraft {
  const draft = decodeResetDraft(encoded);
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
  return toBytes(attestationFormat, attestation);
}

export function decodeAttestation(encoded: Uint8Array): Attestation {
  return fromBytes(attestationFormat, encoded, 1024);
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
export function verifyAttestation(draft: Uint8Array, encoded: Uint8Array, context: ResetContext): Attestation {
  const attestation = decodeAttestation(encoded);
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
  const attestations = body.attestations.map((encoded) => verifyAttestation(body.draft, encoded, { ...context, moment: 'past' }));
  const ids = attestations.map(({ registrarId }) => registrarId);
  ensure(new Set(ids.map(String)).size === 2, 'bad_signature', 'two registrars attest a reset');
  const earliest = Math.max(...attestations.map(({ attestedAt }) => attestedAt)) + resetDelayMs;
  ensure(body.notBefore >= earliest && createdAt >= body.notBefore, 'not_allowed', 'a reset waits a day');
  const isDue = context.now + (context.moment === 'now' ? 0 : clockSkewMs) >= body.notBefore;
  ensure(isDue, 'not_allowed', 'the reset is not in force yet');
  return ids;
}
