import { type Database, transaction } from '../platform/database.ts';
import { verified } from '../platform/verified.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { type AccountId, idOf, type OfficeId } from '../protocol/ids.ts';
import type { SignedLink } from '../protocol/offices.ts';
import type { Role } from '../protocol/roles.ts';
import { extendUserChain, replayUserChain } from '../protocol/user-chain.ts';
import type { UserChainState } from '../protocol/user-state.ts';
import { AccountStore } from './account-store.ts';
import { requireLinkBoxes, storeUserLink } from './user-links.ts';

/** The beginning of a chain that is in order, with its boxes. */
export interface NewChain {
  readonly accountId: AccountId;
  /** After its last link. */
  readonly state: UserChainState;
  /** Each link with what the chain says after it. */
  readonly steps: readonly { readonly state: UserChainState; readonly signed: SignedLink }[];
}

/** The account a root link begins: its id is the hash of the link. Throws `bad_request` or `forbidden`. */
export function verifyNewChain(root: SignedLink, links: readonly SignedLink[]): NewChain {
  return verified(() => {
    let state = replayUserChain([fromBase64Url(root.link)]);
    const steps = [{ state, signed: root }];
    for (const signed of links) {
      state = extendUserChain(state, fromBase64Url(signed.link));
      steps.push({ state, signed });
    }
    for (const step of steps) requireLinkBoxes(step.state, step.signed);
    return { accountId: idOf<'account'>(state.userId), state, steps };
  });
}

/** Stores an account with the beginning of its chain; part of a transaction. */
export async function addAccount(
  database: Database,
  { accountId, steps }: NewChain,
  person: {
    readonly handle: Uint8Array | null;
    readonly role: Role;
    readonly displayName: string | null;
    readonly officeId: OfficeId | null;
  },
): Promise<void> {
  await new AccountStore(database).add({ accountId, ...person });
  for (const { state, signed } of steps) await storeUserLink(database, state, signed);
}

/** An account that signs in with its device key alone: the program of an inbox's owner. For the set-up of an installation. */
export async function createOwner(
  database: Database,
  { root, displayName }: { readonly root: SignedLink; readonly displayName: string },
): Promise<AccountId> {
  const owner = verifyNewChain(root, []);
  await transaction(database, async (trx) => await addAccount(trx, owner, { handle: null, role: 'owner', displayName, officeId: null }));
  return owner.accountId;
}
