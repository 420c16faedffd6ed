import { beforeAll, describe, expect, test } from 'vitest';
import { createDevice, type DeviceKeys, openLabel, publicDevice } from '../../../client/crypto/device.ts';
import { createGeneration, openGenerations, sealSeed } from '../../../client/crypto/generation-keys.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { coSignLink, signLink } from '../../../client/crypto/sign-link.ts';
import { acceptDevice, addDevice, createUser, revokeDevices, rotateUserKey } from '../../../client/crypto/user-keys.ts';
import { encode } from '../../../server/protocol/codec.ts';
import { requireBoxes } from '../../../server/protocol/generation.ts';
import { boxHash, decodeLink, encodeLink } from '../../../server/protocol/link.ts';
import { CryptoError, cryptoReady } from '../../../server/protocol/sodium.ts';
import { encodeUserBody, type UserBody, userLinkTypes } from '../../../server/protocol/user-bodies.ts';
import { extendUserChain, replayUserChain } from '../../../server/protocol/user-chain.ts';
import { activeDevices, currentGeneration, headOf } from '../../../server/protocol/user-state.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Person } from '../../support/gim-world.ts';

beforeAll(() => cryptoReady);

/** A link with any body, signed by any device, after the person's last one. */
function forge(person: Person, body: UserBody, device: DeviceKeys = person.device, type: number = userLinkTypes[body.type]): Uint8Array {
  const { userId, seqno } = person.state;
  return signLink(
    'user',
    { id: userId, seqno, tail: headOf(person.state) },
    { type, body: encodeUserBody(body) },
    { ...person.signer, device },
  );
}

function withTablet(person: Person): DeviceKeys {
  const tablet = createDevice('browser');
  const added = addDevice({ state: person.state, signer: person.signer, keys: person.keys(), newDevice: tablet, label: 'Tablet' });
  person.append({ ...added, link: acceptDevice(added.link, tablet, person.id) });
  return tablet;
}

test('a chain of every type of link replays to the state it was built with', () => {
  const person = new Person();
  const tablet = withTablet(person);
  person.rotate();
  person.revoke(tablet.deviceId);
  const replayed = replayUserChain(person.shelf.links, person.id);
  expect(replayed).toEqual(person.state);
  expect(replayed.seqno).toBe(4);
  expect(activeDevices(replayed).map(({ deviceId }) => deviceId)).toEqual([person.device.deviceId]);
  expect(currentGeneration(replayed).generation).toBe(3);
  expect(openLabel(replayed.devices[1]!, person.ring()[0]!)).toBe('Tablet');
});

describe('attack 1: the server adds a device with its own key', () => {
  test('signed by the new device alone', () => {
    const person = new Person();
    const evil = createDevice('browser');
    const keys = createGeneration('puk', randomBytes(32), [], { generation: 1, previous: null }).keys;
    const body: UserBody = { type: 'add_device', device: publicDevice(evil, '', keys), boxHash: new Uint8Array(32) };
    expectRefusal(() => extendUserChain(person.state, coSignLink(forge(person, body, evil), evil)), 'not_allowed');
  });

  test('in the name of a device whose key it does not have', () => {
    const person = new Person();
    const evil = createDevice('browser');
    const body: UserBody = { type: 'add_device', device: publicDevice(evil, '', person.keys()), boxHash: new Uint8Array(32) };
    const impostor = { ...evil, deviceId: person.device.deviceId };
    expectRefusal(() => extendUserChain(person.state, coSignLink(forge(person, body, impostor), evil)), 'bad_signature');
  });

  test('without the reverse signature of the new device, or with somebody else`s', () => {
    const person = new Person();
    const [tablet, evil] = [createDevice('browser'), createDevice('browser')];
    const added = addDevice({ state: person.state, signer: person.signer, keys: person.keys(), newDevice: tablet, label: '' });
    expectRefusal(() => extendUserChain(person.state, added.link), 'bad_signature');
    expectRefusal(() => extendUserChain(person.state, coSignLink(added.link, { ...evil, deviceId: tablet.deviceId })), 'bad_signature');
    const twice = coSignLink(acceptDevice(added.link, tablet, person.id), evil);
    expectRefusal(() => extendUserChain(person.state, twice), 'bad_signature');
    expectRefusal(() => acceptDevice(added.link, evil, person.id), 'invalid_link');
    expectRefusal(() => acceptDevice(added.link, tablet, randomBytes(32)), 'bad_id');
  });

  test('with an id that does not belong to its keys', () => {
    const person = new Person();
    const evil = { ...createDevice('browser'), deviceId: randomBytes(16) };
    const added = addDevice({ state: person.state, signer: person.signer, keys: person.keys(), newDevice: evil, label: '' });
    expectRefusal(() => extendUserChain(person.state, coSignLink(added.link, evil)), 'bad_id');
  });
});

