import { encode } from './codec.ts';
import { bytes, bytesUpTo, fromBytes, hash32, list, named, nullable, toBytes, tuple, u32, type ValueOf, versioned } from './format.ts';
import { hash, lp } from './hash.ts';
import { limits } from './limits.ts';
import { checkpointFormat } from './link.ts';
import { ensure } from './sodium.ts';

/*
 * Frozen: EpochLink = [v 1, suite 1, conv_id 16, epoch, prev_epoch_hash | null,
 *                      [[kind, id, gen, H(kem_pk), chain_seqno, chain_tail], …],
 *                      commit, [H(box), …], prev_box_hash | null, reason, ckpt | null, signer_user, signer_device]
 *   epoch counts from 1; prev_epoch_hash and prev_box_hash are null in epoch 1 and only there. Boxes in the order of the readers.
 * SignedEpoch = [EpochLink bytes, sig]     sig = Ed25519("gim1/epoch-sig" ‖ EpochLink bytes)
 * epoch_link_hash = H("gim1/epoch", EpochLink bytes); H(kem_pk) = H("gim1/kem", kem_pk); H(readers) = H("gim1/readers", CBOR)
 * reader kind: 1 user (the citizen), 2 inbox, 3 member (an official by PUK: inbox stale, or a restricted conversation)
 * reason: 1 opened, 2 newer_key, 3 transfer, 4 limit, 5 stale_inbox, 6 restrict, 7 restored (an official gives the history to a citizen who was reset)
 */

const readerFormat = tuple({
  kind: named({ user: 1, inbox: 2, member: 3 }),
  /** user_id, or inbox_id for an inbox. */
  id: hash32,
  generation: u32,
  kemPkHash: hash32,
  /** The head of the reader's chain the signer had verified. */
  chainSeqno: u32,
  chainTail: hash32,
});
export type Reader = ValueOf<typeof readerFormat>;
export type ReaderKind = Reader['kind'];

const readersFormat = list(readerFormat, limits.readersPerEpoch);
const epochFormat = versioned({
  conversationId: bytes(16),
  epoch: u32,
  prevEpochHash: nullable(hash32),
  readers: readersFormat,
  commit: hash32,
  boxHashes: list(hash32, limits.readersPerEpoch),
  prevBoxHash: nullable(hash32),
  reason: named({ opened: 1, newer_key: 2, transfer: 3, limit: 4, stale_inbox: 5, restrict: 6, restored: 7 }),
  checkpoint: nullable(checkpointFormat),
  signerUser: hash32,
  signerDevice: bytes(16),
});
export type EpochLink = ValueOf<typeof epochFormat>;
export type EpochReason = EpochLink['reason'];

const signedFormat = tuple({ linkBytes: bytesUpTo(limits.linkBytes), signature: bytes(64) });

export interface SignedEpoch {
  readonly link: EpochLink;
  readonly linkBytes: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeEpochLink(link: EpochLink): Uint8Array {
  return toBytes(epochFormat, link);
}

export function encodeSignedEpoch(linkBytes: Uint8Array, signature: Uint8Array): Uint8Array {
  return toBytes(signedFormat, { linkBytes, signature });
}

/** Takes a signed epoch link apart; `verifyEpoch` judges it. */
export function decodeSignedEpoch(encoded: Uint8Array): SignedEpoch {
  const { linkBytes, signature } = fromBytes(signedFormat, encoded, limits.linkBytes);
  const link = fromBytes(epochFormat, linkBytes, limits.linkBytes);
  const isFirst = link.epoch === 1;
  ensure(
    link.epoch > 0 && isFirst === (link.prevEpochHash === null) && isFirst === (link.prevBoxHash === null),
    'malformed',
    'only the first epoch follows nothing',
  );
  ensure(link.boxHashes.length === link.readers.length, 'malformed', 'one box for each reader');
  return { link, linkBytes, signature };
}

/** What the next epoch and every envelope header name. */
export function epochLinkHash(linkBytes: Uint8Array): Uint8Array {
  return hash('gim1/epoch', linkBytes);
}

export function hashKemPk(kemPk: Uint8Array): Uint8Array {
  return hash('gim1/kem', kemPk);
}

/** Associated data of the box for one reader. */
export function epochBoxData(link: Pick<EpochLink, 'conversationId' | 'epoch' | 'commit' | 'readers'>, reader: Reader): Uint8Array {
  const readers = hash('gim1/readers', encode(readersFormat.write(link.readers)));
  return lp('gim1/epoch-box', link.conversationId, link.epoch, link.commit, readers, reader.id, reader.generation);
}

/** Associated data of the box in epoch e that holds the secret of epoch e - 1. */
export function epochPrevData(conversationId: Uint8Array, epoch: number, previousCommit: Uint8Array): Uint8Array {
  return lp('gim1/epoch-prev', conversationId, epoch, previousCommit);
}
