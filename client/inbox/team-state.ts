import type { ErrorCode } from '../../server/protocol/errors.ts';
import type { AccountId, InvitationId } from '../../server/protocol/ids.ts';
import type { InboxPolicy, InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { TeamProposal } from './proposal.ts';

/** What a team's page shows of an inbox. */
export interface TeamState {
  /** `ready` also while a refresh failed: `failure` says why what is shown may be old. */
  readonly phase: 'loading' | 'ready' | 'outside';
  /** `unverified`: what the server shows does not verify. */
  readonly failure: ErrorCode | 'unverified' | null;
  /** The account's own role. */
  readonly role: InboxRole;
  readonly policy: InboxPolicy;
  readonly people: readonly TeamPerson[];
  /** Who was in the team and is no more, each once. */
  readonly former: readonly FormerPerson[];
  /** Who enrolled and waits to be let in. For owners and admins, like all that follows. */
  readonly applicants: readonly Applicant[];
  readonly proposals: readonly TeamProposal[];
  /** Links this browser has given out, and that nobody has been let in by. */
  readonly invitations: readonly OpenInvitation[];
}

export interface Named {
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly personNumber: string;
}

export interface TeamPerson extends Named {
  readonly role: InboxRole;
  /** By the clock of who signed it; milliseconds since 1970. */
  readonly since: number | null;
  readonly isMe: boolean;
  /** The account was reset: no key of the team until it is removed and taken back. */
  readonly isSuspended: boolean;
}

export interface FormerPerson extends Named {
  readonly until: number | null;
}

export interface Applicant extends Named {
  readonly invitationId: InvitationId;
  /**
   * `proven`: made with the link this browser gave out. `forged`: claims that link and was not made with it. `unknown`: somebody else, or
   * another browser, gave the link.
   */
  readonly proof: 'proven' | 'forged' | 'unknown';
}

export interface OpenInvitation {
  readonly invitationId: string;
  readonly displayName: string;
  readonly expiresAt: number;
}

export const noTeam: TeamState = {
  phase: 'loading',
  failure: null,
  role: 'auditor',
  policy: { addsRequire: 1, requirePrf: false },
  people: [],
  former: [],
  applicants: [],
  proposals: [],
  invitations: [],
};

/** Whether a role lets people in and out. */
export function managesTeam(role: InboxRole): boolean {
  return role === 'owner' || role === 'admin';
}
