import { createDevice, deviceFromSeed } from '../../client/crypto/device.ts';
import { createInbox, type InboxDraft } from '../../client/crypto/inbox-keys.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { registryKeysFromSeed, signRegistryStatement } from '../../client/crypto/registry.ts';
import { createUser } from '../../client/crypto/user-keys.ts';
import { type InboxPolicy, registryStatement } from '../../server/protocol/inbox-bodies.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { equalBytes, verifySignature } from '../../server/protocol/sodium.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { Paper } from './papers.ts';

/*
 * How an inbox comes into the world (crypto.md §5.1, §6): its first owner drafts it, two of the registry's keepers vouch for its name and
 * its owners, each on a machine of his own that is on no network, and the owner signs its root. What each step says in words is what its
 * signature stands for.
 */

/** A keeper's key: two of three must sign. */
export function createRegistryKey(keeper: string): Paper<'registry-key'> {
  return { paper: 'registry-key', keeper, seed: randomBytes(32) };
}

export function publicKeyOf({ seed }: Paper<'registry-key'>): Uint8Array {
  return registryKeysFromSeed(seed).registryPk;
}

/** An owner: says who belongs to an inbox and reads none of it. Its keys stay where they were made, its root link is public. */
export function createOwnerPapers(name: string, createdAt: number): { readonly keys: Paper<'owner-keys'>; readonly owner: Paper<'owner'> } {
  const device = createDevice('browser');
  const { state, link, boxes, prevBox } = createUser({ device, label: name, createdAt });
  return {
    keys: { paper: 'owner-keys', name, seed: device.seed, userId: state.userId },
    owner: { paper: 'owner', name, root: { link, boxes: [...boxes], prevBox } },
  };
}

export function draftPaper(name: string, policy: InboxPolicy, owners: readonly Paper<'owner'>[]): Paper<'draft'> {
  if (policy.addsRequire === 2 && owners.length < 2) throw new Error('Where two must sign, an inbox needs two owners to begin with.');
  return { paper: 'draft', name, nonce: randomBytes(32), policy, owners: owners.map(({ root }) => root.link), signatures: [] };
}

/** The draft with one more keeper's signature. */
export function signDraft(draft: Paper<'draft'>, key: Paper<'registry-key'>): Paper<'draft'> {
  const keys = registryKeysFromSeed(key.seed);
  if (draft.signatures.some(({ registryPk }) => equalBytes(registryPk, keys.registryPk)))
    throw new Error('This key has signed the draft already; a second keeper must.');
  return { ...draft, signatures: [...draft.signatures, ...signRegistryStatement(inboxDraftOf(draft).statement, [keys])] };
}

/** The inbox's root, signed by one of its owners. Throws when fewer than two keepers have signed, or one of them something else. */
export function finishInbox(draft: Paper<'draft'>, keys: Paper<'owner-keys'>, createdAt: number): Paper<'inbox'> {
  const { statement, ...rest } = inboxDraftOf(draft);
  if (draft.signatures.length < 2) throw new Error(`Two of the registry's keepers must sign; so far ${draft.signatures.length} did.`);
  for (const { registryPk, signature } of draft.signatures) {
    if (!verifySignature('gim1/reg', statement, signature, registryPk)) throw new Error('A signature is not for this draft.');
  }
  const signer = { userId: keys.userId, device: deviceFromSeed(keys.seed, 'browser'), createdAt };
  const { link, boxes, prevBox } = createInbox({ ...rest, statement }, draft.signatures, signer);
  return { paper: 'inbox', name: draft.name, owners: draft.owners, root: { link, boxes: [...boxes], prevBox } };
}

/** Verifies a finished inbox as every client will, against the registry's public keys. Throws a CryptoError. Gives its id. */
export function verifyInbox({ owners, root }: Paper<'inbox'>, registryPks: readonly Uint8Array[]): string {
  const users = new Map(owners.map((link) => replayUserChain([link])).map((state) => [idOf<'account'>(state.userId), state]));
  const state = replayInboxChain([root.link], { user: (userId) => users.get(idOf(userId)), registryPks, moment: 'now' });
  return idOf<'inbox'>(state.inboxId);
}

/** What a keeper signs, to read before he does. */
export function describeDraft(draft: Paper<'draft'>): string {
  return [
    `inbox     ${draft.name}`,
    `owners    ${ownersOf(draft)
      .map(({ userId }) => idOf(userId))
      .join('\n          ')}`,
    `additions need ${draft.policy.addsRequire === 2 ? 'two signatures' : 'one signature'}; members ${draft.policy.requirePrf ? 'must' : 'need not'} unlock by passkey`,
    `signed by ${draft.signatures.length} of the registry's keepers so far`,
  ].join('\n');
}

function inboxDraftOf(draft: Paper<'draft'>): InboxDraft {
  const owners = ownersOf(draft);
  const { name, nonce, policy } = draft;
  return {
    name,
    nonce,
    policy,
    owners,
    statement: registryStatement(
      name,
      nonce,
      policy,
      owners.map(({ userId }) => userId),
    ),
  };
}

function ownersOf({ owners }: Paper<'draft'>): readonly UserChainState[] {
  return owners.map((link) => replayUserChain([link]));
}
