import { describe, expect, test } from 'vitest';
import { addMember, removeMember, rotateInboxKey } from '../../../client/crypto/inbox-keys.ts';
import { coSignLink } from '../../../client/crypto/sign-link.ts';
import { type InboxPolicy } from '../../../server/protocol/inbox-bodies.ts';
import { findMembership } from '../../../server/protocol/inbox-state.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { anyKeys, staffed, tryBody } from '../../support/staffed-inbox.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Inbox, type Person, World } from '../../support/gim-world.ts';

await cryptoReady;

const alone: InboxPolicy = { addsRequire: 1, requirePrf: false };
const inPairs: InboxPolicy = { addsRequire: 2, requirePrf: false };

const adds = (role: 'owner' | 'admin' | 'member' | 'auditor') => (inbox: Inbox, by: Person, someone: Person) => {
  const link = addMember({ state: inbox.state, signer: by.signer, keys: anyKeys, member: someone.state, role });
  inbox.append(link);
};

describe('attack 3: who may sign what', () => {
  const cases = [
    { what: 'adds a member', act: adds('member'), allowed: ['owner', 'admin'] },
    { what: 'adds an auditor', act: adds('auditor'), allowed: ['owner', 'admin'] },
    { what: 'adds an admin', act: adds('admin'), allowed: ['owner'] },
    { what: 'adds an owner', act: adds('owner'), allowed: ['owner'] },
    {
      what: 'rotates the key',
      act: (inbox: Inbox, by: Person) => inbox.append(rotated(inbox, by, 'scheduled')),
      allowed: ['owner', 'admin', 'member'],
    },
    {
      what: 'cuts the history',
      act: (inbox: Inbox, by: Person) => inbox.append(rotated(inbox, by, 'retention_cut')),
      allowed: ['owner', 'admin'],
    },
    { what: 'leaves', act: (inbox: Inbox, by: Person) => tryBody(inbox, by, { type: 'leave' }), allowed: ['member', 'auditor'] },
    {
      what: 'sets the policy',
      act: (inbox: Inbox, by: Person) => tryBody(inbox, by, { type: 'set_policy', policy: alone, coSigners: [] }),
      allowed: ['owner'],
    },
    { what: 'closes the inbox', act: (inbox: Inbox, by: Person) => tryBody(inbox, by, { type: 'close' }), allowed: ['owner'] },
  ];

  test.each(cases)('$what: $allowed, nobody else', ({ act, allowed }) => {
    for (const role of ['owner', 'admin', 'member', 'auditor', 'outsider'] as const) {
      const people = staffed();
      const before = people.inbox.state;
      const attempt = () => act(people.inbox, people[role], people.world.person());
      if (allowed.includes(role)) attempt();
      else expectRefusal(attempt, 'not_allowed');
      expect(people.inbox.state === before).toBe(!allowed.includes(role));
    }
  });

  test('an admin who was demoted adds nobody any more', () => {
    const { world, inbox, owner, admin } = staffed();
    const newcomer = world.person();
    const link = addMember({ state: inbox.state, signer: admin.signer, keys: anyKeys, member: newcomer.state, role: 'member' });
    tryBody(inbox, owner, { type: 'change_role', userId: admin.id, role: 'member', coSigners: [] });
    expectRefusal(() => inbox.append(link), 'broken_chain');
    expectRefusal(() => adds('member')(inbox, admin, newcomer), 'not_allowed');
  });

  test('an admin neither removes, demotes nor promotes an owner or an admin', () => {
    const { world, inbox, owner, admin, member } = staffed();
    for (const subject of [owner, admin]) {
      const link = removeMember({ state: inbox.state, signer: admin.signer, keys: anyKeys, userId: subject.id, user: world.user });
      expectRefusal(() => inbox.append(link), 'not_allowed');
      expectRefusal(() => tryBody(inbox, admin, { type: 'change_role', userId: subject.id, role: 'member', coSigners: [] }), 'not_allowed');
    }
    expectRefusal(() => tryBody(inbox, admin, { type: 'change_role', userId: member.id, role: 'admin', coSigners: [] }), 'not_allowed');
    tryBody(inbox, admin, { type: 'change_role', userId: member.id, role: 'auditor', coSigners: [] });
    expect(findMembership(inbox.state, member.id)?.role).toBe('auditor');
  });

  test('an official signs with an active device of his own chain only', () => {
    const { world, inbox, owner, admin } = staffed();
    const newcomer = world.person();
    const stolen = { ...owner.signer, device: admin.device };
    const link = addMember({ state: inbox.state, signer: stolen, keys: anyKeys, member: newcomer.state, role: 'member' });
    expectRefusal(() => inbox.append(link), 'not_allowed');
    const impostor = { ...owner.signer, device: { ...admin.device, deviceId: owner.device.deviceId } };
    const forged = addMember({ state: inbox.state, signer: impostor, keys: anyKeys, member: newcomer.state, role: 'member' });
    expectRefusal(() => inbox.append(forged), 'bad_signature');
  });

  test('the last owner stays owner', () => {
    const { inbox, owner } = staffed();
    expectRefusal(() => tryBody(inbox, owner, { type: 'change_role', userId: owner.id, role: 'admin', coSigners: [] }), 'invalid_link');
  });
});

