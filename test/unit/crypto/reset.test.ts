import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { createGeneration } from '../../../client/crypto/generation-keys.ts';
import { sign } from '../../../client/crypto/primitives.ts';
import { attestReset } from '../../../client/crypto/reset.ts';
import { coSignLink, signLink } from '../../../client/crypto/sign-link.ts';
import { addDevice } from '../../../client/crypto/user-keys.ts';
import { hash } from '../../../server/protocol/hash.ts';
import { decodeLink, encodeLink, encodeOuter } from '../../../server/protocol/link.ts';
import {
  decodeAttestation,
  decodeResetDraft,
  encodeAttestation,
  encodeResetDraft,
  requireDraftFits,
  verifyAttestation,
} from '../../../server/protocol/reset-statement.ts';
import { encodeUserBody, userLinkTypes } from '../../../server/protocol/user-bodies.ts';
import { extendUserChain, hasReset, replayUntilReset, replayUserChain } from '../../../server/protocol/user-chain.ts';
import { activeDevices, currentGeneration, headOf, originOf, untilReset, wasResetSince } from '../../../server/protocol/user-state.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { World } from '../../support/gim-world.ts';
import { attestedAt, notBefore, Registrars } from '../../support/registrars.ts';

function town() {
  const world = new World();
  return { world, registrars: new Registrars(world), person: world.person() };
}

/** A reset that both registrars attested, not yet on the chain. */
function attested() {
  const { world, registrars, person } = town();
  const pending = registrars.draft(person);
  const words = [registrars.attest(registrars.first, person, pending), registrars.attest(registrars.second, person, pending)] as const;
  return { world, registrars, person, pending, words };
}

test('an account whose keys are all lost goes on with one new device, under the same id, and nothing old opens or signs any more', () => {
  const { registrars, person } = town();
  person.moveTo(createDevice('browser'));
  const [before, old] = [person.state, person.device];
  const oldKeys = person.keys();
  const { device } = registrars.reset(person);

  expect(person.state.userId).toEqual(before.userId);
  expect(activeDevices(person.state).map(({ deviceId }) => deviceId)).toEqual([device.deviceId]);
  expect(person.state.resets).toEqual([{ seqno: 3, generation: 2, notBefore, registrarIds: [registrars.first.id, registrars.second.id] }]);
  expect([wasResetSince(person.state, 1), wasResetSince(person.state, 2)]).toEqual([true, false]);
  // Another device is the same person still; who came by a reset may be another one.
  expect(originOf(before)).toEqual(before.tails[0]);
  expect(originOf(person.state)).toEqual(headOf(person.state));
  expect(person.ring().map(({ generation }) => generation)).toEqual([2]);
  expectRefusal(() => person.ring(createDevice('browser')), 'cannot_open');
  const late = addDevice({
    state: person.state,
    signer: { ...person.signer, device: old },
    keys: oldKeys,
    newDevice: createDevice('browser'),
    label: '',
  });
  expectRefusal(() => person.append(late), 'not_allowed');

  // From here on it is an account like any other.
  person.moveTo(createDevice('browser'));
  person.rotate();
  expect(person.ring()).toHaveLength(2);
});

test('the chain replays with the registrars known, whenever they have changed since, and not without them', () => {
  const { registrars, person } = town();
  const third = registrars.world.person();
  registrars.reset(person);
  person.rotate();
  registrars.inbox.add(registrars.first, third, 'admin');
  registrars.inbox.remove(registrars.first, registrars.second);
  const { links } = person.shelf;
  const later = registrars.context({ now: notBefore + 1, moment: 'past' });
  expect(replayUserChain(links, person.id, later)).toEqual(person.state);
  expect([hasReset(links), hasReset(links.slice(0, 1))]).toEqual([true, false]);
  for (const context of [null, { ...later, registrars: null }])
    expectRefusal(() => replayUserChain(links, person.id, context), 'unknown_chain');
});

