import type { Database } from '../platform/database.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { type AccountId, idOf, type InboxId } from '../protocol/ids.ts';
import { decodeInboxBody } from '../protocol/inbox-bodies.ts';
import { extendInboxChain, type InboxVerification, replayInboxChain } from '../protocol/inbox-chain.ts';
import { type InboxChainState, registrarsName } from '../protocol/inbox-state.ts';
import { decodeLink } from '../protocol/link.ts';
import type { UserChainState } from '../protocol/user-chain.ts';
import { InboxStore } from './inbox-store.ts';

export type LoadUserChains = (database: Database, accountIds: readonly AccountId[]) => Promise<ReadonlyMap<AccountId, UserChainState>>;

/** What the inbox chains say now. As with user chains, a verified state is kept and extended by the links that are new. */
export class InboxChains {
  readonly #states = new Map<InboxId, InboxChainState>();
  readonly #loadUserChains: LoadUserChains;
  #registrars: InboxId | null = null;

  constructor({ loadUserChains }: { readonly loadUserChains: LoadUserChains }) {
    this.#loadUserChains = loadUserChains;
  }

  /** Null when there is no such inbox. `database` may be a transaction. */
  async load(database: Database, inboxId: InboxId): Promise<InboxChainState | null> {
    const known = this.#states.get(inboxId) ?? null;
    const links = await new InboxStore(database).findLinks(inboxId, known?.seqno ?? 0);
    if (links.length === 0) return known;
    const verification = await this.verificationOf(database, known, links, 'past');
    const state = known
      ? links.reduce((before, link) => extendInboxChain(before, link, verification), known)
      : replayInboxChain(links, verification, fromBase64Url(inboxId));
    // What was read inside a transaction that fails may never have been: only committed reads are kept.
    if (!database.isTransaction) this.#states.set(inboxId, state);
    return state;
  }

  /**
   * The inbox whose members may attest resets: the registry has signed its name, so that nobody finds another one under it. Null when
   * there is none.
   */
  async findRegistrars(database: Database): Promise<InboxId | null> {
    const found = this.#registrars && (await this.load(database, this.#registrars));
    if (found && isRegistrars(found)) return this.#registrars;
    for (const inboxId of await new InboxStore(database).findAll()) {
      const state = await this.load(database, inboxId);
      if (state && isRegistrars(state)) return (this.#registrars = inboxId);
    }
    return null;
  }

  /** What verifying these links after `state` needs to know: the chains of everybody in them, and the registry's keys. */
  async verificationOf(
    database: Database,
    state: InboxChainState | null,
    links: readonly Uint8Array[],
    moment: 'past' | 'now',
  ): Promise<InboxVerification> {
    const members = state?.memberships.map(({ userId }) => userId) ?? [];
    const accountIds = [...members, ...links.flatMap(peopleIn)].map((userId) => idOf<'account'>(userId));
    const [users, registryPks] = await Promise.all([
      this.#loadUserChains(database, accountIds),
      new InboxStore(database).findRegistryKeys(),
    ]);
    return { user: (userId) => users.get(idOf<'account'>(userId)), registryPks, moment };
  }
}

function isRegistrars({ name, closedAt }: InboxChainState): boolean {
  return name === registrarsName && closedAt === null;
}

/** Whoever a link brings in; everybody else it names is a member already. */
function peopleIn(bytes: Uint8Array): Uint8Array[] {
  const { outer, body } = decodeLink(bytes);
  const signer = outer.signerUser ? [outer.signerUser] : [];
  if (body === null) return signer;
  const content = decodeInboxBody(outer.type, body);
  if (content.type === 'root') return [...signer, ...content.members.map(({ userId }) => userId)];
  return content.type === 'add_member' ? [...signer, content.member.userId] : signer;
}
