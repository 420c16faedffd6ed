import { changed, evil, integration, unchecked, unit, type Planted } from './fault.ts';

const link = 'server/protocol/link.ts';
const userChain = 'server/protocol/user-chain.ts';
const inboxChain = 'server/protocol/inbox-chain.ts';
const generation = 'server/protocol/generation.ts';
const epochRules = 'server/protocol/epoch-rules.ts';
const verification = 'server/protocol/verification.ts';
const envelope = 'server/protocol/envelope.ts';
const log = 'client/conversations/conversation-log.ts';
const epochKeys = 'client/crypto/epoch-keys.ts';

/** Chains, inboxes and epochs: attacks 1 to 21. */
export const keyFaults: readonly Planted[] = [
  [
    '1 signatures of a link',
    evil('chains', 'attack 1:'),
    changed(link, "verifySignature('gim1/link-sig', link.outerBytes, found.signature, device.signPk);", 'true;'),
  ],
  [
    '1 the new device`s own signature',
    unit('crypto/user-chain', 'without the reverse signature'),
    unchecked(link, 'link.signatures.length === devices.length'),
  ],
  [
    '1 a chain that does not verify is told',
    evil('chains', 'attack 1:'),
    changed('client/account/directory.ts', "raise({ kind: 'chain-invalid', chain: 'account', id: accountId });", ''),
  ],
  ['2 readers are officials of the inbox', evil('readers', 'attack 2:'), unchecked(epochRules, 'stay !== undefined')],
  ['3 who may sign', evil('members', 'attack 3:'), unchecked('server/protocol/inbox-rules.ts', 'maySign(actor, body, subject)')],
  [
    '4 as many signatures as the policy says',
    evil('members', 'attack 4:'),
    unchecked(inboxChain, 'signers.length >= signersNeeded(body, state.policy.addsRequire)'),
  ],
  [
    '4 by different people',
    evil('members', 'attack 4:'),
    unchecked(inboxChain, 'new Set(signers.map(({ userId }) => String(userId))).size === signers.length'),
  ],
  [
    '5 a shorter chain than before',
    evil('pasts', 'attack 5:'),
    changed('client/inbox/inbox-chain.ts', 'if (head < afterSeqno) throw olderThanBefore();', ''),
  ],
  [
    '5 the head that is remembered',
    unit('client/alarms', 'an account whose chain is shorter'),
    changed(
      'client/storage/chain-store.ts',
      "if (!remembered) return 'advanced';",
      "if (!remembered || tails.length < remembered.seqno) return 'advanced';",
    ),
  ],
  ['6 a link follows the one before', evil('pasts', 'attack 6:'), unchecked(link, 'sameOrNull(outer.prev, chain?.tail ?? null)')],
  ['6 a named head is on the chain', evil('pasts', 'attack 6:'), unchecked(verification, 'known !== undefined && equalBytes(known, tail)')],
  [
    '10 the root an office`s id names',
    evil('roots', 'attack 10:'),
    unchecked(inboxChain, 'expectedId === null || equalBytes(first.inboxId, expectedId)'),
  ],
  [
    '10 the root a person`s id names',
    evil('roots', 'attack 10:'),
    unchecked(userChain, 'expectedId === null || equalBytes(first.userId, expectedId)'),
  ],
  [
    '11 two registry signatures',
    evil('roots', 'attack 11:'),
    changed(inboxChain, 'signatures.length >= 2 && distinct.size === signatures.length,', 'true,'),
  ],
  [
    '11 by keys that are pinned',
    evil('roots', 'attack 11:'),
    unchecked(inboxChain, "isPinned && verifySignature('gim1/reg', statement, signature, registryPk)"),
  ],
  ['11 the pin', evil('roots', 'attack 11:'), changed('client/storage/registry-pin.ts', 'changed: !same', 'changed: false')],
  [
    '12 who may read',
    evil('members', 'attack 12:'),
    changed('server/conversations/conversations.ts', 'return citizenId === caller.accountId || isReader(caller, inboxId);', 'return true;'),
  ],
  [
    '13 the epoch in force',
    evil('members', 'attack 13:'),
    changed(envelope, 'header.epoch === epochInForce.epoch && equalBytes(header.epochLinkHash, epochInForce.linkHash),', 'true,'),
  ],
  [
    '14 nothing is written after an epoch that did not verify',
    evil('removals', 'attack 14:'),
    changed(log, "if (entry.kind === 'epoch') this.#isBroken = true;", ''),
  ],
  ['15 sealed to exactly those who stay', evil('members', 'attack 15:'), unchecked(generation, 'covers')],
  ['15 a revocation too', unit('crypto/user-chain', 'the revoked device still among the recipients'), unchecked(generation, 'covers')],
  [
    '16 one secret for all readers of an epoch',
    unit('crypto/epoch', 'a reader who was given another secret'),
    unchecked(epochKeys, 'fits'),
  ],
  [
    '16 one seed for all who hold a key',
    unit('crypto/inbox-boxes', 'a member who was given another seed'),
    unchecked('client/crypto/generation-keys.ts', 'fits'),
  ],
  [
    '17 an epoch`s box says what it is for',
    unit('crypto/epoch', 'a box for another reader'),
    changed(
      'server/protocol/epoch.ts',
      "return lp('gim1/epoch-box', link.conversationId, link.epoch, link.commit, readers, reader.id, reader.generation);",
      "return lp('gim1/epoch-box', readers.length);",
    ),
  ],
  [
    '17 an inbox`s box says what it is for',
    unit('crypto/inbox-boxes', 'a box of another member'),
    changed(
      generation,
      "return lp('gim1/ptk-box', chainId, generation.generation, generation.kemPk, generation.commit, userId, pukGeneration);",
      "return lp('gim1/ptk-box', generation.commit.length, chainId.length, userId.length, pukGeneration - pukGeneration);",
    ),
  ],
  [
    '18 the previous secret is the committed one',
    unit('crypto/epoch', 'a previous secret that is not the committed one'),
    unchecked(epochKeys, 'fits'),
  ],
  [
    '19 outdated keys are found',
    integration('box-audit', 'a member`s newer key of his own'),
    changed(
      'server/protocol/inbox-state.ts',
      'return slot?.recipientGeneration !== currentGeneration(userOf(stay.userId)).generation;',
      'return false;',
    ),
  ],
  [
    '19 an inbox that cannot be renewed is not sealed to',
    integration('box-audit', 'an inbox whose key cannot be renewed'),
    unchecked('client/inbox/box-audit.ts', "this.#states.get(inboxId)?.value !== 'failed'"),
  ],
  [
    '20 a box for each reader, and no other',
    evil('readers', 'attack 20:'),
    changed('server/conversations/epochs.ts', 'requireBoxes(link, bytes, previousBox === null ? null : fromBase64Url(previousBox));', ''),
  ],
  [
    '21 the citizen, and one citizen',
    evil('readers', 'attack 21:'),
    changed(
      epochRules,
      'citizen !== undefined && moreCitizens.length === 0 && equalBytes(citizen.id, parties.citizenId),',
      'citizen !== undefined || moreCitizens.length === 0,',
    ),
  ],
];