test('attack 10: another root is not accepted for a known user id', () => {
  const [person, other] = [new Person(), new Person()];
  expectRefusal(() => replayUserChain(other.shelf.links, person.id), 'bad_id');
  expectRefusal(() => replayUserChain([], person.id), 'broken_chain');
});

describe('attack 15: a revocation gives the remaining devices a new key, and only them', () => {
  test('the old generation again', () => {
    const person = new Person();
    const tablet = withTablet(person);
    const revoked = revokeDevices({
      state: person.state,
      signer: person.signer,
      keys: { ...person.keys(), generation: 0 },
      deviceIds: [tablet.deviceId],
    });
    expectRefusal(() => extendUserChain(person.state, revoked.link), 'invalid_link');
  });

  test('no new key at all', () => {
    const person = new Person();
    const tablet = withTablet(person);
    const body = encode([[tablet.deviceId]]);
    const chain = { id: person.id, seqno: person.state.seqno, tail: headOf(person.state) };
    const link = signLink('user', chain, { type: userLinkTypes.revoke_device, body }, person.signer);
    expectRefusal(() => extendUserChain(person.state, link), 'malformed');
  });

  test('the revoked device still among the recipients, or an active one left out', () => {
    const person = new Person();
    const tablet = withTablet(person);
    const recipients = [person.device, tablet].map(({ deviceId, kemPk }) => ({ recipient: deviceId, recipientGeneration: null, kemPk }));
    const place = { generation: 2, previous: person.keys() };
    for (const sealedTo of [recipients, [], [recipients[0]!, recipients[0]!]]) {
      const puk = createGeneration('puk', person.id, sealedTo, place).link;
      expectRefusal(
        () => extendUserChain(person.state, forge(person, { type: 'revoke_device', deviceIds: [tablet.deviceId], puk })),
        'invalid_link',
      );
    }
  });

  test('no previous seed', () => {
    const person = new Person();
    const tablet = withTablet(person);
    const recipient = { recipient: person.device.deviceId, recipientGeneration: null, kemPk: person.device.kemPk };
    const puk = createGeneration('puk', person.id, [recipient], { generation: 2, previous: null }).link;
    expectRefusal(
      () => extendUserChain(person.state, forge(person, { type: 'revoke_device', deviceIds: [tablet.deviceId], puk })),
      'invalid_link',
    );
  });

  test('a device that revokes itself, an unknown one, none, or the same twice', () => {
    const person = new Person();
    const tablet = withTablet(person);
    for (const deviceIds of [[person.device.deviceId], [randomBytes(16)], [], [tablet.deviceId, tablet.deviceId]]) {
      const revoked = revokeDevices({ state: person.state, signer: person.signer, keys: person.keys(), deviceIds });
      expectRefusal(() => extendUserChain(person.state, revoked.link), 'invalid_link');
    }
  });
});

test('a revoked device signs nothing any more and never comes back', () => {
  const person = new Person();
  const tablet = withTablet(person);
  person.revoke(tablet.deviceId);
  const rotated = rotateUserKey({ state: person.state, signer: { ...person.signer, device: tablet }, keys: person.keys() });
  expectRefusal(() => extendUserChain(person.state, rotated.link), 'not_allowed');
  const again = addDevice({ state: person.state, signer: person.signer, keys: person.keys(), newDevice: tablet, label: '' });
  expectRefusal(() => extendUserChain(person.state, acceptDevice(again.link, tablet, person.id)), 'invalid_link');
});

