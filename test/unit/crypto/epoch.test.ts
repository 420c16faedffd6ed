import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { createEpoch, openEpoch, openPreviousEpoch } from '../../../client/crypto/epoch-keys.ts';
import { signInboxLink } from '../../../client/crypto/inbox-keys.ts';
import { encryptJoined, randomBytes, sign } from '../../../client/crypto/primitives.ts';
import { seal } from '../../../client/crypto/seal.ts';
import {
  decodeSignedEpoch,
  encodeEpochLink,
  encodeSignedEpoch,
  epochBoxData,
  type EpochLink,
  epochPrevData,
} from '../../../server/protocol/epoch.ts';
import { readerOfInbox, readerOfUser, verifyEpoch } from '../../../server/protocol/epoch-rules.ts';
import { boxHash } from '../../../server/protocol/link.ts';
import { CryptoError, cryptoReady } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Conversation, type Person, World } from '../../support/gim-world.ts';

await cryptoReady;

function opened() {
  const world = new World();
  const [citizen, owner, official, outsider] = [world.person(), world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, official);
  return { world, citizen, owner, official, outsider, inbox, conversation: new Conversation(citizen, inbox) };
}

/** The epoch with some fields changed, signed properly by the person. */
function resign(bytes: Uint8Array, by: Person, change: Partial<EpochLink>): Uint8Array {
  const linkBytes = encodeEpochLink({ ...decodeSignedEpoch(bytes).link, ...change });
  return encodeSignedEpoch(linkBytes, sign('gim1/epoch-sig', linkBytes, by.device.signSk));
}

test('both readers open the same secret, and the next epoch leads back to it', () => {
  const { citizen, official, inbox, conversation } = opened();
  const first = conversation.current;
  const byCitizen = openEpoch(first.state, citizen.id, citizen.ring(), first.sealed.boxes[0]!);
  const byOfficial = openEpoch(first.state, inbox.id, inbox.ring(official), first.sealed.boxes[1]!);
  expect(byCitizen.secret).toEqual(first.keys.secret);
  expect(byOfficial.secret).toEqual(first.keys.secret);
  const second = conversation.reEpoch(official, 'limit');
  expect(openPreviousEpoch(second.state, second.keys, first.state, second.sealed.prevBox!).secret).toEqual(first.keys.secret);
});

describe('attacks 20 and 21: the readers are the citizen and the office, nobody else', () => {
  test('an extra reader, a missing citizen, two citizens, a reader twice, another inbox', () => {
    const { world, citizen, owner, outsider, inbox, conversation } = opened();
    const other = world.inbox(world.person());
    const [user, office] = [readerOfUser(citizen.state), readerOfInbox(inbox.state)];
    const readerSets = [
      [user, office, readerOfUser(outsider.state)],
      [user, office, readerOfUser(outsider.state, 'member')],
      [user, office, readerOfInbox(other.state)],
      [user, office, office],
      [user, user, office],
      [office],
      [user],
      [readerOfUser(outsider.state), office],
      [user, readerOfInbox(other.state)],
      [],
    ];
    for (const by of [citizen, owner]) {
      for (const readers of readerSets) {
        expectRefusal(() => conversation.verify(conversation.draftEpoch(by, 'newer_key', readers).link), 'invalid_link');
      }
    }
  });

  test('a box more or less than readers', () => {
    const { citizen, conversation } = opened();
    const { link } = conversation.draftEpoch(citizen, 'limit');
    const { boxHashes } = decodeSignedEpoch(link).link;
    for (const changed of [boxHashes.slice(1), [...boxHashes, new Uint8Array(32)]]) {
      expectRefusal(() => conversation.verify(resign(link, citizen, { boxHashes: changed })), 'malformed');
    }
  });

  test('a reader with another key, an invented head, or a generation that was not current there', () => {
    const { citizen, owner, inbox, conversation } = opened();
    inbox.rotate(owner);
    const { link } = conversation.draftEpoch(citizen, 'newer_key');
    const [user, office] = decodeSignedEpoch(link).link.readers;
    const refuse = (changed: Partial<typeof office>, code: 'invalid_link' | 'broken_chain') => {
      expectRefusal(() => conversation.verify(resign(link, citizen, { readers: [user!, { ...office!, ...changed }] }), 'past'), code);
    };
    refuse({ kemPkHash: randomBytes(32) }, 'invalid_link');
    refuse({ chainTail: randomBytes(32) }, 'broken_chain');
    refuse({ chainSeqno: 99 }, 'broken_chain');
    refuse({ generation: 1 }, 'invalid_link');
    refuse({ chainSeqno: 2, chainTail: inbox.state.tails[1]!, generation: 2 }, 'invalid_link');
  });
});

