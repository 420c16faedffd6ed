import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { createGeneration } from '../../../client/crypto/generation-keys.ts';
import { addMember, createInbox, draftInbox, removeMember, rotateInboxKey, signInboxLink } from '../../../client/crypto/inbox-keys.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { registryKeysFromSeed, signRegistryStatement } from '../../../client/crypto/registry.ts';
import { signLink } from '../../../client/crypto/sign-link.ts';
import { encode } from '../../../server/protocol/codec.ts';
import {
  decodeInboxBody,
  encodeInboxBody,
  inboxLinkTypes,
  type InboxPolicy,
  registryStatement,
} from '../../../server/protocol/inbox-bodies.ts';
import { extendInboxChain, replayInboxChain } from '../../../server/protocol/inbox-chain.ts';
import { currentMembers, findStaleMembers } from '../../../server/protocol/inbox-state.ts';
import { decodeLink, encodeLink } from '../../../server/protocol/link.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { currentGeneration, headOf } from '../../../server/protocol/user-state.ts';
import { staffed, tryBody } from '../../support/staffed-inbox.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { registry, registryPks, World } from '../../support/gim-world.ts';

await cryptoReady;

const alone: InboxPolicy = { addsRequire: 1, requirePrf: false };

test('a chain of every type of link replays to the state it was built with', () => {
  const { world, inbox, owner, admin, member, auditor } = staffed();
  tryBody(inbox, owner, { type: 'change_role', userId: member.id, role: 'admin', coSigners: [] });
  tryBody(inbox, auditor, { type: 'leave' });
  inbox.rotate(member);
  inbox.remove(owner, admin);
  tryBody(inbox, owner, { type: 'set_policy', policy: { addsRequire: 1, requirePrf: true }, coSigners: [] });
  const statement = registryStatement('Registry office', inbox.state.nonce, inbox.state.policy, [owner.id]);
  tryBody(inbox, owner, {
    type: 'rename',
    name: 'Registry office',
    registrySignatures: signRegistryStatement(statement, registry.slice(1)),
  });
  tryBody(inbox, owner, { type: 'close' });
  const replayed = replayInboxChain(inbox.shelf.links, world.at('past'), inbox.id);
  expect(replayed).toEqual(inbox.state);
  expect(replayed).toMatchObject({ name: 'Registry office', policy: { requirePrf: true }, seqno: 11, closedAt: 11 });
  expect(currentMembers(replayed).map(({ userId, role }) => [userId, role])).toEqual([
    [owner.id, 'owner'],
    [member.id, 'admin'],
  ]);
  expectRefusal(() => inbox.rotate(owner), 'not_allowed');
});