test('links out of order, repeated, left out, or of another chain are refused, and the state stays usable', () => {
  const [person, other] = [new Person(), new Person()];
  const before = person.state;
  person.rotate();
  const second = person.shelf.links[1]!;
  person.rotate();
  const third = person.shelf.links[2]!;
  expectRefusal(() => extendUserChain(before, third), 'broken_chain');
  expectRefusal(() => extendUserChain(person.state, second), 'broken_chain');
  expectRefusal(() => extendUserChain(other.state, second), 'broken_chain');
  expectRefusal(() => extendUserChain(before, person.shelf.links[0]!), 'broken_chain');
  expectRefusal(() => replayUserChain([second]), 'broken_chain');
  expect(extendUserChain(before, second).seqno).toBe(2);
  other.rotate();
  const fork = { id: person.id, seqno: 2, tail: headOf(other.state) };
  const forked = signLink('user', fork, { type: 4, body: decodeLink(third).body! }, person.signer);
  expectRefusal(() => extendUserChain(extendUserChain(before, second), forked), 'broken_chain');
});

test('a link names its signing user, who is the owner of the chain; a root names none', () => {
  const [person, other] = [new Person(), new Person()];
  const rotated = rotateUserKey({ state: person.state, signer: person.signer, keys: person.keys() });
  const chain = { id: person.id, seqno: 1, tail: headOf(person.state) };
  const content = { type: userLinkTypes.rotate_puk, body: decodeLink(rotated.link).body! };
  expectRefusal(
    () => extendUserChain(person.state, signLink('user', chain, content, { ...person.signer, userId: other.id })),
    'not_allowed',
  );
  expectRefusal(() => extendUserChain(person.state, signLink('user', chain, content, { ...person.signer, userId: null })), 'broken_chain');
  const root = { type: userLinkTypes.root, body: decodeLink(person.shelf.links[0]!).body! };
  expectRefusal(() => replayUserChain([signLink('user', null, root, person.signer)]), 'broken_chain');
});

describe('attack 27: what this program does not know stops the chain', () => {
  test('link types of the future', () => {
    const person = new Person();
    const rotated = rotateUserKey({ state: person.state, signer: person.signer, keys: person.keys() });
    const body = decodeLink(rotated.link).body!;
    const chain = { id: person.id, seqno: 1, tail: headOf(person.state) };
    for (const type of [0, 7, 255]) {
      expectRefusal(() => extendUserChain(person.state, signLink('user', chain, { type, body }, person.signer)), 'unsupported');
    }
  });

  test('another version or suite', () => {
    const link = decodeLink(new Person().shelf.links[0]!);
    for (const index of [1, 2]) {
      const outerBytes = link.outerBytes.map((byte, at) => (at === index ? 2 : byte));
      expectRefusal(() => replayUserChain([encodeLink({ ...link, outerBytes })]), 'unsupported');
    }
  });

  test('a stubbed body, a swapped body, bytes behind the link', () => {
    const [person, other] = [new Person(), new Person()];
    const link = decodeLink(person.shelf.links[0]!);
    expectRefusal(() => replayUserChain([encodeLink({ ...link, body: null })]), 'invalid_link');
    expectRefusal(() => replayUserChain([encodeLink({ ...link, body: decodeLink(other.shelf.links[0]!).body })]), 'malformed');
    expectRefusal(() => replayUserChain([Uint8Array.from([...person.shelf.links[0]!, 0])]), 'malformed');
  });

  test('one flipped bit, wherever it is', () => {
    const [root] = new Person().shelf.links;
    for (let index = 0; index < root!.length; index += 7) {
      const changed = root!.map((byte, at) => (at === index ? byte ^ (1 << (index % 8)) : byte));
      expect(() => replayUserChain([changed]), `bit of byte ${index}`).toThrow(CryptoError);
    }
  });
});