describe('who signs', () => {
  test('an outsider, an auditor, or somebody in another`s name does not', () => {
    const { world, citizen, owner, official, outsider, inbox, conversation } = opened();
    const auditor = world.person();
    inbox.add(owner, auditor, 'auditor');
    for (const by of [outsider, auditor])
      expectRefusal(() => conversation.verify(conversation.draftEpoch(by, 'limit').link), 'not_allowed');
    const inCitizensName = resign(conversation.draftEpoch(citizen, 'limit').link, official, {});
    expectRefusal(() => conversation.verify(inCitizensName), 'bad_signature');
    const withOthersDevice = resign(conversation.draftEpoch(citizen, 'limit').link, official, { signerDevice: official.device.deviceId });
    expectRefusal(() => conversation.verify(withOthersDevice), 'not_allowed');
    const { link } = conversation.draftEpoch(citizen, 'limit');
    const { linkBytes, signature } = decodeSignedEpoch(link);
    expectRefusal(
      () =>
        conversation.verify(
          encodeSignedEpoch(
            linkBytes,
            signature.map((byte, index) => (index === 3 ? byte ^ 1 : byte)),
          ),
        ),
      'bad_signature',
    );
  });

  test('a revoked device does not, not even back-dated once the citizen`s new key is in the readers', () => {
    const { citizen, conversation } = opened();
    const stolen = citizen.device;
    citizen.moveTo(createDevice('browser'));
    const early = conversation.draftEpoch({ signer: { ...citizen.signer, device: stolen } }, 'limit').link;
    citizen.revoke(stolen.deviceId);
    expectRefusal(() => conversation.verify(early, 'now'), 'stale_key');
    const late = conversation.draftEpoch({ signer: { ...citizen.signer, device: stolen } }, 'newer_key').link;
    expectRefusal(() => conversation.verify(late, 'past'), 'not_allowed');
  });

  test('a removed official does not, once the inbox`s newer head is in the readers', () => {
    const { owner, official, inbox, conversation } = opened();
    const before = conversation.draftEpoch(official, 'limit').link;
    inbox.remove(owner, official);
    expectRefusal(() => conversation.verify(before, 'now'), 'stale_key');
    expectRefusal(() => conversation.verify(conversation.draftEpoch(official, 'newer_key').link, 'past'), 'not_allowed');
  });
});

test('epochs follow each other: no gap, no repetition, no other conversation, no older keys', () => {
  const { citizen, owner, inbox, conversation } = opened();
  const readers = [readerOfUser(citizen.state), readerOfInbox(inbox.state)];
  const first = conversation.current;
  expectRefusal(() => conversation.verify(first.sealed.link), 'broken_chain');
  const next = conversation.draftEpoch(citizen, 'limit').link;
  expectRefusal(() => conversation.verify(resign(next, citizen, { epoch: 3 })), 'broken_chain');
  expectRefusal(() => conversation.verify(resign(next, citizen, { prevEpochHash: randomBytes(32) })), 'broken_chain');
  expectRefusal(() => conversation.verify(resign(next, citizen, { conversationId: randomBytes(16) })), 'broken_chain');
  expectRefusal(() => conversation.verify(resign(next, citizen, { prevBoxHash: null })), 'malformed');
  expectRefusal(() => conversation.verify(resign(next, citizen, { reason: 'opened' })), 'invalid_link');
  inbox.rotate(owner);
  conversation.reEpoch(citizen);
  const backwards = conversation.draftEpoch(citizen, 'limit', readers).link;
  expectRefusal(() => conversation.verify(backwards, 'past'), 'broken_chain');
});

