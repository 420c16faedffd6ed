import type { InboxRights } from '../platform/caller.ts';
import type { Database } from '../platform/database.ts';
import type { AccountId, InboxId, OfficeId } from '../protocol/ids.ts';
import { InboxStore } from './inbox-store.ts';
import { OfficeStore } from './office-store.ts';

export interface Worker {
  readonly accountId: AccountId;
  readonly officeId: OfficeId | null;
}

/** What the inboxes' chains allow whom, by their newest links. */
export interface Rights {
  readonly of: (account: Worker) => Promise<InboxRights>;
  /** One question for many: the rights of each of them. */
  readonly ofAll: (accounts: readonly Worker[]) => Promise<(account: Worker) => InboxRights>;
  /** Whether an office answers from this inbox. */
  readonly isOfOffice: (inboxId: InboxId) => Promise<boolean>;
}

export function createRights({ database }: { readonly database: Database }): Rights {
  const ofAll = async (accounts: readonly Worker[]): Promise<(account: Worker) => InboxRights> => {
    const [roles, offices] = await Promise.all([
      new InboxStore(database).findRolesOf(accounts.map(({ accountId }) => accountId)),
      new OfficeStore(database).findOffices(),
    ]);
    const inboxOf = new Map(offices.map(({ officeId, inboxId }) => [officeId, inboxId]));
    const rolesOf = Map.groupBy(roles, ({ accountId }) => accountId);
    return ({ accountId, officeId }) => ({
      inboxId: (officeId && inboxOf.get(officeId)) ?? null,
      inboxRoles: new Map(rolesOf.get(accountId)?.map(({ inboxId, role }) => [inboxId, role])),
    });
  };
  return {
    ofAll,
    of: async (account) => (await ofAll([account]))(account),
    isOfOffice: async (inboxId) => (await new OfficeStore(database).findOfficeOf(inboxId)) !== null,
  };
}
