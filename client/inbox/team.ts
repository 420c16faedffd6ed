import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, type InboxId, newId, type OfficeId, type ProposalId } from '../../server/protocol/ids.ts';
import type { CoSigner, InboxBody, InboxPolicy, InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { limits } from '../../server/protocol/limits.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import { createInvitationSecret } from '../crypto/enrolment-proof.ts';
import { randomBytes } from '../crypto/primitives.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { refresher } from '../net/refresher.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { InvitationSecrets } from '../storage/invitation-secrets.ts';
import { appendLink, sendLink } from './append-link.ts';
import { buildAddMember, type BuildLink, buildPlain, buildRemoveMember, type MembershipParts, type People } from './membership.ts';
import { type Change, completeProposal, findCoSigners, needsCoSigner, type TeamProposal } from './proposal.ts';
import { readTeam } from './read-team.ts';
import { managesTeam, noTeam, type TeamState } from './team-state.ts';

export interface TeamOptions {
  readonly parts: MembershipParts;
  readonly directory: People;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<ConnectionState>;
  readonly secrets: InvitationSecrets;
}

/** What somebody wants to change, as far as the rules look at it. */
export type Act =
  | { readonly type: 'add'; readonly accountId: AccountId; readonly role: InboxRole }
  | { readonly type: 'role'; readonly accountId: AccountId; readonly role: InboxRole }
  | { readonly type: 'policy'; readonly policy: InboxPolicy };

/** Who belongs to an inbox, for its people: followed while it is open, and changed by signed links. Acts throw a CryptoError or a RequestError. */
export class Team {
  readonly inboxId: InboxId;
  readonly #options: TeamOptions;
  readonly #state = new Subject<TeamState>(noTeam);
  /** Whom each link brought that somebody has come with. */
  readonly #arrived = new Map<string, AccountId>();
  readonly #stops: readonly (() => void)[];
  /** Reads everything again, and once more when that was asked for meanwhile; resolves after it. Never throws: `failure` says what went wrong. */
  readonly refresh = refresher(async () => await this.#read());

  constructor(options: TeamOptions) {
    const { on, connection } = options;
    const { inboxId } = options.parts;
    this.inboxId = inboxId;
    this.#options = options;
    const follow = (fact: { readonly inboxId: InboxId }) => {
      if (fact.inboxId === inboxId) void this.refresh();
    };
    this.#stops = [
      on('inbox:changed', follow),
      on('inbox:enrolled', follow),
      on('inbox:proposed', follow),
      connection.subscribe(({ status }) => {
        if (status === 'connected') void this.refresh();
      }),
    ];
  }

  get state(): Observable<TeamState> {
    return this.#state;
  }

  /** What the server calls an account that is not in the team; empty when nobody has said. */
  nameOf(accountId: AccountId): string {
    return this.#options.directory.find(accountId)?.displayName ?? '';
  }

  /** A one-time link's fragment, "token.secret". The half the server never sees is kept here before the server hears of the other. */
  async invite(displayName: string, officeId: OfficeId): Promise<{ readonly fragment: string; readonly expiresAt: number }> {
    const { request, secrets, parts } = this.#options;
    const invitationId = newId<'invitation'>();
    const token = toBase64Url(randomBytes(32));
    const secret = createInvitationSecret();
    const tokenHash = toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))));
    const kept = { invitationId, inboxId: this.inboxId, displayName, secret, expiresAt: parts.now() + limits.invitationMs };
    await secrets.save(kept);
    try {
      const { expiresAt } = await request('invitation:create', { invitationId, tokenHash, role: 'official', officeId, displayName });
      await secrets.save({ ...kept, expiresAt });
      return { fragment: `${token}.${toBase64Url(secret)}`, expiresAt };
    } catch (error) {
      await secrets.remove(invitationId);
      throw error;
    } finally {
      void this.refresh();
    }
  }

  /** Forgets a link that was given out: whoever comes with it is somebody nobody can vouch for. */
  async forgetInvitation(invitationId: string): Promise<void> {
    await this.#options.secrets.remove(invitationId);
    await this.refresh();
  }

  /** Who must sign an act besides this account: nobody (null), or one of these. */
  coSigners(act: Act): readonly CoSigner[] | null {
    const inbox = this.#inbox();
    const body = bodyOf(act, []);
    if (!needsCoSigner(inbox, body)) return null;
    const { signer, findUser } = this.#options.parts;
    return findCoSigners(inbox, body, signer.userId, findUser);
  }

  /** Appends the link, or proposes it to the one who is to sign it too. */
  async perform(act: Act, coSigner: CoSigner | null): Promise<'done' | 'proposed'> {
    const coSigners = coSigner ? [coSigner] : [];
    const build: BuildLink = async (parts) =>
      act.type === 'add'
        ? await buildAddMember(parts, act.accountId, act.role, coSigners)
        : await buildPlain(parts, bodyOf(act, coSigners));
    if (!coSigner) {
      await this.#append(build);
      return 'done';
    }
    const link = await build(this.#options.parts);
    await this.#options.request('inbox:propose', { proposalId: newId<'proposal'>(), inboxId: this.inboxId, link });
    await this.refresh();
    return 'proposed';
  }

  /** The inbox gets a new key, which the person is not given. */
  async remove(accountId: AccountId): Promise<void> {
    await this.#append(async (parts) => await buildRemoveMember(parts, accountId));
  }

  /** The account gives up its place: the next member online gives the others a new key. */
  async leave(): Promise<void> {
    await this.#append(async (parts) => await buildPlain(parts, { type: 'leave' }));
  }

  /** Puts this device's signature beside the first one, and appends the link: `conflict` when the team has changed since. */
  async sign(proposalId: ProposalId): Promise<void> {
    const proposal = this.#state.value.proposals.find((one) => one.proposalId === proposalId);
    ensure(proposal?.stage === 'to-sign', 'not_allowed', 'nothing that waits for this device');
    const { parts, request } = this.#options;
    try {
      await sendLink(parts, request, completeProposal(proposal, parts.signer.device));
    } finally {
      await this.refresh();
    }
  }

  /** For one who is asked on another device than this: the same change, proposed from here to the one who proposed it. */
  async proposeHere({ proposalId, change, proposer }: TeamProposal): Promise<void> {
    await this.perform(actOf(change), proposer);
    await this.withdraw(proposalId);
  }

  async withdraw(proposalId: ProposalId): Promise<void> {
    await this.#options.request('inbox:withdraw-proposal', { proposalId });
    await this.refresh();
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #append(build: BuildLink): Promise<void> {
    try {
      await appendLink(this.#options.parts, this.#options.request, build);
    } finally {
      await this.refresh();
    }
  }

  async #read(): Promise<void> {
    const { parts, directory, request, secrets } = this.#options;
    const { inboxId, inboxChains, signer: own } = parts;
    try {
      const state = await readTeam({ inboxId, own, request, directory, inboxChains, secrets });
      if (managesTeam(state.role)) await this.#forgetLinks(state);
      const invitations = state.invitations.filter(({ invitationId }) => !this.#arrived.has(invitationId));
      this.#state.set({ ...state, invitations });
    } catch (error) {
      if (error instanceof CryptoError) this.#state.set({ ...this.#state.value, failure: 'unverified' });
      else if (error instanceof RequestError) this.#state.set({ ...this.#state.value, failure: error.code });
      else throw error;
    }
  }

  /** A link has done its work when the person is in the team, and is given up long after its end. */
  async #forgetLinks({ applicants, people }: TeamState): Promise<void> {
    const { secrets, parts } = this.#options;
    for (const { invitationId, accountId } of applicants) this.#arrived.set(invitationId, accountId);
    const members = new Set(people.map(({ accountId }) => accountId));
    for (const { invitationId, expiresAt } of await secrets.list(this.inboxId)) {
      const accountId = this.#arrived.get(invitationId);
      const isDone = accountId === undefined ? expiresAt + keptMs < parts.now() : members.has(accountId);
      if (isDone) await secrets.remove(invitationId);
    }
  }

  #inbox() {
    const inbox = this.#options.parts.inboxChains.find(this.inboxId);
    ensure(inbox !== null, 'unknown_chain', 'the chain of the inbox is not known');
    return inbox;
  }
}

/** How long after its end a link's secret is kept: who used it in time may be let in later. */
const keptMs = 14 * 24 * 60 * 60_000;

function actOf(change: Change): Act {
  if (change.type === 'policy') return { type: 'policy', policy: change.to };
  return { type: change.type, accountId: change.accountId, role: change.type === 'add' ? change.role : change.to };
}

/** A link's body as far as the rules look at it; of an addition without keys. */
function bodyOf(act: Act, coSigners: readonly CoSigner[]): Exclude<InboxBody, { type: 'root' }> {
  if (act.type === 'policy') return { type: 'set_policy', policy: act.policy, coSigners };
  const userId = fromBase64Url(act.accountId);
  if (act.type === 'role') return { type: 'change_role', userId, role: act.role, coSigners };
  const member = { userId, role: act.role, pukGeneration: 0, userSeqno: 0, userTail: new Uint8Array() };
  return { type: 'add_member', member, boxHash: new Uint8Array(), coSigners };
}