describe('attacks 10 and 11: the root', () => {
  test('another root is not accepted for a known inbox id', () => {
    const world = new World();
    const [first, second] = [world.inbox(world.person()), world.inbox(world.person())];
    expectRefusal(() => replayInboxChain(second.shelf.links, world.at('past'), first.id), 'bad_id');
  });

  test('a fake inbox of the same name with no, one, doubled, foreign or borrowed registry signatures', () => {
    const world = new World();
    const [real, fake] = [world.person(), world.person()];
    const genuine = draftInbox('Civil registry', alone, [real.state]);
    const draft = draftInbox('Civil registry', alone, [fake.state]);
    const [one, two] = signRegistryStatement(draft.statement, registry);
    const foreign = [8, 9].map((seed) => registryKeysFromSeed(new Uint8Array(32).fill(seed)));
    const attempts = [
      [],
      [one!],
      [one!, one!],
      [one!, { ...two!, registryPk: one!.registryPk }],
      signRegistryStatement(draft.statement, foreign),
      [one!, two!, ...signRegistryStatement(draft.statement, foreign.slice(1))],
      signRegistryStatement(genuine.statement, registry),
    ];
    for (const signatures of attempts) {
      expectRefusal(() => replayInboxChain([createInbox(draft, signatures, fake.signer).link], world.at('now')), 'bad_signature');
    }
    expect(replayInboxChain([createInbox(draft, [one!, two!], fake.signer).link], world.at('now')).name).toBe('Civil registry');
  });

  test('the registry`s signatures fit one name, one policy and one set of owners', () => {
    const world = new World();
    const [owner, other] = [world.person(), world.person()];
    const draft = draftInbox('Civil registry', alone, [owner.state]);
    const signatures = signRegistryStatement(draft.statement, registry);
    const changed = [
      { ...draft, name: 'Tax office' },
      { ...draft, policy: { ...alone, requirePrf: true } },
      { ...draft, nonce: randomBytes(32) },
      { ...draft, owners: [owner.state, other.state] },
    ];
    for (const draftOf of changed)
      expectRefusal(() => replayInboxChain([createInbox(draftOf, signatures, owner.signer).link], world.at('now')), 'bad_signature');
  });

  test('a root brings in nobody but the owners the registry signed for, with the keys they are listed with', () => {
    const world = new World();
    const [owner, guest] = [world.person(), world.person()];
    const draft = draftInbox('Civil registry', alone, [owner.state]);
    const { link } = createInbox(draft, signRegistryStatement(draft.statement, registry), owner.signer);
    const body = decodeInboxBody(inboxLinkTypes.root, decodeLink(link).body!);
    if (body.type !== 'root') throw new Error('not a root');
    const [entry] = body.members;
    const [box] = body.ptk.boxes;
    const verifyRoot = (change: Partial<typeof body>) => {
      const changed = encodeInboxBody({ ...body, ...change });
      const signer = { ...owner.signer, userId: null };
      return replayInboxChain([signLink('inbox', null, { type: inboxLinkTypes.root, body: changed }, signer)], world.at('past'));
    };
    expect(verifyRoot({}).seqno).toBe(1);
    const { userId, seqno: userSeqno, tails } = guest.state;
    const member = { ...entry!, userId, role: 'member', userSeqno, userTail: tails[0]! } as const;
    const ptk = { ...body.ptk, boxes: [box!, { ...box!, recipient: userId }] };
    expectRefusal(() => verifyRoot({ members: [entry!, member], ptk }), 'invalid_link');
    expectRefusal(() => verifyRoot({ members: [entry!, entry!], ptk }), 'invalid_link');
    expectRefusal(() => verifyRoot({ members: [] }), 'invalid_link');
    expectRefusal(() => verifyRoot({ ptk: { ...body.ptk, boxes: [{ ...box!, recipientGeneration: 2 }] } }), 'invalid_link');
  });

  test('somebody who is no owner does not sign the root, and no chain is taken for granted', () => {
    const world = new World();
    const [owner, other] = [world.person(), world.person()];
    const draft = draftInbox('Civil registry', alone, [owner.state]);
    const link = createInbox(draft, signRegistryStatement(draft.statement, registry), other.signer).link;
    expectRefusal(() => replayInboxChain([link], world.at('now')), 'not_allowed');
    expectRefusal(() => replayInboxChain([link], { user: () => undefined, registryPks, moment: 'now' }), 'unknown_chain');
  });
});

describe('attack 15: a removal gives the others a new key, and only them', () => {
  test('the old generation, the removed still a recipient, or somebody left out', () => {
    const { world, inbox, owner, member } = staffed();
    const recipients = currentMembers(inbox.state).map(({ userId }) => {
      const { generation, kemPk } = currentGeneration(world.user(userId)!);
      return { recipient: userId, recipientGeneration: generation, kemPk };
    });
    const others = recipients.filter(({ recipient }) => String(recipient) !== String(member.id));
    const keys = inbox.keys(owner);
    const attempts = [
      createGeneration('ptk', inbox.id, others, { generation: 1, previous: keys }),
      createGeneration('ptk', inbox.id, others, { generation: 3, previous: keys }),
      createGeneration('ptk', inbox.id, others, { generation: 2, previous: null }),
      createGeneration('ptk', inbox.id, recipients, { generation: 2, previous: keys }),
      createGeneration('ptk', inbox.id, others.slice(1), { generation: 2, previous: keys }),
    ];
    for (const { link: ptk } of attempts) {
      expectRefusal(() => tryBody(inbox, owner, { type: 'remove_member', userId: member.id, ptk }), 'invalid_link');
    }
    inbox.remove(owner, member);
    expect(currentGeneration(inbox.state).generation).toBe(2);
  });

  test('no new key at all', () => {
    const { inbox, owner, member } = staffed();
    const chain = { id: inbox.id, seqno: inbox.state.seqno, tail: headOf(inbox.state) };
    const link = signLink('inbox', chain, { type: inboxLinkTypes.remove_member, body: encode([member.id]) }, owner.signer);
    expectRefusal(() => inbox.append({ link, boxes: [], prevBox: null }), 'malformed');
  });

  test('nobody removes himself, for he would make the new key', () => {
    const { world, inbox, owner } = staffed();
    const second = world.person();
    inbox.add(owner, second, 'owner');
    const link = removeMember({ state: inbox.state, signer: owner.signer, keys: inbox.keys(owner), userId: owner.id, user: world.user });
    expectRefusal(() => inbox.append(link), 'invalid_link');
  });
});