function rotated(inbox: Inbox, by: Person, reason: 'scheduled' | 'retention_cut') {
  return rotateInboxKey({ state: inbox.state, signer: by.signer, keys: anyKeys, reason, user: inbox.world.user });
}

/** An inbox of two owners that asks for two signatures. */
function paired() {
  const world = new World();
  const [first, second, newcomer] = [world.person(), world.person(), world.person()];
  const inbox = world.inbox(first, { owners: [second], policy: inPairs });
  const link = (...coSigners: { userId: Uint8Array; deviceId: Uint8Array }[]) =>
    addMember({ state: inbox.state, signer: first.signer, keys: inbox.keys(first), member: newcomer.state, role: 'member', coSigners });
  return { world, first, second, newcomer, inbox, link };
}

describe('attack 4: two signatures mean two people', () => {
  test('with the second owner`s signature a member is added', () => {
    const { inbox, link, second, newcomer } = paired();
    const sealed = link({ userId: second.id, deviceId: second.device.deviceId });
    expectRefusal(() => inbox.append(sealed), 'bad_signature');
    inbox.append({ ...sealed, link: coSignLink(sealed.link, second.device) });
    expect(findMembership(inbox.state, newcomer.id)?.role).toBe('member');
    expect(inbox.ring(newcomer)).toHaveLength(1);
  });

  test('one signature is not enough', () => {
    const { inbox, link, second } = paired();
    expectRefusal(() => inbox.append(link()), 'bad_signature');
    const unnamed = link();
    expectRefusal(() => inbox.append({ ...unnamed, link: coSignLink(unnamed.link, second.device) }), 'bad_signature');
  });

  test('two devices of one person are one person', () => {
    const { inbox, link, first } = paired();
    const sealed = link({ userId: first.id, deviceId: first.device.deviceId });
    expectRefusal(() => inbox.append({ ...sealed, link: coSignLink(sealed.link, first.device) }), 'bad_signature');
  });

  test('an outsider does not count', () => {
    const { world, inbox, link } = paired();
    const outsider = world.person();
    const sealed = link({ userId: outsider.id, deviceId: outsider.device.deviceId });
    expectRefusal(() => inbox.append({ ...sealed, link: coSignLink(sealed.link, outsider.device) }), 'not_allowed');
  });

  test('one owner alone neither lowers the policy nor promotes', () => {
    const { inbox, first, second, link, newcomer } = paired();
    expectRefusal(() => tryBody(inbox, first, { type: 'set_policy', policy: alone, coSigners: [] }), 'bad_signature');
    const sealed = link({ userId: second.id, deviceId: second.device.deviceId });
    inbox.append({ ...sealed, link: coSignLink(sealed.link, second.device) });
    expectRefusal(() => tryBody(inbox, first, { type: 'change_role', userId: newcomer.id, role: 'admin', coSigners: [] }), 'bad_signature');
    const coSigners = [{ userId: second.id, deviceId: second.device.deviceId }];
    tryBody(inbox, first, { type: 'set_policy', policy: alone, coSigners }, second);
    expect(inbox.state.policy.addsRequire).toBe(1);
  });

  test('an inbox that needs two has two owners, always', () => {
    const { world, inbox, first, second } = paired();
    const link = removeMember({ state: inbox.state, signer: first.signer, keys: inbox.keys(first), userId: second.id, user: world.user });
    expectRefusal(() => inbox.append(link), 'invalid_link');
    expectRefusal(() => world.inbox(first, { policy: inPairs }), 'invalid_link');
  });
});