describe('attacks 16, 17, 18: boxes', () => {
  test('a box with another seed than the committed one raises bad_key', () => {
    const person = new Person();
    const generation = currentGeneration(person.state);
    const wrong = { ...person.keys(), seed: randomBytes(32) };
    const recipient = { recipient: person.device.deviceId, recipientGeneration: null, kemPk: person.device.kemPk };
    const box = sealSeed('puk', generation.boxes[0]!.chainId, wrong, recipient);
    const slot = { ...generation.boxes[0]!, boxHash: boxHash(box) };
    const chain = { kind: 'puk' as const, id: person.id, generations: [{ ...generation, boxes: [slot] }] };
    const stored = [{ generation: 1, box, prevBox: null }];
    expectRefusal(() => openGenerations(chain, person.device.deviceId, () => person.device, stored), 'bad_key');
  });

  test('a box of another device or generation does not open, even when the chain named it', () => {
    const person = new Person();
    const tablet = withTablet(person);
    person.rotate();
    const current = currentGeneration(person.state);
    const relocate = (box: Uint8Array) => {
      const slots = current.boxes.map((slot) => ({ ...slot, boxHash: boxHash(box) }));
      const chain = { kind: 'puk' as const, id: person.id, generations: [person.state.generations[0]!, { ...current, boxes: slots }] };
      return openGenerations(chain, person.device.deviceId, () => person.device, [{ generation: 2, box, prevBox: null }]);
    };
    expect(relocate(person.shelf.boxesOf(person.device.deviceId)[1]!.box!)).toHaveLength(1);
    expectRefusal(() => relocate(person.shelf.boxesOf(tablet.deviceId)[1]!.box!), 'cannot_open');
    expectRefusal(() => relocate(person.shelf.boxesOf(person.device.deviceId)[0]!.box!), 'cannot_open');
  });

  test('a box or previous box the chain does not name is not opened', () => {
    const [person, other] = [new Person(), new Person()];
    person.rotate();
    other.rotate();
    const mine = person.shelf.boxesOf(person.device.deviceId);
    const theirs = other.shelf.boxesOf(other.device.deviceId);
    const chain = { kind: 'puk' as const, id: person.id, generations: person.state.generations };
    const openWith = (stored: typeof mine) => openGenerations(chain, person.device.deviceId, () => person.device, stored);
    expect(openWith(mine)).toHaveLength(2);
    expectRefusal(() => openWith([{ ...mine[1]!, box: theirs[1]!.box }]), 'cannot_open');
    const recipient = { recipient: person.device.deviceId, recipientGeneration: null, kemPk: person.device.kemPk };
    const sameSeed = sealSeed('puk', person.id, person.keys(), recipient);
    expectRefusal(() => openWith([{ ...mine[1]!, box: sameSeed }]), 'cannot_open');
    expectRefusal(() => openWith([mine[0]!, { ...mine[1]!, prevBox: theirs[1]!.prevBox }]), 'cannot_open');
  });

  test('a previous seed that is not the committed one raises bad_key', () => {
    const person = new Person();
    const liar = { ...person.keys(), seed: randomBytes(32) };
    person.append(rotateUserKey({ state: person.state, signer: person.signer, keys: liar }));
    expectRefusal(() => person.ring(), 'bad_key');
  });

  test('a server stores only the boxes a link names', () => {
    const created = createUser({ device: createDevice('browser'), label: '', createdAt: 1 });
    const expected = { boxHashes: currentGeneration(created.state).boxes.map((slot) => slot.boxHash), prevBoxHash: null };
    requireBoxes(expected, created.boxes, null);
    expectRefusal(() => requireBoxes(expected, [], null), 'invalid_link');
    expectRefusal(() => requireBoxes(expected, [...created.boxes, created.boxes[0]!], null), 'invalid_link');
    expectRefusal(() => requireBoxes(expected, [randomBytes(1168)], null), 'invalid_link');
    expectRefusal(() => requireBoxes(expected, created.boxes, randomBytes(72)), 'invalid_link');
  });
});