test('a retention cut leaves earlier generations unreadable for who opens the new one', () => {
  const { inbox, owner, world } = staffed();
  inbox.append(
    rotateInboxKey({ state: inbox.state, signer: owner.signer, keys: inbox.keys(owner), reason: 'retention_cut', user: world.user }),
  );
  expect(inbox.ring(owner).map(({ generation }) => generation)).toEqual([2]);
  const recipients = currentMembers(inbox.state).map(({ userId }) => {
    const { generation, kemPk } = currentGeneration(world.user(userId)!);
    return { recipient: userId, recipientGeneration: generation, kemPk };
  });
  const { link: ptk } = createGeneration('ptk', inbox.id, recipients, { generation: 3, previous: inbox.keys(owner) });
  expectRefusal(() => tryBody(inbox, owner, { type: 'rotate_ptk', reason: 'retention_cut', ptk }), 'invalid_link');
});

test('attack 19: after a member replaced his key, the box audit names him until the inbox rotates', () => {
  const { world, inbox, owner, member } = staffed();
  expect(findStaleMembers(inbox.state, (id) => world.user(id)!)).toEqual([]);
  member.rotate();
  expect(findStaleMembers(inbox.state, (id) => world.user(id)!)).toEqual([member.id]);
  inbox.rotate(owner);
  expect(findStaleMembers(inbox.state, (id) => world.user(id)!)).toEqual([]);
});

test('a member is added with the key he has now, at a head of his own chain', () => {
  const { world, inbox, owner } = staffed();
  const newcomer = world.person();
  const outdated = newcomer.state;
  newcomer.rotate();
  const link = addMember({ state: inbox.state, signer: owner.signer, keys: inbox.keys(owner), member: outdated, role: 'member' }).link;
  expectRefusal(() => extendInboxChain(inbox.state, link, world.at('now')), 'stale_key');
  expect(extendInboxChain(inbox.state, link, world.at('past')).seqno).toBe(inbox.state.seqno + 1);
  const wrongHead = { ...newcomer.state, tails: [...newcomer.state.tails.slice(0, -1), randomBytes(32)] };
  const astray = addMember({ state: inbox.state, signer: owner.signer, keys: inbox.keys(owner), member: wrongHead, role: 'member' }).link;
  expectRefusal(() => extendInboxChain(inbox.state, astray, world.at('past')), 'broken_chain');
});

test('a key that was sealed to a newer generation of a member never goes back to an older one', () => {
  const { world, inbox, owner, member } = staffed();
  const old = currentGeneration(member.state);
  member.rotate();
  inbox.rotate(owner);
  const recipients = currentMembers(inbox.state).map(({ userId }) => {
    const { generation, kemPk } = String(userId) === String(member.id) ? old : currentGeneration(world.user(userId)!);
    return { recipient: userId, recipientGeneration: generation, kemPk };
  });
  const { link: ptk } = createGeneration('ptk', inbox.id, recipients, { generation: 3, previous: inbox.keys(owner) });
  expectRefusal(() => tryBody(inbox, owner, { type: 'rotate_ptk', reason: 'scheduled', ptk }), 'invalid_link');
});

test('a revoked device signs no link of the inbox: not now, and not back-dated once the inbox knows the newer key', () => {
  const { world, inbox, owner, admin } = staffed();
  const newcomer = world.person();
  const stolen = owner.signer;
  const keys = inbox.keys(owner);
  const before = inbox.state;
  const early = addMember({ state: before, signer: stolen, keys, member: newcomer.state, role: 'member' }).link;
  owner.moveTo(createDevice('browser'));
  owner.revoke(stolen.device.deviceId);
  expectRefusal(() => extendInboxChain(before, early, world.at('now')), 'not_allowed');
  expect(extendInboxChain(before, early, world.at('past')).seqno).toBe(before.seqno + 1);
  inbox.append(
    rotateInboxKey({ state: inbox.state, signer: admin.signer, keys: inbox.keys(admin), reason: 'member_key', user: world.user }),
  );
  const late = addMember({ state: inbox.state, signer: stolen, keys, member: newcomer.state, role: 'member' }).link;
  expectRefusal(() => extendInboxChain(inbox.state, late, world.at('past')), 'not_allowed');
});

describe('attack 27: what this program does not know stops the chain', () => {
  test('numbers of the future, stubs and links of a user chain', () => {
    const { inbox, owner } = staffed();
    const chain = { id: inbox.id, seqno: inbox.state.seqno, tail: headOf(inbox.state) };
    for (const type of [0, 10, 255]) {
      const link = signLink('inbox', chain, { type, body: encode([]) }, owner.signer);
      expectRefusal(() => inbox.append({ link, boxes: [], prevBox: null }), 'unsupported');
    }
    const closing = decodeLink(signInboxLink(inbox.state, owner.signer, { type: 'close' }));
    expectRefusal(() => inbox.append({ link: encodeLink({ ...closing, body: null }), boxes: [], prevBox: null }), 'invalid_link');
    expectRefusal(() => inbox.append({ link: owner.shelf.links[0]!, boxes: [], prevBox: null }), 'broken_chain');
  });
});
