import type { Database } from '../platform/database.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { AccountId } from '../protocol/ids.ts';
import type { ResetContext } from '../protocol/reset-statement.ts';
import { extendUserChain, hasReset, replayUntilReset, replayUserChain } from '../protocol/user-chain.ts';
import type { UserChainState } from '../protocol/user-state.ts';
import { AccountStore } from './account-store.ts';
import { refusal } from './ceremony.ts';

/** Chains kept in memory; beyond, the one that was read first is forgotten. */
const maxChains = 5_000;

/**
 * What the user chains say now. A chain only grows, so a verified state is kept and extended by the links that are new;
 * whether there are new ones SQL is asked each time.
 */
export class UserChains {
  readonly #states = new Map<AccountId, UserChainState>();
  readonly #resetContext: (database: Database) => Promise<ResetContext>;

  /** `resetContext` says who the registrars are: it is asked for when a chain has a reset. */
  constructor({ resetContext }: { readonly resetContext: (database: Database) => Promise<ResetContext> }) {
    this.#resetContext = resetContext;
  }

  /** Unknown accounts are left out. `database` may be a transaction; `isReadOnly`: one that adds to no chain. */
  async load(
    database: Database,
    accountIds: readonly AccountId[],
    { isReadOnly = false }: { readonly isReadOnly?: boolean } = {},
  ): Promise<ReadonlyMap<AccountId, UserChainState>> {
    const wanted = [...new Set(accountIds)];
    const states = new Map(wanted.flatMap((accountId) => pair(accountId, this.#states.get(accountId))));
    const links = await new AccountStore(database).findLinks(
      wanted.map((accountId) => ({ accountId, seqno: states.get(accountId)?.seqno ?? 0 })),
    );
    const context = hasReset(links.map(({ link }) => link)) ? { ...(await this.#resetContext(database)), moment: 'past' as const } : null;
    for (const { accountId, link } of links) {
      const state = states.get(accountId);
      states.set(accountId, state ? extendUserChain(state, link, context) : replayUserChain([link], fromBase64Url(accountId)));
    }
    // What a transaction has added itself may never come to be: only what others have committed is kept.
    if (isReadOnly || !database.isTransaction) for (const [accountId, state] of states) this.#keep(accountId, state);
    return states;
  }

  /** The same up to each chain's first reset, which takes no registrars to judge: for them themselves. */
  async loadUntilReset(database: Database, accountIds: readonly AccountId[]): Promise<ReadonlyMap<AccountId, UserChainState>> {
    const links = await new AccountStore(database).findLinks([...new Set(accountIds)].map((accountId) => ({ accountId, seqno: 0 })));
    return new Map(
      Array.from(
        Map.groupBy(links, ({ accountId }) => accountId),
        ([accountId, own]) => [
          accountId,
          replayUntilReset(
            own.map(({ link }) => link),
            fromBase64Url(accountId),
          ),
        ],
      ),
    );
  }

  /** Throws `passkey_refused` when there is no such account. */
  async require(database: Database, accountId: AccountId): Promise<UserChainState> {
    const chain = (await this.load(database, [accountId])).get(accountId);
    if (!chain) throw refusal('no such account');
    return chain;
  }

  #keep(accountId: AccountId, state: UserChainState): void {
    this.#states.delete(accountId);
    this.#states.set(accountId, state);
    if (this.#states.size <= maxChains) return;
    const [oldest] = this.#states.keys();
    if (oldest !== undefined) this.#states.delete(oldest);
  }
}

function pair<Key, Value>(key: Key, value: Value | undefined): [Key, Value][] {
  return value === undefined ? [] : [[key, value]];
}
