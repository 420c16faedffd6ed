import {
  encodeEpochLink,
  encodeSignedEpoch,
  epochBoxData,
  type EpochLink,
  epochLinkHash,
  epochPrevData,
  type EpochReason,
} from '../../server/protocol/epoch.ts';
import type { EpochState, ReaderKey } from '../../server/protocol/epoch-rules.ts';
import { boxHash } from '../../server/protocol/link.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import type { GenerationKeys } from './generation-keys.ts';
import { decryptJoined, deriveKey, encryptJoined, randomBytes, seedBytes, sign, wipe } from './primitives.ts';
import { open, seal } from './seal.ts';
import { commitmentOf } from './seed-keys.ts';
import type { Signer } from './sign-link.ts';

/** The secret half of one epoch of a conversation. */
export interface EpochKeys {
  readonly epoch: number;
  /** The hash of the epoch link the secret belongs to. */
  readonly linkHash: Uint8Array;
  readonly secret: Uint8Array;
  readonly messageKey: Uint8Array;
  readonly prevKey: Uint8Array;
  readonly commit: Uint8Array;
}

/** A signed epoch ready to be posted: `link` is a SignedEpoch, `boxes` in the order of the readers. */
export interface SealedEpoch {
  readonly link: Uint8Array;
  readonly boxes: readonly Uint8Array[];
  readonly prevBox: Uint8Array | null;
  readonly keys: EpochKeys;
}

/** A new random epoch secret, sealed to the readers (`readerOfUser`, `readerOfInbox`), with the previous one under it. */
export function createEpoch(options: {
  readonly conversationId: Uint8Array;
  readonly previous: { readonly state: EpochState; readonly keys: EpochKeys } | null;
  readonly readers: readonly ReaderKey[];
  readonly reason: EpochReason;
  readonly signer: Omit<Signer, 'createdAt'>;
}): SealedEpoch {
  const { conversationId, previous, readers, reason, signer } = options;
  const epoch = (previous?.state.epoch ?? 0) + 1;
  const secret = randomBytes(seedBytes);
  const commit = commitmentOf(secret, 'gim1-eps');
  const sealedFor = { conversationId, epoch, commit, readers: readers.map(({ reader }) => reader) };
  const boxes = readers.map(({ reader, kemPk }) => seal(kemPk, secret, epochBoxData(sealedFor, reader)));
  const prevKey = deriveKey(secret, 3, 'gim1-eps');
  const prevBox =
    previous === null ? null : encryptJoined(previous.keys.secret, epochPrevData(conversationId, epoch, previous.state.commit), prevKey);
  const link: EpochLink = {
    ...sealedFor,
    prevEpochHash: previous?.state.linkHash ?? null,
    boxHashes: boxes.map(boxHash),
    prevBoxHash: prevBox === null ? null : boxHash(prevBox),
    reason,
    checkpoint: null,
    signerUser: signer.userId,
    signerDevice: signer.device.deviceId,
  };
  const linkBytes = encodeEpochLink(link);
  const signature = sign('gim1/epoch-sig', linkBytes, signer.device.signSk);
  return { link: encodeSignedEpoch(linkBytes, signature), boxes, prevBox, keys: keysOf(secret, epoch, epochLinkHash(linkBytes)) };
}

/**
 * Opens the box of one reader of a verified epoch. `readerId`: user_id, or inbox_id; `ring`: that reader's generations.
 * Throws `cannot_open`, or `bad_key` when the secret is not the committed one (then a new epoch is needed).
 */
export function openEpoch(state: EpochState, readerId: Uint8Array, ring: readonly GenerationKeys[], box: Uint8Array): EpochKeys {
  const index = state.readers.findIndex((candidate) => equalBytes(candidate.id, readerId));
  const reader = state.readers[index];
  const named = state.boxHashes[index];
  if (reader === undefined || named === undefined) throw new CryptoError('cannot_open', 'not a reader of this epoch');
  ensure(equalBytes(boxHash(box), named), 'cannot_open', 'the box is not the one the epoch names');
  const keys = ring.find((candidate) => candidate.generation === reader.generation);
  ensure(keys !== undefined, 'cannot_open', 'sealed to a generation that is not at hand');
  return checkSecret(open(keys, box, epochBoxData(state, reader)), state);
}

/** From the keys of an epoch to those of the one before. */
export function openPreviousEpoch(state: EpochState, keys: EpochKeys, previous: EpochState, prevBox: Uint8Array): EpochKeys {
  const isNamed = state.prevBoxHash !== null && equalBytes(boxHash(prevBox), state.prevBoxHash);
  ensure(isNamed && state.epoch === previous.epoch + 1, 'cannot_open', 'the previous box is not the one the epoch names');
  return checkSecret(decryptJoined(prevBox, epochPrevData(state.conversationId, state.epoch, previous.commit), keys.prevKey), previous);
}

function checkSecret(secret: Uint8Array, state: EpochState): EpochKeys {
  const fits = secret.length === seedBytes && equalBytes(commitmentOf(secret, 'gim1-eps'), state.commit);
  ensure(fits, 'bad_key', 'the epoch secret is not the one that was committed to');
  return keysOf(secret, state.epoch, state.linkHash);
}

function keysOf(secret: Uint8Array, epoch: number, linkHash: Uint8Array): EpochKeys {
  return {
    epoch,
    linkHash,
    secret,
    messageKey: deriveKey(secret, 1, 'gim1-eps'),
    prevKey: deriveKey(secret, 3, 'gim1-eps'),
    commit: commitmentOf(secret, 'gim1-eps'),
  };
}

/** For an epoch that is to be forgotten: overwrites its secrets. */
export function wipeEpoch({ secret, messageKey, prevKey }: EpochKeys): void {
  wipe(secret, messageKey, prevKey);
}
