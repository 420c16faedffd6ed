import { bodyHash, type ChainKind, decodeLink, encodeLink, encodeOuter } from '../../server/protocol/link.ts';
import type { DeviceKeys } from './device.ts';
import { sign } from './primitives.ts';

/** Who signs, with which device, and when (milliseconds since 1970). */
export interface Signer {
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
  readonly createdAt: number;
}

/** A link with the signer's signature. `chain` and `userId` are null for a root. */
export function signLink(
  kind: ChainKind,
  chain: { readonly id: Uint8Array; readonly seqno: number; readonly tail: Uint8Array } | null,
  content: { readonly type: number; readonly body: Uint8Array },
  signer: Omit<Signer, 'userId'> & { readonly userId: Uint8Array | null },
): Uint8Array {
  const outerBytes = encodeOuter({
    chainKind: kind,
    chainId: chain?.id ?? null,
    seqno: (chain?.seqno ?? 0) + 1,
    prev: chain?.tail ?? null,
    type: content.type,
    bodyHash: bodyHash(content.body),
    checkpoint: null,
    signerUser: signer.userId,
    signerDevice: signer.device.deviceId,
    createdAt: signer.createdAt,
  });
  return encodeLink({ outerBytes, body: content.body, signatures: [linkSignature(outerBytes, signer.device)] });
}

/** Adds a signature: of a co-signer the body names, or of the device that is being added. Look at the link before. */
export function coSignLink(bytes: Uint8Array, device: DeviceKeys): Uint8Array {
  const link = decodeLink(bytes);
  return encodeLink({ ...link, signatures: [...link.signatures, linkSignature(link.outerBytes, device)] });
}

function linkSignature(outerBytes: Uint8Array, device: DeviceKeys) {
  return { deviceId: device.deviceId, signature: sign('gim1/link-sig', outerBytes, device.signSk) };
}
