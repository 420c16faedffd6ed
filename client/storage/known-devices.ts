import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type DeviceId, idOf } from '../../server/protocol/ids.ts';
import type { AccountStorage } from './vault.ts';

/** The account's devices that the person knows of, by this browser: any other one is asked about. */
export interface KnownDevices {
  /** Null before anything was saved. */
  load(): Promise<readonly DeviceId[] | null>;
  add(deviceIds: readonly DeviceId[]): Promise<void>;
}

const idBytes = 16;

/** Sealed on this device, id after id. */
export function createKnownDevices({ database, vault, accountId }: AccountStorage): KnownDevices {
  const key = `${accountId}/known-devices`;
  const load = async (): Promise<readonly DeviceId[] | null> => {
    const sealed = await database.get('texts', key);
    if (!sealed) return null;
    const bytes = await vault.open(sealed, key);
    return Array.from({ length: bytes.length / idBytes }, (_, index) => idOf(bytes.slice(index * idBytes, (index + 1) * idBytes)));
  };
  return {
    load,
    add: async (deviceIds) => {
      const all = new Set([...((await load()) ?? []), ...deviceIds]);
      await database.put('texts', key, await vault.seal(Uint8Array.from([...all].flatMap((id) => [...fromBase64Url(id)])), key));
    },
  };
}