describe('attack 36: a reset without its conditions', () => {
  test('by one registrar, by one twice, by three', () => {
    const { registrars, person, pending, words } = attested();
    const [first, second] = words;
    const again = registrars.attest(registrars.first, person, pending, attestedAt + 1);
    for (const attestations of [[], [first], [first, first], [first, again], [first, second, again]]) {
      const refuse = () => extendUserChain(person.state, registrars.finish(pending, attestations).link, registrars.context());
      expectRefusal(refuse, attestations.length > 2 ? 'malformed' : 'bad_signature');
    }
    expect(extendUserChain(person.state, registrars.finish(pending, words).link, registrars.context()).resets).toHaveLength(1);
  });

  test('before a day has passed, by whichever clock', () => {
    const { registrars, person, pending, words } = attested();
    const attempt = (more: { notBefore?: number; createdAt?: number }, now: number, moment: 'past' | 'now' = 'now') =>
      extendUserChain(person.state, registrars.finish(pending, words, more).link, registrars.context({ now, moment }));
    expectEarly(() => attempt({ notBefore: notBefore - 1 }, notBefore));
    expectEarly(() => attempt({ createdAt: notBefore - 1 }, notBefore));
    expectEarly(() => attempt({}, notBefore - 1));
    expectEarly(() => attempt({}, notBefore - 3_600_000, 'past'));
    expect(attempt({}, notBefore - 1, 'past').resets).toHaveLength(1);
    expect(attempt({ notBefore: notBefore + 5, createdAt: notBefore + 6 }, notBefore + 6).resets).toHaveLength(1);
    // The later of the two signatures counts.
    const late = registrars.attest(registrars.second, person, pending, attestedAt + 60_000);
    expectEarly(() => extendUserChain(person.state, registrars.finish(pending, [words[0], late]).link, registrars.context()));
  });

  test('by somebody who is no registrar, any more or at all, or only looks on', () => {
    const { world, registrars, person, pending } = attested();
    const [stranger, auditor] = [world.person(), world.person()];
    registrars.inbox.add(registrars.first, auditor, 'auditor');
    for (const nobody of [stranger, auditor]) {
      expectRefusal(
        () => verifyAttestation(pending.draft, registrars.attest(nobody, person, pending), justThen(registrars)),
        'not_allowed',
      );
    }
    const word = registrars.attest(registrars.second, person, pending);
    verifyAttestation(pending.draft, word, justThen(registrars));
    registrars.inbox.remove(registrars.first, registrars.second);
    expectRefusal(() => verifyAttestation(pending.draft, word, justThen(registrars)), 'not_allowed');
    const afterwards = registrars.attest(registrars.second, person, pending);
    expectRefusal(() => verifyAttestation(pending.draft, afterwards, { ...justThen(registrars), moment: 'past' }), 'not_allowed');
    expect(verifyAttestation(pending.draft, word, { ...justThen(registrars), moment: 'past' }).attestedAt).toBe(attestedAt);
  });

  test('by the members of another inbox, whatever it is called', () => {
    const { world, registrars, person, pending } = attested();
    const [one, two] = [world.person(), world.person()];
    const fake = world.inbox(one, { owners: [two], name: 'gim1/registrar' });
    const words = [one, two].map((by) =>
      attestReset({ draft: pending.draft, state: person.state, registrars: fake.state, signer: { ...by.signer, createdAt: attestedAt } }),
    );
    const { link } = registrars.finish(pending, words);
    expectRefusal(() => extendUserChain(person.state, link, registrars.context()), 'bad_id');
    expectRefusal(() => extendUserChain(person.state, link, registrars.context({ registrars: fake.state })), 'bad_id');
  });

  test('by a registrar for himself, or by a device he has revoked', () => {
    const { registrars, person, pending } = attested();
    const own = registrars.draft(registrars.second);
    expectRefusal(
      () => verifyAttestation(own.draft, registrars.attest(registrars.second, registrars.second, own), justThen(registrars)),
      'not_allowed',
    );
    const stolen = registrars.second.device;
    registrars.second.moveTo(createDevice('browser'));
    registrars.second.revoke(stolen.deviceId);
    const signer = { userId: registrars.second.id, device: stolen, createdAt: attestedAt };
    const byThief = attestReset({ draft: pending.draft, state: person.state, registrars: registrars.inbox.state, signer });
    expectRefusal(() => verifyAttestation(pending.draft, byThief, justThen(registrars)), 'not_allowed');
  });

  test('with a word that was changed, is for another draft, or was given at another time', () => {
    const { registrars, person, pending, words } = attested();
    const attestation = decodeAttestation(words[0]);
    const changes = [
      { attestedAt: attestedAt + 1 },
      { registrarId: registrars.second.id, deviceId: registrars.second.device.deviceId },
      { signature: attestation.signature.map((byte, index) => (index === 9 ? byte ^ 1 : byte)) },
    ];
    for (const change of changes)
      expectRefusal(
        () => verifyAttestation(pending.draft, encodeAttestation({ ...attestation, ...change }), justThen(registrars)),
        'bad_signature',
      );
    const seqno = { ...attestation, inboxSeqno: 1 };
    expectRefusal(() => verifyAttestation(pending.draft, encodeAttestation(seqno), justThen(registrars)), 'broken_chain');
    const other = registrars.draft(person);
    expectRefusal(() => verifyAttestation(other.draft, words[0], justThen(registrars)), 'bad_signature');
    for (const hours of [-1, 1]) {
      const context = { ...justThen(registrars), now: attestedAt + hours * 3_600_000 };
      expectRefusal(() => verifyAttestation(pending.draft, words[0], context), 'invalid_link');
    }
  });

  test('after the account has moved on: whoever could sign has not lost everything', () => {
    const { registrars, person, pending, words } = attested();
    person.rotate();
    const { link } = registrars.finish(pending, words);
    expectRefusal(() => extendUserChain(person.state, link, registrars.context()), 'broken_chain');
    expectRefusal(() => requireDraftFits(pending.draft, person.state), 'broken_chain');
    expectRefusal(() => registrars.attest(registrars.first, person, pending), 'broken_chain');
  });

  test('that another device signs, that keeps a way back to the old keys, or gives the account to more than one device', () => {
    const { registrars, person, pending, words } = attested();
    const { link } = registrars.finish({ ...pending, device: createDevice('browser') }, words);
    expectRefusal(() => extendUserChain(person.state, link, registrars.context()), 'bad_signature');
    const { outer, body, ...honest } = decodeLink(registrars.finish(pending, words).link);
    const outerBytes = encodeOuter({ ...outer, signerDevice: person.device.deviceId });
    const signature = sign('gim1/link-sig', outerBytes, pending.device.signSk);
    const underOldName = encodeLink({ ...honest, outerBytes, body, signatures: [{ deviceId: pending.device.deviceId, signature }] });
    expectRefusal(() => extendUserChain(person.state, underOldName, registrars.context()), 'bad_signature');
    const twice = coSignLink(registrars.finish(pending, words).link, person.device);
    expectRefusal(() => extendUserChain(person.state, twice, registrars.context()), 'bad_signature');

    const draft = decodeResetDraft(pending.draft);
    const recipientOf = (device = pending.device) => ({ recipient: device.deviceId, recipientGeneration: null, kemPk: device.kemPk });
    const place = { generation: 2, previous: null };
    const wrong = [
      { ...draft, puk: createGeneration('puk', person.id, [recipientOf()], { generation: 2, previous: person.keys() }).link },
      { ...draft, puk: createGeneration('puk', person.id, [recipientOf()], { generation: 3, previous: null }).link },
      { ...draft, puk: createGeneration('puk', person.id, [recipientOf(), recipientOf(createDevice('browser'))], place).link },
      { ...draft, puk: createGeneration('puk', person.id, [recipientOf(createDevice('browser'))], place).link },
      { ...draft, device: { ...draft.device, kind: 'recovery' as const } },
      decodeResetDraft(registrars.draft(person, person.device).draft),
    ];
    for (const change of wrong) expectRefusal(() => requireDraftFits(encodeResetDraft(change), person.state), 'invalid_link');
    expectRefusal(() => requireDraftFits(pending.draft, registrars.first.state), 'bad_id');
  });
});

