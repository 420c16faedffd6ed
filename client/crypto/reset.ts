import type { InboxChainState } from '../../server/protocol/inbox-state.ts';
import {
  attestationStatement,
  decodeResetDraft,
  encodeAttestation,
  encodeResetDraft,
  requireDraftFits,
} from '../../server/protocol/reset-statement.ts';
import { encodeUserBody, userLinkTypes } from '../../server/protocol/user-bodies.ts';
import { currentGeneration, headOf, type UserChainState } from '../../server/protocol/user-state.ts';
import { type DeviceKeys, publicDevice } from './device.ts';
import { createGeneration, type GenerationKeys, type SealedLink } from './generation-keys.ts';
import { sign } from './primitives.ts';
import { type Signer, signLink } from './sign-link.ts';

/**
 * What somebody who has lost all keys asks the registrars to sign: that the account goes on with this new browser and a new PUK.
 * Keep the device's seed, the draft and the box until the delay is over.
 */
export function draftReset(options: { readonly state: UserChainState; readonly device: DeviceKeys }): {
  readonly draft: Uint8Array;
  readonly box: Uint8Array;
  readonly keys: GenerationKeys;
} {
  const { state, device } = options;
  const recipient = { recipient: device.deviceId, recipientGeneration: null, kemPk: device.kemPk };
  const puk = createGeneration('puk', state.userId, [recipient], { generation: currentGeneration(state).generation + 1, previous: null });
  const draft = encodeResetDraft({
    userId: state.userId,
    seqno: state.seqno + 1,
    prev: headOf(state),
    device: publicDevice(device, '', puk.keys),
    puk: puk.link,
  });
  return { draft, box: puk.boxes[0] ?? new Uint8Array(), keys: puk.keys };
}

/**
 * A registrar's signature, after he has made sure who the person is and that the person's page shows this draft.
 * `state`: the person's chain as it is now. Throws CryptoError when the draft does not follow it.
 */
export function attestReset(options: {
  readonly draft: Uint8Array;
  readonly state: UserChainState;
  readonly registrars: InboxChainState;
  readonly signer: Signer;
}): Uint8Array {
  const { draft, state, registrars, signer } = options;
  requireDraftFits(draft, state);
  const attestation = {
    registrarId: signer.userId,
    deviceId: signer.device.deviceId,
    inboxId: registrars.inboxId,
    inboxSeqno: registrars.seqno,
    inboxTail: headOf(registrars),
    attestedAt: signer.createdAt,
  };
  const signature = sign('gim1/reset-att', attestationStatement(draft, attestation), signer.device.signSk);
  return encodeAttestation({ ...attestation, signature });
}

/** The link that puts the reset on the chain, at or after `notBefore`, signed by the new device. */
export function finishReset(options: {
  readonly draft: Uint8Array;
  readonly box: Uint8Array;
  /** Two, by different registrars. */
  readonly attestations: readonly Uint8Array[];
  readonly notBefore: number;
  readonly device: DeviceKeys;
  readonly createdAt: number;
}): SealedLink {
  const { draft, box, attestations, notBefore, device, createdAt } = options;
  const { userId, seqno, prev } = decodeResetDraft(draft);
  const body = encodeUserBody({ type: 'reset', draft, attestations, notBefore });
  const chain = { id: userId, seqno: seqno - 1, tail: prev };
  const link = signLink('user', chain, { type: userLinkTypes.reset, body }, { userId, device, createdAt });
  return { link, boxes: [box], prevBox: null };
}
