import { describe, expect, test } from 'vitest';
import { openEpoch, openPreviousEpoch } from '../../../client/crypto/epoch-keys.ts';
import { addMember, rotateInboxKey, signInboxLink } from '../../../client/crypto/inbox-keys.ts';
import { signRegistryStatement } from '../../../client/crypto/registry.ts';
import { registryStatement } from '../../../server/protocol/inbox-bodies.ts';
import { checkEnvelope } from '../../../server/protocol/envelope.ts';
import { readerOfUser, readersOfMembers } from '../../../server/protocol/epoch-rules.ts';
import { extendInboxChain, replayInboxChain } from '../../../server/protocol/inbox-chain.ts';
import { activeMembers, currentMembers, findStaleMembers, memberChain, registrarsName } from '../../../server/protocol/inbox-state.ts';
import { replayUntilReset } from '../../../server/protocol/user-chain.ts';
import { untilReset } from '../../../server/protocol/user-state.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Conversation, type Inbox, type Person, registry, World } from '../../support/gim-world.ts';
import { Registrars } from '../../support/registrars.ts';
import { anyKeys } from '../../support/staffed-inbox.ts';

function office() {
  const world = new World();
  const registrars = new Registrars(world);
  const [owner, official, citizen] = [world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, official, 'admin');
  return { world, registrars, owner, official, citizen, inbox };
}

const membersOf = (inbox: Inbox) => activeMembers(inbox.state, { user: inbox.world.user }).map(({ userId }) => userId);
const stale = (inbox: Inbox) => findStaleMembers(inbox.state, (id) => inbox.world.user(id)!);

describe('an official whose account was reset', () => {
  test('is still listed, but signs nothing in the inbox and gets no new key until he is removed and added again', () => {
    const { registrars, owner, official, inbox } = office();
    registrars.reset(official);
    expect(membersOf(inbox)).toEqual([owner.id]);
    expect(stale(inbox)).toEqual([official.id]);
    const forged = rotateInboxKey({
      state: inbox.state,
      signer: official.signer,
      keys: anyKeys,
      reason: 'scheduled',
      user: inbox.world.user,
    });
    expectRefusal(() => inbox.append(forged), 'not_allowed');
    expectRefusal(() => inbox.ring(official), 'cannot_open');

    inbox.rotate(owner);
    expect(inbox.state.generations.at(-1)?.boxes.map(({ recipient }) => recipient)).toEqual([owner.id]);
    expect(stale(inbox)).toEqual([]);
    expect(currentMembers(inbox.state)).toHaveLength(2);
    const signed = signInboxLink(inbox.state, official.signer, { type: 'rename', name: 'Mine', registrySignatures: [] });
    expectRefusal(() => inbox.append({ link: signed, boxes: [], prevBox: null }), 'not_allowed');

    inbox.remove(owner, official);
    inbox.add(owner, official, 'admin');
    expect(membersOf(inbox)).toEqual([owner.id, official.id]);
    inbox.rotate(official);
    expect(inbox.ring(official)).toEqual(inbox.ring(owner));
  });

  test('is sealed to by nobody else either: a rotation that has a box for his new key is refused', () => {
    const { world, registrars, owner, official, inbox } = office();
    registrars.reset(official);
    const trusting = { ...inbox.state, memberships: inbox.state.memberships.map((stay) => ({ ...stay, userSeqno: 99 })) };
    const sealed = rotateInboxKey({
      state: trusting,
      signer: owner.signer,
      keys: inbox.keys(owner),
      reason: 'member_key',
      user: world.user,
    });
    expect(sealed.boxes).toHaveLength(2);
    expectRefusal(() => inbox.append(sealed), 'invalid_link');
    expectRefusal(() => extendInboxChain(inbox.state, sealed.link, world.at('past')), 'unknown_chain');
  });

  test('cannot be made to have signed anything after the key he lost, by whoever has his old device', () => {
    const { world, registrars, owner, official, inbox } = office();
    const old = { ...official.signer };
    registrars.reset(official);
    const early = signInboxLink(inbox.state, old, { type: 'set_policy', policy: inbox.state.policy, coSigners: [] });
    expectRefusal(() => extendInboxChain(inbox.state, early, world.at('now')), 'not_allowed');
    inbox.rotate(owner);
    const late = rotateInboxKey({ state: inbox.state, signer: old, keys: anyKeys, reason: 'suspicion', user: world.user });
    expectRefusal(() => extendInboxChain(inbox.state, late.link, world.at('past')), 'not_allowed');
  });

  test('leaves behind a chain that replays as it was: what he signed before, and the keys he was given', () => {
    const { world, registrars, owner, official, inbox } = office();
    inbox.rotate(official);
    registrars.reset(official);
    inbox.rotate(owner);
    expect(replayInboxChain(inbox.shelf.links, world.at('past'), inbox.id)).toEqual(inbox.state);
  });

  test('neither writes, nor seals, nor is sealed to in a conversation', () => {
    const { registrars, owner, official, citizen, inbox } = office();
    const conversation = new Conversation(citizen, inbox);
    registrars.reset(official);
    expectRefusal(() => conversation.verify(conversation.draftEpoch(official, 'newer_key').link), 'not_allowed');
    const ownReaders = [readerOfUser(citizen.state), readerOfUser(owner.state, 'member'), readerOfUser(official.state, 'member')];
    const withHim = conversation.draftEpoch(citizen, 'stale_inbox', ownReaders);
    expectRefusal(() => conversation.verify(withHim.link), 'broken_chain');
    const stay = inbox.state.memberships[1]!;
    const oldKey = readerOfUser(memberChain(inbox.state, stay, inbox.world.at('now')), 'member');
    const withOldKey = conversation.draftEpoch(citizen, 'stale_inbox', [...ownReaders.slice(0, 2), oldKey]);
    expectRefusal(() => conversation.verify(withOldKey.link), 'stale_key');
    const readers = [readerOfUser(citizen.state), ...readersOfMembers(inbox.state, inbox.world.user)];
    expect(conversation.verify(conversation.draftEpoch(citizen, 'stale_inbox', readers).link).readers).toHaveLength(2);
  });
});