test('nothing is sealed to a key that was replaced, or that somebody left with', () => {
  const { citizen, owner, official, inbox, conversation } = opened();
  const old = [readerOfUser(citizen.state), readerOfInbox(inbox.state)];
  citizen.rotate();
  const link = conversation.draftEpoch(citizen, 'limit', old).link;
  expectRefusal(() => conversation.verify(link, 'now'), 'stale_key');
  expect(conversation.verify(link, 'past').epoch).toBe(2);
  const office = readerOfInbox(inbox.state);
  inbox.append({ link: signInboxLink(inbox.state, official.signer, { type: 'leave' }), boxes: [], prevBox: null });
  expectRefusal(() => readerOfInbox(inbox.state), 'stale_key');
  const stale = { ...office, reader: { ...office.reader, chainSeqno: inbox.state.seqno, chainTail: inbox.state.tails.at(-1)! } };
  const toStale = conversation.draftEpoch(citizen, 'newer_key', [readerOfUser(citizen.state), stale]).link;
  expectRefusal(() => conversation.verify(toStale, 'past'), 'stale_key');
  inbox.rotate(owner);
  expect(conversation.reEpoch(citizen).state.epoch).toBe(2);
});

describe('readers of kind member', () => {
  test('when the inbox`s key is stale, every official reads by his own key, until one re-epochs to the inbox', () => {
    const { world, citizen, owner, official, inbox, conversation } = opened();
    const second = world.person();
    inbox.add(owner, second);
    inbox.append({ link: signInboxLink(inbox.state, official.signer, { type: 'leave' }), boxes: [], prevBox: null });
    const everyone = [readerOfUser(citizen.state), readerOfUser(owner.state, 'member'), readerOfUser(second.state, 'member')];
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'stale_inbox', everyone.slice(0, 2)).link), 'invalid_link');
    const withLeaver = [...everyone, readerOfUser(official.state, 'member')];
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'stale_inbox', withLeaver).link), 'invalid_link');
    expectRefusal(() => conversation.verify(conversation.draftEpoch(citizen, 'restrict', everyone).link), 'not_allowed');
    const sealed = conversation.draftEpoch(citizen, 'stale_inbox', everyone);
    const epoch = { state: conversation.verify(sealed.link), keys: sealed.keys, sealed };
    conversation.epochs.push(epoch);
    expect(openEpoch(epoch.state, second.id, second.ring(), sealed.boxes[2]!).secret).toEqual(sealed.keys.secret);
    inbox.rotate(owner);
    expect(conversation.reEpoch(second).state.readers[1]!.kind).toBe('inbox');
  });

  test('an official restricts a conversation to named colleagues, and no other official signs the next epoch', () => {
    const { world, citizen, owner, official, inbox, outsider, conversation } = opened();
    const second = world.person();
    inbox.add(owner, second);
    const named = [readerOfUser(citizen.state), readerOfUser(official.state, 'member')];
    const strangers = [readerOfUser(citizen.state), readerOfUser(outsider.state, 'member')];
    expectRefusal(() => conversation.verify(conversation.draftEpoch(official, 'restrict', strangers).link), 'invalid_link');
    const sealed = conversation.draftEpoch(official, 'restrict', named);
    conversation.epochs.push({ state: conversation.verify(sealed.link), keys: sealed.keys, sealed });
    expectRefusal(() => conversation.verify(conversation.draftEpoch(second, 'newer_key').link), 'not_allowed');
    const widened = [...named, readerOfUser(second.state, 'member')];
    expectRefusal(() => conversation.verify(conversation.draftEpoch(official, 'limit', widened).link), 'invalid_link');
    expect(conversation.verify(conversation.draftEpoch(official, 'restrict', widened).link).readers).toHaveLength(3);
  });
});

test('an official of the old inbox transfers the conversation; citizen and new inbox do not', () => {
  const { world, citizen, official, conversation } = opened();
  const clerk = world.person();
  const other = world.inbox(clerk);
  const readers = [readerOfUser(citizen.state), readerOfInbox(other.state)];
  for (const by of [citizen, clerk])
    expectRefusal(() => conversation.verify(conversation.draftEpoch(by, 'transfer', readers).link), 'not_allowed');
  expectRefusal(() => conversation.verify(conversation.draftEpoch(official, 'transfer').link), 'invalid_link');
  const state = conversation.verify(conversation.draftEpoch(official, 'transfer', readers).link);
  expect(state.parties).toEqual({ citizenId: citizen.id, inboxId: other.id });
});

