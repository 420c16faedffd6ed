import { kemPkBytes } from './device-format.ts';
import { bytes, type Format, hash32, list, nullable, tuple, u32 } from './format.ts';
import { lp } from './hash.ts';
import { limits } from './limits.ts';
import { boxHash } from './link.ts';
import { ensure, equalBytes } from './sodium.ts';

/*
 * Frozen:
 * puk = [gen, sign_pk, kem_pk, commit, [[device_id, H(box)], …], prev_box_hash | null]
 * ptk = [gen, sign_pk, kem_pk, commit, [[user_id, puk_gen, H(box)], …], prev_box_hash | null]
 * gen counts from 1; prev_box_hash is null in generation 1, and in a PTK rotated for a retention cut.
 */
export type GenerationKind = 'puk' | 'ptk';

/** Whom a generation's seed is sealed to. */
export interface BoxEntry {
  /** device_id (puk) or user_id (ptk). */
  readonly recipient: Uint8Array;
  /** The recipient's PUK generation (ptk); null for a puk. */
  readonly recipientGeneration: number | null;
  readonly boxHash: Uint8Array;
}

/** The published half of a PUK or PTK generation, as a link carries it. */
export interface GenerationLink {
  readonly generation: number;
  readonly signPk: Uint8Array;
  readonly kemPk: Uint8Array;
  readonly commit: Uint8Array;
  readonly boxes: readonly BoxEntry[];
  readonly prevBoxHash: Uint8Array | null;
}

/** A box together with the chain id its associated data names: the root's nonce32 for boxes of a root link. */
export interface BoxSlot extends BoxEntry {
  readonly chainId: Uint8Array;
}

/** A generation in a chain's state: boxes of later additions are appended. */
export interface Generation extends GenerationLink {
  readonly boxes: readonly BoxSlot[];
  /** The link that introduced it. */
  readonly seqno: number;
  /** The link after which the generation must not be sealed to any more (somebody left), or null. */
  readonly staleFrom: number | null;
}

const pukBox = tuple({ recipient: bytes(16), boxHash: hash32 });
export const pukFormat = generationFormat({
  write: (box) => pukBox.write(box),
  read: (item) => ({ ...pukBox.read(item), recipientGeneration: null }),
});

const ptkBox = tuple({ recipient: hash32, recipientGeneration: u32, boxHash: hash32 });
export const ptkFormat = generationFormat({
  write: (box) => ptkBox.write({ ...box, recipientGeneration: box.recipientGeneration ?? 0 }),
  read: (item) => ptkBox.read(item),
});

function generationFormat(box: Format<BoxEntry>): Format<GenerationLink> {
  return tuple<GenerationLink>({
    generation: u32,
    signPk: hash32,
    kemPk: bytes(kemPkBytes),
    commit: hash32,
    boxes: list(box, limits.boxesPerLink),
    prevBoxHash: nullable(hash32),
  });
}

/** Checks a new generation against the one before and its recipients, and makes it part of a state. */
export function adoptGeneration(
  link: GenerationLink,
  place: {
    readonly current: Generation | null;
    readonly recipients: readonly Uint8Array[];
    /** Who may be sealed to or left out: members who were reset, perhaps since then. */
    readonly optional?: readonly Uint8Array[];
    readonly chainId: Uint8Array;
    readonly seqno: number;
    readonly allowCut: boolean;
  },
): Generation {
  const { current, recipients, optional = [] } = place;
  ensure(link.generation === (current?.generation ?? 0) + 1, 'invalid_link', 'generations count up by one');
  ensure(current !== null || link.prevBoxHash === null, 'invalid_link', 'the first generation has nothing before it');
  ensure(current === null || place.allowCut || link.prevBoxHash !== null, 'invalid_link', 'the previous seed is missing');
  const boxes = link.boxes;
  const isSealedTo = (recipient: Uint8Array): boolean => boxes.some((box) => equalBytes(box.recipient, recipient));
  const covers = recipients.every(isSealedTo) && boxes.length === recipients.length + optional.filter(isSealedTo).length;
  ensure(covers, 'invalid_link', 'sealed to others than exactly those who hold the key');
  return { ...link, boxes: boxes.map((box) => ({ ...box, chainId: place.chainId })), seqno: place.seqno, staleFrom: null };
}

/** Boxes sent beside a link are the ones the link names, in its order. For servers that store and clients that fetch. */
export function requireBoxes(
  expected: { readonly boxHashes: readonly Uint8Array[]; readonly prevBoxHash: Uint8Array | null },
  boxes: readonly Uint8Array[],
  prevBox: Uint8Array | null,
): void {
  ensure(boxes.length === expected.boxHashes.length, 'invalid_link', 'missing or superfluous boxes');
  const same = boxes.every(
    (box, index) => box.length <= limits.boxBytes && equalBytes(boxHash(box), expected.boxHashes[index] ?? new Uint8Array()),
  );
  ensure(same, 'invalid_link', 'a box is not the one the link names');
  const previous =
    expected.prevBoxHash === null ? prevBox === null : prevBox !== null && equalBytes(boxHash(prevBox), expected.prevBoxHash);
  ensure(previous, 'invalid_link', 'the previous box is not the one the link names');
}

/** Associated data of a PUK box. `chainId` is the root's nonce32 in a root link. */
export function pukBoxData(chainId: Uint8Array, generation: GenerationPublic, deviceId: Uint8Array): Uint8Array {
  return lp('gim1/puk-box', chainId, generation.generation, generation.kemPk, generation.commit, deviceId);
}

/** Associated data of a PTK box. */
export function ptkBoxData(chainId: Uint8Array, generation: GenerationPublic, userId: Uint8Array, pukGeneration: number): Uint8Array {
  return lp('gim1/ptk-box', chainId, generation.generation, generation.kemPk, generation.commit, userId, pukGeneration);
}

type GenerationPublic = Pick<GenerationLink, 'generation' | 'kemPk' | 'commit'>;

/** Associated data of the box in generation g that holds the seed of generation g - 1. */
export function prevBoxData(
  context: 'gim1-puk' | 'gim1-ptk',
  chainId: Uint8Array,
  generation: number,
  previousCommit: Uint8Array,
): Uint8Array {
  return lp('gim1/prev', context, chainId, generation, previousCommit);
}
