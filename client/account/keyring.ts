import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, type DeviceId, idOf } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { currentGeneration, type UserChainState } from '../../server/protocol/user-state.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import type { GenerationKeys } from '../crypto/generation-keys.ts';
import { wipe } from '../crypto/primitives.ts';
import { openUserKeys } from '../crypto/user-keys.ts';
import type { RequestFunction } from '../net/request.ts';
import { toStoredBoxes } from '../net/wire.ts';
import type { ChainStore } from '../storage/chain-store.ts';
import type { Directory } from './directory.ts';

/** The keys of the account that is signed in, on this device. */
export interface Keyring {
  readonly accountId: AccountId;
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
  readonly deviceId: DeviceId;
  /** The own chain, verified. Throws a CryptoError when it could not be. */
  chain(): UserChainState;
  /** The PUK generations this device can open, oldest first. */
  generations(): readonly GenerationKeys[];
  /** Asks for the own chain and boxes again. Throws a CryptoError or a RequestError. */
  refresh(): Promise<void>;
  /** Overwrites what is in memory; afterwards the keyring is of no use. */
  close(): void;
}

export interface KeyringOptions {
  readonly accountId: AccountId;
  readonly device: DeviceKeys;
  readonly request: RequestFunction;
  readonly chains: ChainStore;
  readonly directory: Directory;
}

/** Verifies the own chain and opens the account's generations: from what is kept here if that is enough. */
export async function openKeyring({ accountId, device, request, chains, directory }: KeyringOptions): Promise<Keyring> {
  const userId = fromBase64Url(accountId);
  let ring: readonly GenerationKeys[] = [];

  const chain = () => {
    const entry = directory.find(accountId);
    if (!entry) throw new CryptoError('unknown_chain', 'the own chain does not verify');
    return entry.chain;
  };
  const openRing = (boxes: Parameters<typeof toStoredBoxes>[0]) => {
    ring = openUserKeys(chain(), device, toStoredBoxes(boxes));
  };
  const refresh = async () => {
    await directory.load([accountId], { maxAgeMs: 0 });
    const { generations } = await request('account:load-boxes', {});
    openRing(generations);
    await chains.saveBoxes(accountId, generations);
  };
  const openKept = async () => {
    await directory.load([accountId]);
    const kept = await chains.loadBoxes(accountId);
    if (kept.length < currentGeneration(chain()).generation) return false;
    openRing(kept);
    return true;
  };

  if (!(await openKept())) await refresh();
  return {
    accountId,
    userId,
    device,
    deviceId: idOf(device.deviceId),
    chain,
    generations: () => ring,
    refresh,
    close: () => {
      wipe(device.seed, device.signSk, device.kemSk, ...ring.flatMap(({ seed: kept, signSk, kemSk }) => [kept, signSk, kemSk]));
      ring = [];
    },
  };
}
