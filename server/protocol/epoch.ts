import {
  type CborValue,
  decode,
  encode,
  readBytes,
  readBytesUpTo,
  readHash,
  readList,
  readName,
  readNullable,
  readTuple,
  readU32,
} from './codec.ts';
import { hash, lp } from './hash.ts';
import { limits } from './limits.ts';
import { type Checkpoint, readCheckpoint, requireVersion, suite, version, writeCheckpoint } from './link.ts';
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
const readerKinds = { user: 1, inbox: 2, member: 3 } as const;
export type ReaderKind = keyof typeof readerKinds;
const epochReasons = { opened: 1, newer_key: 2, transfer: 3, limit: 4, stale_inbox: 5, restrict: 6, restored: 7 } as const;
export type EpochReason = keyof typeof epochReasons;

export interface Reader {
  readonly kind: ReaderKind;
  /** user_id, or inbox_id for an inbox. */
  readonly id: Uint8Array;
  readonly generation: number;
  readonly kemPkHash: Uint8Array;
  /** The head of the reader's chain the signer had verified. */
  readonly chainSeqno: number;
  readonly chainTail: Uint8Array;
}

export interface EpochLink {
  readonly conversationId: Uint8Array;
  readonly epoch: number;
  readonly prevEpochHash: Uint8Array | null;
  readonly readers: readonly Reader[];
  readonly commit: Uint8Array;
  readonly boxHashes: readonly Uint8Array[];
  readonly prevBoxHash: Uint8Array | null;
  readonly reason: EpochReason;
  readonly checkpoint: Checkpoint | null;
  readonly signerUser: Uint8Array;
  readonly signerDevice: Uint8Array;
}

export interface SignedEpoch {
  readonly link: EpochLink;
  readonly linkBytes: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeEpochLink(link: EpochLink): Uint8Array {
  return encode([
    version,
    suite,
    link.conversationId,
    link.epoch,
    link.prevEpochHash,
    writeReaders(link.readers),
    link.commit,
    link.boxHashes,
    link.prevBoxHash,
    epochReasons[link.reason],
    writeCheckpoint(link.checkpoint),
    link.signerUser,
    link.signerDevice,
  ]);
}

export function encodeSignedEpoch(linkBytes: Uint8Array, signature: Uint8Array): Uint8Array {
  return encode([linkBytes, signature]);
}

/** Takes a signed epoch link apart; `verifyEpoch` judges it. */
export function decodeSignedEpoch(bytes: Uint8Array): SignedEpoch {
  const [linkItem, signature] = readTuple(decode(bytes, limits.linkBytes), 2);
  const linkBytes = readBytesUpTo(linkItem, limits.linkBytes);
  const decoded = decode(linkBytes, limits.linkBytes);
  requireVersion(decoded);
  const [, , conversationId, epoch, prevEpochHash, readers, commit, boxHashes, prevBoxHash, reason, checkpoint, signerUser, signerDevice] =
    readTuple(decoded, 13);
  const link: EpochLink = {
    conversationId: readBytes(conversationId, 16),
    epoch: readU32(epoch),
    prevEpochHash: readNullable(prevEpochHash, readHash),
    readers: readList(readers, limits.readersPerEpoch, readReader),
    commit: readHash(commit),
    boxHashes: readList(boxHashes, limits.readersPerEpoch, readHash),
    prevBoxHash: readNullable(prevBoxHash, readHash),
    reason: readName(reason, epochReasons),
    checkpoint: readNullable(checkpoint, readCheckpoint),
    signerUser: readHash(signerUser),
    signerDevice: readBytes(signerDevice, 16),
  };
  const isFirst = link.epoch === 1;
  ensure(
    link.epoch > 0 && isFirst === (link.prevEpochHash === null) && isFirst === (link.prevBoxHash === null),
    'malformed',
    'only the first epoch follows nothing',
  );
  ensure(link.boxHashes.length === link.readers.length, 'malformed', 'one box for each reader');
  return { link, linkBytes, signature: readBytes(signature, 64) };
}

function writeReaders(readers: readonly Reader[]): CborValue {
  return readers.map((reader) => [
    readerKinds[reader.kind],
    reader.id,
    reader.generation,
    reader.kemPkHash,
    reader.chainSeqno,
    reader.chainTail,
  ]);
}

function readReader(item: unknown): Reader {
  const [kind, id, generation, kemHash, chainSeqno, chainTail] = readTuple(item, 6);
  return {
    kind: readName(kind, readerKinds),
    id: readHash(id),
    generation: readU32(generation),
    kemPkHash: readHash(kemHash),
    chainSeqno: readU32(chainSeqno),
    chainTail: readHash(chainTail),
  };
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
  const readers = hash('gim1/readers', encode(writeReaders(link.readers)));
  return lp('gim1/epoch-box', link.conversationId, link.epoch, link.commit, readers, reader.id, reader.generation);
}

/** Associated data of the box in epoch e that holds the secret of epoch e - 1. */
export function epochPrevData(conversationId: Uint8Array, epoch: number, previousCommit: Uint8Array): Uint8Array {
  return lp('gim1/epoch-prev', conversationId, epoch, previousCommit);
}
