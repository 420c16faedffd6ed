import type { Database } from '../platform/database.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { type AccountId, idOf, type InboxId } from '../protocol/ids.ts';
import { decodeInboxBody, newcomersIn } from '../protocol/inbox-bodies.ts';
import { extendInboxChain, type InboxVerification, replayInboxChain } from '../protocol/inbox-chain.ts';
import { type InboxChainState, registrarsName } from '../protocol/inbox-state.ts';
import { decodeLink } from '../protocol/link.ts';
import type { UserChainState } from '../protocol/user-state.ts';
import { InboxStore } from './inbox-store.ts';

export type LoadUserChains = (database: Database, accountIds: readonly AccountId[]) => Promise<ReadonlyMap<AccountId, UserChainState>>;

/** What the inbox chains say now. As with user chains, a verified state is kept and extended by the links that are new. */
export class InboxChains {
  readonly #states = new Map<InboxId, InboxChainState>();
  readonly #loadUserChains: LoadUserChains;
  readonly #loadUntilReset: LoadUserChains;

  /** `loadUntilReset`: for members of the registrars' inbox, who judge resets and are not judged by their own. */
  constructor({ loadUserChains, loadUntilReset }: { readonly loadUserChains: LoadUserChains; readonly loadUntilReset?: LoadUserChains }) {
    this.#loadUserChains = loadUserChains;
    this.#loadUntilReset = loadUntilReset ?? loadUserChains;
  }

  /** Null when there is no such inbox. `database` may be a transaction; `isReadOnly`: one that adds to no chain. */
  async load(
    database: Database,
    inboxId: InboxId,
    { isReadOnly = false }: { readonly isReadOnly?: boolean } = {},
  ): Promise<InboxChainState | null> {
    const known = this.#states.get(inboxId) ?? null;
    const links = await new InboxStore(database).findLinks(inboxId, known?.seqno ?? 0);
    if (links.length === 0) return known;
    const verification = await this.verificationOf(database, known, links, 'past');
    const state = known
      ? links.reduce((before, link) => extendInboxChain(before, link, verification), known)
      : replayInboxChain(links, verification, fromBase64Url(inboxId));
    // What a transaction has added itself may never come to be: only what others have committed is kept.
    if (isReadOnly || !database.isTransaction) this.#states.set(inboxId, state);
    return state;
  }

  /**
   * The inbox whose members may attest resets: the registry has signed its name, so that nobody finds another one under it. Null when
   * there is none. No other inbox is read for it: their members' chains may have resets, which take this one to be judged.
   */
  async findRegistrars(database: Database): Promise<InboxId | null> {
    const { registrars } = await this.loadRegistrars(database);
    return registrars?.closedAt === null ? idOf<'inbox'>(registrars.inboxId) : null;
  }

  /** That inbox with its members' chains, as it judges resets; when it is closed, those that were. */
  async loadRegistrars(database: Database): Promise<{ registrars: InboxChainState | null; user: InboxVerification['user'] }> {
    const roots = await new InboxStore(database).findRoots();
    const found = roots.find(({ root }) => nameIn(root) === registrarsName);
    const registrars = found ? await this.load(database, found.inboxId) : null;
    if (registrars?.name !== registrarsName) return { registrars: null, user: () => undefined };
    const { user } = await this.verificationOf(database, registrars, [], 'past');
    return { registrars, user };
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
    const isRegistrars = (state?.name ?? nameIn(links[0])) === registrarsName;
    const [users, registryPks] = await Promise.all([
      isRegistrars ? this.#loadUntilReset(database, accountIds) : this.#loadUserChains(database, accountIds),
      new InboxStore(database).findRegistryKeys(),
    ]);
    return { user: (userId) => users.get(idOf<'account'>(userId)), registryPks, moment };
  }
}

/** The name in a root link; null for any other. */
function nameIn(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  const { outer, body } = decodeLink(bytes);
  const content = body && decodeInboxBody(outer.type, body);
  return content?.type === 'root' ? content.name : null;
}

function peopleIn(bytes: Uint8Array): readonly Uint8Array[] {
  const { signerUser } = decodeLink(bytes).outer;
  return [...(signerUser ? [signerUser] : []), ...newcomersIn(bytes)];
}
