import { type Database, transaction } from '../platform/database.ts';
import { verified } from '../platform/verified.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { requireBoxes } from '../protocol/generation.ts';
import { type AccountId, idOf, type OfficeId } from '../protocol/ids.ts';
import type { SignedLink } from '../protocol/offices.ts';
import type { Role } from '../protocol/roles.ts';
import { currentGeneration, replayUserChain, type UserChainState } from '../protocol/user-chain.ts';
import { AccountStore } from './account-store.ts';

/** A root link that is in order, with its boxes. */
export interface VerifiedRoot {
  readonly accountId: AccountId;
  readonly state: UserChainState;
  readonly root: SignedLink;
}

/** The account a root link begins: its id is the hash of the link. Throws `bad_request` or `forbidden`. */
export function verifyRoot(root: SignedLink): VerifiedRoot {
  return verified(() => {
    const state = replayUserChain([fromBase64Url(root.link)]);
    const { boxes, prevBoxHash } = currentGeneration(state);
    const previousBox = root.previousBox === null ? null : fromBase64Url(root.previousBox);
    requireBoxes({ boxHashes: boxes.map((box) => box.boxHash), prevBoxHash }, root.boxes.map(fromBase64Url), previousBox);
    return { accountId: idOf<'account'>(state.userId), state, root };
  });
}

/** Stores an account with the beginning of its chain; part of a transaction. */
export async function addAccount(
  database: Database,
  { accountId, state, root }: VerifiedRoot,
  person: {
    readonly handle: Uint8Array | null;
    readonly role: Role;
    readonly displayName: string | null;
    readonly officeId: OfficeId | null;
  },
): Promise<void> {
  const { generation, boxes } = currentGeneration(state);
  await new AccountStore(database).add({ accountId, ...person }, fromBase64Url(root.link), {
    accountId,
    generation,
    previousBox: null,
    // In the order of the link's own list: `verifyRoot` has compared them.
    boxes: boxes.map(({ recipient }, index) => ({ deviceId: idOf<'device'>(recipient), box: fromBase64Url(root.boxes[index] ?? '') })),
  });
}

/** An account that signs in with its device key alone: the program of an inbox's owner. For the set-up of an installation. */
export async function createOwner(
  database: Database,
  { root, displayName }: { readonly root: SignedLink; readonly displayName: string },
): Promise<AccountId> {
  const owner = verifyRoot(root);
  await transaction(database, async (trx) => await addAccount(trx, owner, { handle: null, role: 'owner', displayName, officeId: null }));
  return owner.accountId;
}