describe('attack 37: a citizen whose account was reset', () => {
  test('gets nothing sealed under the name of an ordinary change of keys, by anybody', () => {
    const { owner, citizen, conversation } = afterReset();
    refuseAll(conversation, owner, 'invalid_link', ['newer_key', 'limit']);
    refuseAll(conversation, citizen, 'invalid_link', ['newer_key', 'limit']);
    refuseAll(conversation, citizen, 'not_allowed', ['restored']);
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'newer_key').link, 'past'), 'invalid_link');
  });

  test('cannot write in the old epoch, nor can anybody else', () => {
    const { world, owner, citizen, conversation } = afterReset();
    for (const by of [citizen, owner]) {
      const envelope = conversation.send(by, 'now');
      expectRefusal(() => checkEnvelope(envelope, conversation.current.state, world.at('now')), 'stale_key');
    }
    // Nor can a server pass something of the new device off as old.
    const backdated = conversation.send(citizen, 'then');
    expectRefusal(() => checkEnvelope(backdated, conversation.current.state, world.at('past')), 'not_allowed');
  });

  test('has the history back when an official says so, once, and both go on as ever', () => {
    const { owner, citizen, conversation, inbox } = afterReset();
    const [first] = conversation.epochs;
    const { state, sealed } = conversation.reEpoch(owner, 'restored');
    const keys = openEpoch(state, citizen.id, citizen.ring(), sealed.boxes[0]!);
    expect(openPreviousEpoch(state, keys, first!.state, sealed.prevBox!).secret).toEqual(first!.keys.secret);
    refuseAll(conversation, owner, 'invalid_link', ['restored']);
    citizen.rotate();
    inbox.rotate(owner);
    expect(conversation.reEpoch(citizen, 'newer_key').state.epoch).toBe(3);
  });

  test('gives no reason to restore where nothing was reset', () => {
    const { owner, citizen, inbox } = office();
    const conversation = new Conversation(citizen, inbox);
    refuseAll(conversation, owner, 'invalid_link', ['restored']);
    citizen.rotate();
    refuseAll(conversation, owner, 'invalid_link', ['restored']);
  });
});

describe("the registrars' own inbox", () => {
  test('verifies with what everybody sees of its members, whoever of them was reset', () => {
    const { world, registrars } = office();
    const { inbox, first, second } = registrars;
    const third = world.person();
    inbox.add(first, third, 'owner');
    inbox.rotate(second);
    const pending = registrars.draft(second);
    const words = [first, third].map((by) => registrars.attest(by, second, pending));
    const link = registrars.finish(pending, words);
    second.adopt(link, untilReset(second.state, 0), pending.device);
    const user = (userId: Uint8Array) => replayUntilReset(world.find(userId)!.shelf.links, userId);
    expect(replayInboxChain(inbox.shelf.links, { ...world.at('past'), user }, inbox.id)).toEqual(inbox.state);
  });

  test('never takes somebody who was reset, not even again', () => {
    const { world, registrars, citizen } = office();
    registrars.reset(citizen);
    const { inbox, first } = registrars;
    const added = addMember({ state: inbox.state, signer: first.signer, keys: inbox.keys(first), member: citizen.state, role: 'member' });
    expectRefusal(() => inbox.append(added), 'broken_chain');
    expectRefusal(() => extendInboxChain(inbox.state, added.link, world.at('past')), 'broken_chain');
  });

  test('keeps its name, and no other inbox takes it', () => {
    const { registrars, owner, inbox } = office();
    for (const [renamed, by, name] of [
      [inbox, owner, registrarsName],
      [registrars.inbox, registrars.first, 'Other'],
    ] as const) {
      const link = signInboxLink(renamed.state, by.signer, {
        type: 'rename',
        name,
        registrySignatures: signRegistryStatement(statementOf(renamed, by, name), registry),
      });
      expectRefusal(() => renamed.append({ link, boxes: [], prevBox: null }), 'invalid_link');
    }
  });
});

function statementOf({ state }: Inbox, owner: Person, name: string): Uint8Array {
  return registryStatement(name, state.nonce, state.policy, [owner.id]);
}

function afterReset() {
  const { world, registrars, owner, citizen, inbox } = office();
  const conversation = new Conversation(citizen, inbox);
  conversation.send(citizen, 'from before');
  registrars.reset(citizen);
  return { world, owner, citizen, inbox, conversation, registrars };
}

function refuseAll(
  conversation: Conversation,
  by: Person,
  code: 'invalid_link' | 'not_allowed',
  reasons: readonly ('newer_key' | 'limit' | 'restored')[],
) {
  for (const reason of reasons) expectRefusal(() => conversation.verify(conversation.draftEpoch(by, reason).link), code);
}
