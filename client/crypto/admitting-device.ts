import type { DevicePublic } from '../../server/protocol/device-format.ts';
import { decodeLink, encodeLink } from '../../server/protocol/link.ts';
import { ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { extendUserChain } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import {
  type Answer,
  answerMac,
  decodeLinkMessage,
  encodeLinkMessage,
  type LinkCode,
  linkDigits,
  requireOpening,
  unexpected,
} from './device-link.ts';
import type { GenerationKeys, SealedLink } from './generation-keys.ts';
import { randomBytes } from './primitives.ts';
import type { Signer } from './sign-link.ts';
import { addDevice } from './user-keys.ts';

/** The side of the device that lets another one in: where it stands. A plain value; each step makes a new one. */
export interface Admitting {
  /** `deciding`: the person looks (and compares the digits, if there are any), then `admitDevice`. `complete`: post `link`, then `finishAdmitting`. */
  readonly stage: 'waiting' | 'deciding' | 'signing' | 'complete';
  /** Null when the code was scanned: there is nothing to compare. */
  readonly digits: string | null;
  readonly device: DevicePublic | null;
  readonly suggestedLabel: string;
  /** With both signatures, ready for `account:extend`. */
  readonly link: SealedLink | null;
  readonly deviceLinkId: Uint8Array;
  readonly code: LinkCode | null;
  readonly commitment: Uint8Array | null;
  readonly answer: Answer;
  readonly draft: { readonly sealed: SealedLink; readonly state: UserChainState } | null;
}

export interface AdmittingStep {
  readonly admitting: Admitting;
  readonly message: Uint8Array | null;
}

/** `code`: what the camera read, or null when the person typed the link's number. */
export function beginAdmitting(options: {
  readonly userId: Uint8Array;
  readonly deviceLinkId: Uint8Array;
  readonly code: LinkCode | null;
}): Admitting {
  const { userId, deviceLinkId, code } = options;
  ensure(code === null || equalBytes(code.deviceLinkId, deviceLinkId), 'bad_id', 'the code of another link');
  const answer = { userId, nonce: randomBytes(32) };
  return {
    stage: 'waiting',
    digits: null,
    device: null,
    suggestedLabel: '',
    link: null,
    deviceLinkId,
    code,
    commitment: null,
    answer: { ...answer, mac: code === null ? null : answerMac(code, answer) },
    draft: null,
  };
}

/** The new device's next message. Throws CryptoError: then the link is over, and nothing was signed. */
export function receiveAsAdmitting(admitting: Admitting, bytes: Uint8Array): AdmittingStep {
  const message = decodeLinkMessage(bytes);
  const { stage, commitment } = admitting;
  if (message.type === 'commitment' && stage === 'waiting' && commitment === null) return takeCommitment(admitting, message.commitment);
  if (message.type === 'opening' && stage === 'waiting' && commitment !== null)
    return { admitting: takeOpening(admitting, commitment, message.opening), message: null };
  if (message.type === 'signature' && stage === 'signing') return { admitting: takeSignature(admitting, message.signature), message: null };
  throw unexpected(message);
}

/**
 * The person wants the device in, under this label, and has found the digits the same. Signs the addition and seals the newest key to it.
 * Once more, with the newer state, when another link came first (`conflict`).
 */
export function admitDevice(
  admitting: Admitting,
  options: { readonly state: UserChainState; readonly signer: Signer; readonly keys: GenerationKeys; readonly label: string },
): { readonly admitting: Admitting; readonly message: Uint8Array } {
  const { device } = admitting;
  ensure(device !== null, 'not_allowed', 'no device has shown itself yet');
  ensure(equalBytes(options.state.userId, admitting.answer.userId), 'bad_id', 'another account than the one that was announced');
  const sealed = addDevice({ ...options, newDevice: device });
  return {
    admitting: { ...admitting, stage: 'signing', link: null, draft: { sealed, state: options.state } },
    message: encodeLinkMessage({ type: 'draft', link: sealed.link }),
  };
}

/** Tells the new device that the account has it. */
export function finishAdmitting(admitting: Admitting): Uint8Array {
  ensure(admitting.stage === 'complete', 'not_allowed', 'the new device has not signed yet');
  return encodeLinkMessage({ type: 'done' });
}

function takeCommitment(admitting: Admitting, commitment: Uint8Array): AdmittingStep {
  const { code, answer } = admitting;
  ensure(code === null || equalBytes(code.commitment, commitment), 'bad_id', 'another device than the one whose code was read');
  return { admitting: { ...admitting, commitment }, message: encodeLinkMessage({ type: 'answer', answer }) };
}

function takeOpening(admitting: Admitting, commitment: Uint8Array, bytes: Uint8Array): Admitting {
  const { deviceLinkId, code, answer } = admitting;
  const { device, label } = requireOpening(deviceLinkId, commitment, bytes);
  ensure(device.kind === 'browser', 'not_allowed', 'only a browser joins like this');
  const digits = code === null ? linkDigits(deviceLinkId, commitment, answer, bytes) : null;
  return { ...admitting, stage: 'deciding', device, suggestedLabel: label, digits };
}

function takeSignature(admitting: Admitting, signature: Uint8Array): Admitting {
  const { draft, device } = admitting;
  ensure(draft !== null && device !== null, 'not_allowed', 'nothing to sign yet');
  const drafted = decodeLink(draft.sealed.link);
  const link = encodeLink({ ...drafted, signatures: [...drafted.signatures, { deviceId: device.deviceId, signature }] });
  extendUserChain(draft.state, link);
  return { ...admitting, stage: 'complete', link: { ...draft.sealed, link } };
}
