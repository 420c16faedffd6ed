import type { Database, Transaction } from '../platform/database.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import type { AccountId, OfficeId } from '../protocol/ids.ts';
import type { Enrolment } from '../protocol/offices.ts';
import type { ResetContext } from '../protocol/reset-statement.ts';
import type { UserChainState } from '../protocol/user-state.ts';
import { type Account, AccountStore } from './account-store.ts';
import { DeviceLinkStore } from './device-link-store.ts';
import { type Invitation, InvitationStore } from './invitation-store.ts';
import { ResetStore } from './reset-store.ts';
import { UserChains } from './user-chains.ts';

/** What other features may ask about people. */
export interface Accounts {
  readonly chains: UserChains;
  /** Null when there is no such account, or it is disabled. */
  readonly find: (accountId: AccountId) => Promise<Account | null>;
  /** Officials of an office, by name; whether they read its inbox the inbox's chain says. */
  readonly findOfficials: (
    officeId: OfficeId,
  ) => Promise<readonly { readonly accountId: AccountId; readonly officeId: OfficeId; readonly displayName: string }[]>;
  /** Verified chains; unknown accounts are left out. `database` may be a transaction. */
  readonly loadChains: (
    database: Database,
    accountIds: readonly AccountId[],
    options?: { readonly isReadOnly?: boolean },
  ) => Promise<ReadonlyMap<AccountId, UserChainState>>;
  /** The same up to each chain's first reset: for those who attest resets. */
  readonly loadUntilReset: Accounts['loadChains'];
  /** Number of the newest link. */
  readonly headOf: (accountId: AccountId) => Promise<number>;
  /** Links and requests whose time is over. */
  readonly sweep: () => Promise<void>;
  /** Until the transaction ends none of the chains grows: what is verified by them is stored before they change. */
  readonly hold: (trx: Transaction, accountIds: readonly AccountId[]) => Promise<void>;
  /** When the invitation expires; null when its id or token is another one's. */
  readonly addInvitation: (invitation: Invitation, tokenHash: Uint8Array) => Promise<Date | null>;
  /** Officials who used an invitation of the office, the first one first. */
  readonly findEnrolled: (officeId: OfficeId) => Promise<readonly Enrolment[]>;
}

/** Where no registrars are known, a chain with a reset cannot be read. */
const noRegistrars = async (): Promise<ResetContext> => ({ registrars: null, user: () => undefined, now: 0, moment: 'past' });

export function createAccounts({
  database,
  resetContext = noRegistrars,
}: {
  readonly database: Database;
  /** What judges resets in people's chains. */
  readonly resetContext?: (database: Database) => Promise<ResetContext>;
}): Accounts {
  const store = new AccountStore(database);
  const invitations = new InvitationStore(database);
  const chains = new UserChains({ resetContext });
  return {
    chains,
    find: async (accountId) => (await store.find([accountId]))[0] ?? null,
    findOfficials: async (officeId) => await store.findOfficials(officeId),
    loadChains: async (within, accountIds, options) => await chains.load(within, accountIds, options),
    loadUntilReset: async (within, accountIds) => await chains.loadUntilReset(within, accountIds),
    headOf: async (accountId) => await store.findHead(accountId),
    async sweep() {
      await new DeviceLinkStore(database).sweep();
      await new ResetStore(database).sweep();
    },
    hold: async (trx, accountIds) => void (await new AccountStore(trx).lock(accountIds, 'share')),
    addInvitation: async (invitation, tokenHash) => await invitations.add(invitation, tokenHash),
    findEnrolled: async (officeId) =>
      (await invitations.findOfficials(officeId)).map(({ proof, ...person }) => ({ ...person, proof: toBase64Url(proof) })),
  };
}