describe('a registrar who was reset himself', () => {
  test('vouches for nobody any more, while what he attested before still counts', () => {
    const { registrars, person, words, pending } = attested();
    const third = registrars.world.person();
    registrars.inbox.add(registrars.first, third, 'owner');
    const [old, { second }] = [registrars.second.device, registrars];
    registrars.reset(second, [registrars.first, third]);
    const { link } = registrars.finish(pending, words);
    expect(extendUserChain(person.state, link, registrars.context()).resets).toHaveLength(1);

    for (const device of [old, second.device]) {
      const signer = { userId: second.id, device, createdAt: attestedAt };
      const word = attestReset({ draft: pending.draft, state: person.state, registrars: registrars.inbox.state, signer });
      expectRefusal(() => verifyAttestation(pending.draft, word, justThen(registrars)), 'not_allowed');
    }
  });

  test('has a chain of which everybody sees the same beginning, whether or not they can judge the reset', () => {
    const { registrars } = attested();
    const third = registrars.world.person();
    registrars.inbox.add(registrars.first, third, 'owner');
    registrars.reset(registrars.second, [registrars.first, third]);
    const { links } = registrars.second.shelf;
    expect(replayUntilReset(links, registrars.second.id)).toEqual(untilReset(registrars.second.state, 0));
    expect(activeDevices(replayUntilReset(links))).toEqual([]);
    expect(replayUntilReset(links.slice(0, 1))).toEqual(replayUserChain(links.slice(0, 1)));
  });
});

test('a token of an identity provider can be put on the chain, and found there', () => {
  const { person } = town();
  const token = new TextEncoder().encode('a signed token whose nonce is the user id');
  const body = encodeUserBody({ type: 'attest', tokenHash: hash('gim1/token', token) });
  const attest = (device = person.device) => {
    const chain = { id: person.id, seqno: person.state.seqno, tail: headOf(person.state) };
    const link = signLink('user', chain, { type: userLinkTypes.attest, body }, { ...person.signer, device });
    return { link, boxes: [], prevBox: null };
  };
  person.append(attest());
  expect(person.state.tokenHashes).toEqual([hash('gim1/token', token)]);
  expect(currentGeneration(person.state).generation).toBe(1);
  expectRefusal(() => person.append(attest(createDevice('browser'))), 'not_allowed');
});

const expectEarly = (call: () => unknown) => expectRefusal(call, 'not_allowed');

function justThen(registrars: Registrars) {
  return registrars.context({ now: attestedAt });
}
