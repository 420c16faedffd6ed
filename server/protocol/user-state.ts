import type { DevicePublic } from './device-format.ts';
import type { Generation } from './generation.ts';
import { ensure } from './sodium.ts';

export interface DeviceState extends DevicePublic {
  readonly addedAt: number;
  /** The PUK generation current just before the device's link; its label is sealed under it (generation 1 in the root). */
  readonly labelGeneration: number;
  /** The link that revoked it, or null. */
  readonly revokedAt: number | null;
}

/** The account began anew with one device, on the word of two registrars. */
export interface Reset {
  readonly seqno: number;
  /** The first PUK generation of the new keys: it does not lead back to the ones before. */
  readonly generation: number;
  readonly notBefore: number;
  readonly registrarIds: readonly Uint8Array[];
}

/** What a user chain says after its last link. A plain value; extending makes a new one. */
export interface UserChainState {
  readonly userId: Uint8Array;
  readonly seqno: number;
  /** linkHash of every link, the root's first. */
  readonly tails: readonly Uint8Array[];
  readonly devices: readonly DeviceState[];
  /** PUK generations, the first one first. */
  readonly generations: readonly Generation[];
  readonly resets: readonly Reset[];
  /** H("gim1/token", …) of eID tokens the user has attested. */
  readonly tokenHashes: readonly Uint8Array[];
}

export function activeDevices(state: UserChainState): readonly DeviceState[] {
  return state.devices.filter((device) => device.revokedAt === null);
}

/** The newest generation of a chain, the only one that may be sealed to. */
export function currentGeneration(state: { readonly generations: readonly Generation[] }): Generation {
  const current = state.generations.at(-1);
  ensure(current !== undefined, 'unknown_chain', 'a chain without keys');
  return current;
}

export function generationAt(state: { readonly generations: readonly Generation[] }, generation: number): Generation {
  const found = state.generations[generation - 1];
  ensure(found !== undefined, 'unknown_chain', `generation ${generation} is not known here`);
  return found;
}

/** linkHash of the last link: with `seqno`, the chain's head. */
export function headOf(state: { readonly tails: readonly Uint8Array[] }): Uint8Array {
  const tail = state.tails.at(-1);
  ensure(tail !== undefined, 'unknown_chain', 'a chain without links');
  return tail;
}

/** linkHash of the link with which the chain began, or began anew: whose it is, on whatever device. */
export function originOf(state: UserChainState): Uint8Array {
  const link = state.tails[(state.resets.at(-1)?.seqno ?? 1) - 1];
  ensure(link !== undefined, 'unknown_chain', 'a chain without its beginning');
  return link;
}

/** Whether whoever held this generation may be another person than who holds the newest: nothing is sealed anew without somebody's decision. */
export function wasResetSince(state: UserChainState, generation: number): boolean {
  return state.resets.some((reset) => reset.generation > generation);
}

/**
 * The chain as it was before its first reset after the link `seqno`, with every device revoked; unchanged when there was none. What
 * somebody was trusted with does not pass to whom registrars say he is now.
 */
export function untilReset(state: UserChainState, seqno: number): UserChainState {
  const reset = state.resets.find((candidate) => candidate.seqno > seqno);
  if (reset === undefined) return state;
  const isBefore = (candidate: { readonly seqno: number }): boolean => candidate.seqno < reset.seqno;
  return {
    ...state,
    seqno: reset.seqno - 1,
    tails: state.tails.slice(0, reset.seqno - 1),
    devices: state.devices.filter((device) => device.addedAt < reset.seqno),
    generations: state.generations.filter(isBefore),
    resets: state.resets.filter(isBefore),
  };
}
