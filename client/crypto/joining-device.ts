import { linkHash, decodeLink } from '../../server/protocol/link.ts';
import { ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices, type UserChainState } from '../../server/protocol/user-state.ts';
import type { DeviceKeys } from './device.ts';
import {
  type Answer,
  answerMac,
  commitmentTo,
  decodeLinkMessage,
  encodeLinkMessage,
  encodeOpening,
  type LinkCode,
  linkDigits,
  unexpected,
  writeLinkCode,
} from './device-link.ts';
import { randomBytes } from './primitives.ts';
import { acceptDevice } from './user-keys.ts';

/** The new device's side of a device link: where it stands. A plain value; each step makes a new one. */
export interface Joining {
  /** `comparing`: the person compares the digits and says so with `confirmAsJoining`. `joined`: load the account, then `requireJoined`. */
  readonly stage: 'waiting' | 'comparing' | 'joining' | 'joined';
  readonly digits: string | null;
  readonly userId: Uint8Array | null;
  /** The link that adds this device, once it has been signed here. */
  readonly linkHash: Uint8Array | null;
  readonly device: DeviceKeys;
  readonly code: LinkCode;
  readonly opening: Uint8Array;
  /** A draft that came before the digits were compared. */
  readonly earlyDraft: Uint8Array | null;
}

/** After a step: `message` is to be sent when it is not null. */
export interface JoiningStep {
  readonly joining: Joining;
  readonly message: Uint8Array | null;
}

/**
 * `label`: what the other device may call this one unless the person says otherwise; the server sees it, so no more than it knows anyway.
 * `code`: the text of the QR code. `message`: the first one to send.
 */
export function beginJoining(options: { readonly deviceLinkId: Uint8Array; readonly device: DeviceKeys; readonly label: string }): {
  readonly joining: Joining;
  readonly message: Uint8Array;
  readonly code: string;
} {
  const { deviceLinkId, device, label } = options;
  const { deviceId, kind, signPk, kemPk } = device;
  const opening = encodeOpening({
    device: { deviceId, kind, signPk, kemPk, labelCiphertext: new Uint8Array() },
    label,
    nonce: randomBytes(32),
  });
  const code = { deviceLinkId, secret: randomBytes(16), commitment: commitmentTo(deviceLinkId, opening) };
  const joining: Joining = { stage: 'waiting', digits: null, userId: null, linkHash: null, device, code, opening, earlyDraft: null };
  return { joining, message: encodeLinkMessage({ type: 'commitment', commitment: code.commitment }), code: writeLinkCode(code) };
}

/** The other side's next message. Throws CryptoError: then the link is over, and nothing was signed. */
export function receiveAsJoining(joining: Joining, bytes: Uint8Array): JoiningStep {
  const message = decodeLinkMessage(bytes);
  const { stage } = joining;
  if (message.type === 'answer' && stage === 'waiting') return takeAnswer(joining, message.answer);
  if (message.type === 'draft' && stage === 'comparing') return { joining: { ...joining, earlyDraft: message.link }, message: null };
  if (message.type === 'draft' && stage === 'joining') return signDraft(joining, message.link);
  if (message.type === 'done' && stage === 'joining' && joining.linkHash !== null)
    return { joining: { ...joining, stage: 'joined' }, message: null };
  throw unexpected(message);
}

/** The person has compared the digits on both screens and found them the same. */
export function confirmAsJoining(joining: Joining): JoiningStep {
  ensure(joining.stage === 'comparing', 'not_allowed', 'there is nothing to compare');
  const confirmed: Joining = { ...joining, stage: 'joining' };
  return joining.earlyDraft === null ? { joining: confirmed, message: null } : signDraft(confirmed, joining.earlyDraft);
}

/** Throws unless this is the account that was joined, and its chain has this device by the very link that was signed here. */
export function requireJoined(joining: Joining, state: UserChainState): void {
  const { userId, linkHash: signed, device } = joining;
  ensure(joining.stage === 'joined' && userId !== null && signed !== null, 'not_allowed', 'the device is not let in yet');
  ensure(equalBytes(state.userId, userId), 'bad_id', 'the chain of another account');
  const isThere =
    state.tails.some((tail) => equalBytes(tail, signed)) &&
    activeDevices(state).some((known) => equalBytes(known.deviceId, device.deviceId));
  ensure(isThere, 'broken_chain', 'the link that adds this device is not on the chain');
}

function takeAnswer(joining: Joining, answer: Answer): JoiningStep {
  const { code, opening } = joining;
  const isByCode = answer.mac !== null;
  if (answer.mac !== null)
    ensure(equalBytes(answer.mac, answerMac(code, answer)), 'bad_signature', 'the answer is not from the device that read the code');
  const digits = isByCode ? null : linkDigits(code.deviceLinkId, code.commitment, answer, opening);
  return {
    joining: { ...joining, stage: isByCode ? 'joining' : 'comparing', userId: answer.userId, digits },
    message: encodeLinkMessage({ type: 'opening', opening }),
  };
}

function signDraft(joining: Joining, draft: Uint8Array): JoiningStep {
  ensure(joining.userId !== null, 'not_allowed', 'no account to join');
  const { outerBytes, signatures } = decodeLink(acceptDevice(draft, joining.device, joining.userId));
  const signature = signatures.at(-1)?.signature ?? new Uint8Array();
  return {
    joining: { ...joining, linkHash: linkHash(outerBytes), earlyDraft: null },
    message: encodeLinkMessage({ type: 'signature', signature }),
  };
}
