import { fromBase64Url, toBase64Url, type Base64Url } from '../../server/protocol/base64url.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { requireChainLength } from '../../server/protocol/link.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { hasReset, replayUserChain } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { RequestFunction } from '../net/request.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { ChainStore } from '../storage/chain-store.ts';
import type { LoadRegistrars } from './registrars.ts';

export interface DirectoryEntry {
  readonly chain: UserChainState;
  /** What the server calls the account; null for citizens. */
  readonly displayName: string | null;
}

/** Verified user chains of other people, by id. An id names its root, so the server cannot show another person under it. */
export interface Directory {
  /** What has been loaded and verified so far. */
  find(accountId: AccountId): DirectoryEntry | null;
  /**
   * Makes sure that each account is known, and not for longer than `maxAgeMs` (default: any age will do).
   * An account whose chain does not verify stays unknown, and an alarm is raised. Throws a RequestError.
   */
  load(accountIds: readonly AccountId[], options?: { readonly maxAgeMs?: number }): Promise<void>;
}

export interface DirectoryOptions {
  readonly request: RequestFunction;
  readonly chains: ChainStore;
  readonly raise: RaiseAlarm;
  /** Left out: accounts that were reset do not verify. */
  readonly registrars?: LoadRegistrars;
  readonly now?: () => number;
}

export function createDirectory({ request, chains, raise, registrars, now = Date.now }: DirectoryOptions): Directory {
  const known = new Map<AccountId, DirectoryEntry & { readonly loadedAt: number }>();

  const replay = async (accountId: AccountId, links: readonly Uint8Array[]): Promise<UserChainState> => {
    const userId = fromBase64Url(accountId);
    if (!registrars || !hasReset(links)) return replayUserChain(links, userId);
    const context = await registrars();
    try {
      return replayUserChain(links, userId, context);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      // Attested by somebody who became a registrar since they were asked for, perhaps.
      return replayUserChain(links, userId, await registrars({ fresh: true }));
    }
  };

  const adopt = async (accountId: AccountId, links: readonly Base64Url[], displayName: string | null, loadedAt: number) => {
    try {
      // Before any of them is decoded.
      requireChainLength(links, 'user');
      const chain = await replay(accountId, links.map(fromBase64Url));
      const verdict = await chains.checkHead(accountId, chain.tails.map(toBase64Url));
      if (verdict === 'rolled-back' || verdict === 'forked') return raise({ kind: 'rollback', chain: 'account', id: accountId });
      known.set(accountId, { chain, displayName, loadedAt });
      if (verdict === 'advanced') await chains.save(accountId, { links, displayName });
    } catch (error) {
      if (!(error instanceof CryptoError) && !(error instanceof RangeError)) throw error;
      raise({ kind: 'chain-invalid', chain: 'account', id: accountId });
    }
  };

  const fetch = async (accountIds: readonly AccountId[]) => {
    for (let start = 0; start < accountIds.length; start += limits.accountsPerLoad) {
      const asked = accountIds.slice(start, start + limits.accountsPerLoad);
      const { accounts } = await request('account:load', { accountIds: asked });
      // However many the server sends, at most those that were asked for are verified.
      for (const accountId of asked) {
        const account = accounts.find((candidate) => candidate.accountId === accountId);
        if (account) await adopt(accountId, account.links, account.displayName, now());
      }
    }
  };

  return {
    find: (accountId) => known.get(accountId) ?? null,
    load: async (accountIds, { maxAgeMs = Infinity } = {}) => {
      const wanted = Array.from(new Set(accountIds));
      for (const accountId of wanted) {
        const stored = known.has(accountId) ? null : await chains.load(accountId);
        // Its age is unknown: good for the past, never for what needs the newest keys.
        if (stored) await adopt(accountId, stored.links, stored.displayName, -Infinity);
      }
      const isMissing = (accountId: AccountId) => now() - (known.get(accountId)?.loadedAt ?? -Infinity) > maxAgeMs;
      await fetch(wanted.filter((accountId) => !known.has(accountId) || isMissing(accountId)));
    },
  };
}
