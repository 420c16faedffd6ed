import {
  type BoxSlot,
  type Generation,
  type GenerationKind,
  type GenerationLink,
  prevBoxData,
  ptkBoxData,
  pukBoxData,
} from '../../server/protocol/generation.ts';
import { boxHash } from '../../server/protocol/link.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { decryptJoined, encryptJoined, randomBytes, seedBytes, wipe } from './primitives.ts';
import { open, seal } from './seal.ts';
import { generateKeys, type SeedKeys } from './seed-keys.ts';

/** The secret half of one PUK or PTK generation. */
export interface GenerationKeys extends SeedKeys {
  readonly generation: number;
}

/** Somebody a seed is sealed to: a device (PUK), or a user's PUK generation (PTK). */
export interface Recipient {
  readonly recipient: Uint8Array;
  readonly recipientGeneration: number | null;
  readonly kemPk: Uint8Array;
}

/** A link ready to be posted, with what travels beside it: the boxes in the link's order, and the previous seed. */
export interface SealedLink {
  readonly link: Uint8Array;
  readonly boxes: readonly Uint8Array[];
  readonly prevBox: Uint8Array | null;
}

/** What the server keeps for the caller of one generation. */
export interface StoredBoxes {
  readonly generation: number;
  readonly box: Uint8Array | null;
  readonly prevBox: Uint8Array | null;
}

const contexts = { puk: 'gim1-puk', ptk: 'gim1-ptk' } as const;

/** A new random seed, sealed to the recipients, with the previous seed under it unless that is to be forgotten. */
export function createGeneration(
  kind: GenerationKind,
  chainId: Uint8Array,
  recipients: readonly Recipient[],
  place: { readonly generation: number; readonly previous: GenerationKeys | null },
) {
  const { generation, previous } = place;
  const keys: GenerationKeys = { ...generateKeys(randomBytes(seedBytes), contexts[kind]), generation };
  const boxes = recipients.map((recipient) => sealSeed(kind, chainId, keys, recipient));
  const prevBox =
    previous === null
      ? null
      : encryptJoined(previous.seed, prevBoxData(contexts[kind], chainId, generation, previous.commit), keys.prevKey);
  const entries = recipients.map(({ recipient, recipientGeneration }, index) => ({
    recipient,
    recipientGeneration,
    boxHash: boxHash(boxes[index] ?? new Uint8Array()),
  }));
  const { signPk, kemPk, commit } = keys;
  const link: GenerationLink = {
    generation,
    signPk,
    kemPk,
    commit,
    boxes: entries,
    prevBoxHash: prevBox === null ? null : boxHash(prevBox),
  };
  return { keys, link, boxes, prevBox };
}

export function sealSeed(kind: GenerationKind, chainId: Uint8Array, keys: GenerationKeys, recipient: Recipient): Uint8Array {
  return seal(recipient.kemPk, keys.seed, boxData(kind, chainId, keys, recipient));
}

function boxData(
  kind: GenerationKind,
  chainId: Uint8Array,
  generation: Pick<GenerationLink, 'generation' | 'kemPk' | 'commit'>,
  slot: Pick<BoxSlot, 'recipient' | 'recipientGeneration'>,
): Uint8Array {
  if (kind === 'puk') return pukBoxData(chainId, generation, slot.recipient);
  return ptkBoxData(chainId, generation, slot.recipient, slot.recipientGeneration ?? 0);
}

/**
 * Opens the newest generation the caller has a box of, and walks back from it through the previous seeds.
 * Oldest first; generations before a retention cut, or whose previous box was not given, are missing.
 * Throws `cannot_open`, or `bad_key` when a seed is not the one the chain committed to (then the key must be rotated).
 */
export function openGenerations(
  chain: { readonly kind: GenerationKind; readonly id: Uint8Array; readonly generations: readonly Generation[] },
  recipient: Uint8Array,
  keysOf: (recipientGeneration: number | null) => Pick<SeedKeys, 'kemPk' | 'kemSk'> | undefined,
  stored: readonly StoredBoxes[],
): readonly GenerationKeys[] {
  const newest = stored.toSorted((left, right) => right.generation - left.generation).find((entry) => entry.box !== null);
  const published = chain.generations[(newest?.generation ?? 0) - 1];
  const slot = published?.boxes.find((box) => equalBytes(box.recipient, recipient));
  if (newest?.box == null || published === undefined || slot === undefined)
    throw new CryptoError('cannot_open', 'no box for this recipient');
  ensure(equalBytes(boxHash(newest.box), slot.boxHash), 'cannot_open', 'the box is not the one the chain names');
  const keys = keysOf(slot.recipientGeneration);
  ensure(keys !== undefined, 'cannot_open', 'sealed to a key that is not at hand');
  let current = checkSeed(open(keys, newest.box, boxData(chain.kind, slot.chainId, published, slot)), published, chain.kind);
  const ring = [current];
  for (let generation = published.generation; generation > 1; generation -= 1) {
    const prevBox = stored.find((entry) => entry.generation === generation)?.prevBox ?? null;
    const link = chain.generations[generation - 1];
    const previous = chain.generations[generation - 2];
    if (prevBox === null || link === undefined || previous === undefined || link.prevBoxHash === null) break;
    current = openPrevious(chain, current, { link, previous, prevBox });
    ring.unshift(current);
  }
  return ring;
}

function openPrevious(
  chain: { readonly kind: GenerationKind; readonly id: Uint8Array },
  current: GenerationKeys,
  step: { readonly link: Generation; readonly previous: Generation; readonly prevBox: Uint8Array },
): GenerationKeys {
  const { link, previous, prevBox } = step;
  ensure(
    link.prevBoxHash !== null && equalBytes(boxHash(prevBox), link.prevBoxHash),
    'cannot_open',
    'the previous box is not the one the chain names',
  );
  const data = prevBoxData(contexts[chain.kind], chain.id, link.generation, previous.commit);
  return checkSeed(decryptJoined(prevBox, data, current.prevKey), previous, chain.kind);
}

/** An opened seed must reproduce the published keys and commitment. */
function checkSeed(seed: Uint8Array, published: Generation, kind: GenerationKind): GenerationKeys {
  ensure(seed.length === seedBytes, 'bad_key', 'a seed has 32 bytes');
  const keys = generateKeys(seed, contexts[kind]);
  const fits =
    equalBytes(keys.commit, published.commit) && equalBytes(keys.signPk, published.signPk) && equalBytes(keys.kemPk, published.kemPk);
  ensure(fits, 'bad_key', 'the seed is not the one that was committed to');
  return { ...keys, generation: published.generation };
}

/** The newest keys of a ring; throws `cannot_open` when it is empty. */
export function newestKeys(ring: readonly GenerationKeys[]): GenerationKeys {
  const keys = ring.at(-1);
  ensure(keys !== undefined, 'cannot_open', 'no keys');
  return keys;
}

/** For a generation that is to be forgotten: overwrites its secrets. */
export function wipeKeys({ seed, signSk, kemSk, prevKey }: GenerationKeys): void {
  wipe(seed, signSk, kemSk, prevKey);
}
