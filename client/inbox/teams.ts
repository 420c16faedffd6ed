import { idOf, type InboxId } from '../../server/protocol/ids.ts';
import type { Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { InvitationSecrets } from '../storage/invitation-secrets.ts';
import { BoxAudit } from './box-audit.ts';
import type { InboxChains } from './inbox-chain.ts';
import type { InboxKeys } from './inbox-keys.ts';
import type { MembershipParts, People } from './membership.ts';
import { Team } from './team.ts';

/** The teams an official belongs to; lives as long as the sign-in. */
export interface Teams {
  readonly audit: BoxAudit;
  /** One object an inbox, followed from the first call on. */
  team(inboxId: InboxId): Team;
  close(): void;
}

export interface TeamsOptions {
  readonly account: {
    readonly keyring: MembershipParts['signer'];
    readonly directory: People;
    readonly inboxChains: InboxChains;
    readonly inboxKeys: InboxKeys;
  };
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<ConnectionState>;
  readonly secrets: InvitationSecrets;
  readonly now: () => number;
}

export function createTeams({ account, request, on, connection, secrets, now }: TeamsOptions): Teams {
  const { directory } = account;
  const teams = new Map<InboxId, Team>();
  const parts = (inboxId: InboxId) => membershipParts(account, inboxId, now);
  const audit = new BoxAudit({ parts, request, on, connection });
  return {
    audit,
    team: (inboxId) => {
      const known = teams.get(inboxId);
      if (known) return known;
      const team = new Team({ parts: parts(inboxId), directory, request, on, connection, secrets });
      teams.set(inboxId, team);
      void team.refresh();
      return team;
    },
    close: () => {
      audit.close();
      for (const team of teams.values()) team.close();
    },
  };
}

/** An account's hand in an inbox. */
export function membershipParts(
  { keyring, directory, inboxChains, inboxKeys }: TeamsOptions['account'],
  inboxId: InboxId,
  now: () => number,
): MembershipParts {
  return {
    signer: keyring,
    inboxId,
    inboxChains,
    inboxKeys,
    loadUsers: async (accountIds) => await directory.load(accountIds, { maxAgeMs: 0 }),
    findUser: (userId) => directory.find(idOf(userId))?.chain,
    now,
  };
}