describe('attacks 16, 17, 18: boxes', () => {
  test('a box for another reader, conversation or epoch does not open, even when the link names it', () => {
    const { citizen, inbox, owner, conversation } = opened();
    const other = new Conversation(citizen, inbox);
    const { state, sealed } = conversation.current;
    const openNamed = (box: Uint8Array) =>
      openEpoch({ ...state, boxHashes: [boxHash(box), boxHash(box)] }, citizen.id, citizen.ring(), box);
    expect(openNamed(sealed.boxes[0]!).epoch).toBe(1);
    expectRefusal(() => openNamed(sealed.boxes[1]!), 'cannot_open');
    expectRefusal(() => openNamed(other.current.sealed.boxes[0]!), 'cannot_open');
    expectRefusal(() => openNamed(conversation.draftEpoch(citizen, 'limit').boxes[0]!), 'cannot_open');
    expectRefusal(() => openEpoch(state, citizen.id, citizen.ring(), other.current.sealed.boxes[0]!), 'cannot_open');
    expectRefusal(() => openEpoch(state, owner.id, owner.ring(), sealed.boxes[0]!), 'cannot_open');
  });

  test('a reader who was given another secret than the others raises bad_key', () => {
    const { citizen, conversation } = opened();
    const { state } = conversation.current;
    const box = seal(citizen.keys().kemPk, randomBytes(32), epochBoxData(state, state.readers[0]!));
    const named = { ...state, boxHashes: [boxHash(box), state.boxHashes[1]!] };
    expectRefusal(() => openEpoch(named, citizen.id, citizen.ring(), box), 'bad_key');
  });

  test('a previous secret that is not the committed one raises bad_key, and the old key does not open the new box', () => {
    const { citizen, conversation } = opened();
    const first = conversation.current;
    const second = conversation.reEpoch(citizen, 'limit');
    const data = epochPrevData(conversation.id, 2, first.state.commit);
    const lie = encryptJoined(randomBytes(32), data, second.keys.prevKey);
    const named = { ...second.state, prevBoxHash: boxHash(lie) };
    expectRefusal(() => openPreviousEpoch(named, second.keys, first.state, lie), 'bad_key');
    expectRefusal(() => openPreviousEpoch(second.state, first.keys, first.state, second.sealed.prevBox!), 'cannot_open');
    expectRefusal(() => openPreviousEpoch(second.state, second.keys, first.state, lie), 'cannot_open');
  });
});

test('an epoch of another version, suite or reason, or with a flipped bit, is refused', () => {
  const { citizen, conversation } = opened();
  const { link } = conversation.draftEpoch(citizen, 'limit');
  const { linkBytes, signature } = decodeSignedEpoch(link);
  for (const index of [1, 2]) {
    const changed = linkBytes.map((byte, at) => (at === index ? 2 : byte));
    expectRefusal(() => conversation.verify(encodeSignedEpoch(changed, signature)), 'unsupported');
  }
  for (let index = 0; index < link.length; index += 3) {
    const changed = link.map((byte, at) => (at === index ? byte ^ (1 << (index % 8)) : byte));
    expect(() => conversation.verify(changed), `bit of byte ${index}`).toThrow(CryptoError);
  }
});

test('a conversation opens between its own parties only', () => {
  const { world, citizen, outsider, inbox } = opened();
  const readers = [readerOfUser(citizen.state), readerOfInbox(inbox.state)];
  const { link } = createEpoch({ conversationId: randomBytes(16), previous: null, readers, reason: 'opened', signer: citizen.signer });
  const verify = (citizenId: Uint8Array, inboxId: Uint8Array) => verifyEpoch(link, null, { citizenId, inboxId }, world.at('now'));
  expect(verify(citizen.id, inbox.id).epoch).toBe(1);
  expectRefusal(() => verify(outsider.id, inbox.id), 'invalid_link');
  expectRefusal(() => verify(citizen.id, world.inbox(outsider).id), 'invalid_link');
});
