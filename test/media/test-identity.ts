import type { CallIdentities } from '../../client/calls/people/call-identities.ts';
import { deviceFromSeed } from '../../client/crypto/device.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { idOf } from '../../server/protocol/ids.ts';

/** Who has this name nobody knows the keys of. */
export const ghostName = 'ghost';

/** What chains and directory are to a real page: each name of a test has its keys, and everybody knows whose they are. */
export async function identityOf(name: string): Promise<CallIdentities> {
  await cryptoReady;
  const { signPk, signSk } = await keysOf(name);
  return {
    accountId: idOf(await sha256(`account ${name}`)),
    signPk,
    signSk,
    isGuest: false,
    identityOf: () => null,
    ready: () => Promise.resolve(),
    refresh: () => undefined,
    epochs: () => [epoch],
    verify: async (call, { accountId }) => {
      const displayName = call.participants.find((participant) => participant.accountId === accountId)?.displayName ?? ghostName;
      return displayName === ghostName ? null : { signPk: (await keysOf(displayName)).signPk };
    },
  };
}

const epoch = new Uint8Array(32).fill(7);

async function keysOf(name: string): Promise<{ readonly signPk: Uint8Array; readonly signSk: Uint8Array }> {
  return deviceFromSeed(await sha256(`seed ${name}`), 'browser');
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
