import { fromBase64Url, toBase64Url, type Base64Url } from '../../server/protocol/base64url.ts';
import { idOf, type AccountId, type InboxId } from '../../server/protocol/ids.ts';
import { newcomersIn } from '../../server/protocol/inbox-bodies.ts';
import { extendInboxChain, replayInboxChain, type InboxVerification } from '../../server/protocol/inbox-chain.ts';
import type { InboxChainState } from '../../server/protocol/inbox-state.ts';
import { limits } from '../../server/protocol/limits.ts';
import { decodeLink } from '../../server/protocol/link.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { RequestFunction } from '../net/request.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { ChainStore } from '../storage/chain-store.ts';

/** Verified inbox chains: who belongs to an inbox, and which key is its present one. */
export interface InboxChains {
  find(inboxId: InboxId): InboxChainState | null;
  /**
   * The chain, verified; with `fresh` asked for again, with `maxAgeMs` if it was not asked for within that time. Throws a CryptoError (an
   * alarm is raised too) or a RequestError.
   */
  load(inboxId: InboxId, options?: { readonly fresh?: boolean; readonly maxAgeMs?: number }): Promise<InboxChainState>;
  /** When a link of a chain that is known was signed, by its signer's clock; milliseconds since 1970. */
  signedAt(inboxId: InboxId, seqno: number): number | null;
}

export interface InboxChainsOptions {
  readonly request: RequestFunction;
  readonly chains: ChainStore;
  readonly raise: RaiseAlarm;
  /** Pinned public keys of the registry. */
  readonly registryPks: () => Promise<readonly Uint8Array[]>;
  /** With `fresh` the newest chains, else those at hand will do. */
  readonly loadUsers: (accountIds: readonly AccountId[], options?: { readonly fresh?: boolean }) => Promise<void>;
  readonly findUser: (userId: Uint8Array) => UserChainState | undefined;
  readonly now?: () => number;
}

interface Known {
  readonly state: InboxChainState;
  readonly links: readonly Base64Url[];
}

interface Loaded extends Known {
  /** When the server said that this is all; -Infinity of what was kept. */
  readonly loadedAt: number;
}

export function createInboxChains({
  request,
  chains,
  raise,
  registryPks,
  loadUsers,
  findUser,
  now = Date.now,
}: InboxChainsOptions): InboxChains {
  const known = new Map<InboxId, Loaded>();
  const loading = new Map<InboxId, Promise<InboxChainState>>();

  /** Verifies what follows `before`. Everybody the links name must be known first: their devices have signed. */
  const verify = async (inboxId: InboxId, before: Known | null, links: readonly Base64Url[]): Promise<Known> => {
    const bytes = links.map(fromBase64Url);
    const people = [
      ...(before?.state.memberships.map(({ userId }) => idOf<'account'>(userId)) ?? []),
      ...bytes.flatMap(newcomersIn).map((userId) => idOf<'account'>(userId)),
    ];
    const [pinned] = await Promise.all([registryPks(), loadUsers(people)]);
    const verification: InboxVerification = { user: findUser, registryPks: pinned, moment: 'past' };
    const replay = () =>
      before
        ? bytes.reduce((chain, link) => extendInboxChain(chain, link, verification), before.state)
        : replayInboxChain(bytes, verification, fromBase64Url(inboxId));
    try {
      return { state: replay(), links: [...(before?.links ?? []), ...links] };
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
    }
    // A link may be signed by a device, or sealed to a key, that is younger than the chains that were kept.
    await loadUsers(people, { fresh: true });
    return { state: replay(), links: [...(before?.links ?? []), ...links] };
  };

  const readStored = async (inboxId: InboxId): Promise<Known | null> => {
    const stored = await chains.load(inboxId);
    if (!stored) return null;
    try {
      return await verify(inboxId, null, stored.links);
    } catch (error) {
      // Kept by an older program, or damaged: what the server sends is judged on its own.
      if (error instanceof CryptoError) return null;
      throw error;
    }
  };

  const fetch = async (inboxId: InboxId): Promise<InboxChainState> => {
    const asked = now();
    let current: Known | null = known.get(inboxId) ?? null;
    for (;;) {
      const afterSeqno = current?.state.seqno ?? 0;
      const { links, head } = await request('inbox:load', { inboxId, afterSeqno });
      if (head < afterSeqno) throw olderThanBefore();
      ensure(links.length <= limits.linksPerPage, 'malformed', 'more links than a page holds');
      if (links.length === 0) break;
      current = await verify(inboxId, current, links);
      if (current.state.seqno >= head) break;
    }
    if (!current) throw new CryptoError('unknown_chain', 'the server has no chain of this inbox');
    const verdict = await chains.checkHead(inboxId, current.state.tails.map(toBase64Url));
    if (verdict === 'rolled-back' || verdict === 'forked') throw olderThanBefore();
    known.set(inboxId, { ...current, loadedAt: asked });
    await chains.save(inboxId, { links: current.links, displayName: null });
    return current.state;
  };

  const guarded = async (inboxId: InboxId, work: () => Promise<InboxChainState>): Promise<InboxChainState> => {
    try {
      return await work();
    } catch (error) {
      // Links that do not follow the ones this browser knows are another past, like a shorter one.
      const kind = error instanceof CryptoError && error.code === 'broken_chain' ? 'rollback' : 'chain-invalid';
      if (error instanceof CryptoError) raise({ kind, chain: 'inbox', id: inboxId });
      throw error;
    }
  };

  const chainsOf: InboxChains = {
    find: (inboxId) => known.get(inboxId)?.state ?? null,
    signedAt: (inboxId, seqno) => {
      const link = known.get(inboxId)?.links[seqno - 1];
      return link === undefined ? null : decodeLink(fromBase64Url(link)).outer.createdAt;
    },
    load: async (inboxId, { fresh = false, maxAgeMs = Infinity } = {}) => {
      const isTooOld = () => fresh || now() - (known.get(inboxId)?.loadedAt ?? -Infinity) > maxAgeMs;
      const running = loading.get(inboxId);
      if (running && !fresh) {
        const state = await running;
        // Others may have waited for the same one, and be too early too: again one after the other.
        return isTooOld() ? await chainsOf.load(inboxId, { fresh: true }) : state;
      }
      const work = (async () => {
        // One after the other: two extensions of one state would be verified against the same head.
        await running?.catch(() => undefined);
        if (!known.has(inboxId)) {
          const stored = await readStored(inboxId);
          if (stored) known.set(inboxId, { ...stored, loadedAt: -Infinity });
        }
        const state = known.get(inboxId)?.state;
        return state && !isTooOld() ? state : await guarded(inboxId, () => fetch(inboxId));
      })();
      loading.set(inboxId, work);
      try {
        return await work;
      } finally {
        if (loading.get(inboxId) === work) loading.delete(inboxId);
      }
    },
  };
  return chainsOf;
}

function olderThanBefore(): CryptoError {
  return new CryptoError('broken_chain', 'the server shows an older inbox chain than before');
}
