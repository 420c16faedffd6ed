import { beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { openEpoch, openPreviousEpoch } from '../../../client/crypto/epoch-keys.ts';
import { openEnvelope } from '../../../client/crypto/envelope.ts';
import { openInboxKeys } from '../../../client/crypto/inbox-keys.ts';
import { acceptDevice, addDevice } from '../../../client/crypto/user-keys.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Conversation, World } from '../../support/gim-world.ts';

beforeAll(() => cryptoReady);

test('an official who joins late reads the first epoch, through the newest box and two previous seeds', () => {
  const world = new World();
  const [citizen, owner, early, late] = [world.person(), world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, early);
  const conversation = new Conversation(citizen, inbox);
  const first = conversation.current;
  const letter = conversation.send(citizen, 'My birth certificate, please');
  inbox.remove(owner, early);
  const second = conversation.reEpoch(citizen);
  inbox.add(owner, late);

  const ring = inbox.ring(late);
  expect(ring.map(({ generation }) => generation)).toEqual([1, 2]);
  const newest = openEpoch(second.state, inbox.id, ring, second.sealed.boxes[1]!);
  const byChain = openPreviousEpoch(second.state, newest, first.state, second.sealed.prevBox!);
  const byBox = openEpoch(first.state, inbox.id, ring, first.sealed.boxes[1]!);
  expect(byChain.secret).toEqual(byBox.secret);
  const opened = openEnvelope(letter, first.state, byChain, world.at('past'));
  expect(opened.body.content).toMatchObject({ text: 'My birth certificate, please' });
  expect(opened.header.senderUser).toEqual(citizen.id);
});

test('an official who was removed opens neither the new inbox key nor the new epoch, and what he signs is refused', () => {
  const world = new World();
  const [citizen, owner, gone] = [world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, gone);
  const conversation = new Conversation(citizen, inbox);
  const oldRing = inbox.ring(gone);
  const oldBoxes = inbox.shelf.boxesOf(gone.id);
  const first = conversation.current;
  inbox.remove(owner, gone);

  const ownersBox = inbox.shelf.boxesOf(owner.id)[1]!;
  expect(inbox.ring(gone).map(({ generation }) => generation)).toEqual([1]);
  expectRefusal(() => openInboxKeys(inbox.state, gone.id, gone.ring(), [ownersBox]), 'cannot_open');
  const second = conversation.reEpoch(owner);
  expectRefusal(() => openEpoch(second.state, inbox.id, oldRing, second.sealed.boxes[1]!), 'cannot_open');
  expectRefusal(() => openPreviousEpoch(second.state, first.keys, first.state, second.sealed.prevBox!), 'cannot_open');
  const late = conversation.send(gone, 'I am still here', first);
  expectRefusal(() => openEnvelope(late, second.state, second.keys, world.at('past')), 'stale_key');
  expectRefusal(() => openEnvelope(late, first.state, first.keys, world.at('now')), 'stale_key');
  expectRefusal(
    () => openEnvelope(conversation.send(gone, 'in the new one', second), second.state, second.keys, world.at('past')),
    'not_allowed',
  );
  expect(oldBoxes[0]?.box).not.toBeNull();
});

test('a second device reads the history, and after the first is revoked only the second goes on', () => {
  const world = new World();
  const [citizen, owner] = [world.person(), world.person()];
  const inbox = world.inbox(owner);
  const conversation = new Conversation(citizen, inbox);
  const letter = conversation.send(citizen, 'From the phone');
  const first = conversation.current;
  citizen.rotate();

  const tablet = createDevice('browser');
  const added = addDevice({ state: citizen.state, signer: citizen.signer, keys: citizen.keys(), newDevice: tablet, label: 'Tablet' });
  citizen.append({ ...added, link: acceptDevice(added.link, tablet, citizen.id) });
  const ring = citizen.ring(tablet);
  expect(ring.map(({ generation }) => generation)).toEqual([1, 2]);
  const keys = openEpoch(first.state, citizen.id, ring, first.sealed.boxes[0]!);
  expect(openEnvelope(letter, first.state, keys, world.at('past')).body.content).toMatchObject({ text: 'From the phone' });

  citizen.revoke(tablet.deviceId);
  expect(citizen.ring().map(({ generation }) => generation)).toEqual([1, 2, 3]);
  expect(citizen.ring(tablet).map(({ generation }) => generation)).toEqual([1, 2]);
  const second = conversation.reEpoch(citizen);
  expectRefusal(() => openEpoch(second.state, citizen.id, citizen.ring(tablet), second.sealed.boxes[0]!), 'cannot_open');
});
