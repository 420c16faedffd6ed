import { describe, expect, test } from 'vitest';
import {
  type Admitting,
  admitDevice,
  beginAdmitting,
  finishAdmitting,
  receiveAsAdmitting,
} from '../../../client/crypto/admitting-device.ts';
import { createDevice, openLabel } from '../../../client/crypto/device.ts';
import { decodeLinkMessage, encodeLinkMessage, encodeOpening, readLinkCode } from '../../../client/crypto/device-link.ts';
import { beginJoining, confirmAsJoining, type Joining, receiveAsJoining, requireJoined } from '../../../client/crypto/joining-device.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { createRecoveryCode } from '../../../client/crypto/recovery-code.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { activeDevices } from '../../../server/protocol/user-state.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Person } from '../../support/gim-world.ts';

const deviceLinkId = new Uint8Array(16).fill(4);

function some(bytes: Uint8Array | null): Uint8Array {
  if (bytes === null) throw new Error('nothing to send');
  return bytes;
}

/** A new device, and a person whose device reads its code or is told its number. */
function meet(mode: 'code' | 'number', device = createDevice('browser')) {
  const person = new Person();
  const begun = beginJoining({ deviceLinkId, device, label: 'Firefox, Android' });
  const code = mode === 'code' ? readLinkCode(begun.code) : null;
  const admitting = beginAdmitting({ userId: person.id, deviceLinkId, code });
  return { person, device, joining: begun.joining, commitment: begun.message, code, admitting };
}

/** Up to where the person decides, with nobody in between. */
function untilDeciding(mode: 'code' | 'number') {
  const met = meet(mode);
  const answered = receiveAsAdmitting(met.admitting, met.commitment);
  const opened = receiveAsJoining(met.joining, some(answered.message));
  const deciding = receiveAsAdmitting(answered.admitting, some(opened.message)).admitting;
  return { ...met, joining: opened.joining, admitting: deciding, opening: some(opened.message) };
}

function admit(admitting: Admitting, person: Person, label = 'My tablet') {
  return admitDevice(admitting, { state: person.state, signer: person.signer, keys: person.keys(), label });
}

/** The draft signed by the new device, posted, and told. */
function finish(admitting: Admitting, joining: Joining, person: Person): Joining {
  const drafted = admit(admitting, person);
  const signed = receiveAsJoining(joining, drafted.message);
  const complete = receiveAsAdmitting(drafted.admitting, some(signed.message)).admitting;
  expect(complete.stage).toBe('complete');
  person.append(complete.link!);
  return receiveAsJoining(signed.joining, finishAdmitting(complete)).joining;
}

test('with the code read, the device is let in, has the name the person chose, and opens the keys', () => {
  const { person, device, joining, admitting } = untilDeciding('code');
  expect(admitting).toMatchObject({
    stage: 'deciding',
    digits: null,
    suggestedLabel: 'Firefox, Android',
    device: { deviceId: device.deviceId },
  });
  expect(joining).toMatchObject({ stage: 'joining', digits: null, userId: person.id });

  const joined = finish(admitting, joining, person);
  expect(joined.stage).toBe('joined');
  requireJoined(joined, person.state);
  const state = activeDevices(person.state)[1]!;
  expect(openLabel(state, person.ring(device)[state.labelGeneration - 1]!)).toBe('My tablet');
  expect(person.ring(device)).toEqual(person.ring());
});

test('with the number typed, nothing is signed before both have the same nine digits', () => {
  const { person, device, joining, admitting } = untilDeciding('number');
  expect(joining.stage).toBe('comparing');
  expect(joining.digits).toMatch(/^\d{9}$/);
  expect(admitting.digits).toBe(joining.digits);
  expectRefusal(() => confirmAsJoining(meet('number').joining), 'not_allowed');

  const confirmed = confirmAsJoining(joining);
  expect(confirmed.message).toBeNull();
  requireJoined(finish(admitting, confirmed.joining, person), person.state);
  expect(activeDevices(person.state).map(({ deviceId }) => deviceId)).toContainEqual(device.deviceId);
});

test('a draft that comes before the digits are compared waits for the person', () => {
  const { person, joining, admitting } = untilDeciding('number');
  const drafted = admit(admitting, person);
  const early = receiveAsJoining(joining, drafted.message);
  expect(early).toMatchObject({ message: null, joining: { stage: 'comparing', linkHash: null } });
  const confirmed = confirmAsJoining(early.joining);
  expect(receiveAsAdmitting(drafted.admitting, some(confirmed.message)).admitting.stage).toBe('complete');
});

test('when another link of the account came first, the draft is made again', () => {
  const { person, joining, admitting } = untilDeciding('code');
  const drafted = admit(admitting, person);
  const signed = receiveAsJoining(joining, drafted.message);
  const first = receiveAsAdmitting(drafted.admitting, some(signed.message)).admitting;
  person.rotate();
  expectRefusal(() => person.append(first.link!), 'broken_chain');
  const joined = finish(first, signed.joining, person);
  requireJoined(joined, person.state);
  expectRefusal(() => requireJoined({ ...joined, linkHash: signed.joining.linkHash }, person.state), 'broken_chain');
});

describe('attack 35: a server in between', () => {
  test('that swaps the new device for its own is found out by the code', () => {
    const { admitting, commitment } = meet('code');
    const evil = beginJoining({ deviceLinkId, device: createDevice('browser'), label: 'Firefox, Android' });
    expectRefusal(() => receiveAsAdmitting(admitting, evil.message), 'bad_id');
    const waiting = receiveAsAdmitting(admitting, commitment).admitting;
    const swapped = encodeLinkMessage({ type: 'opening', opening: evil.joining.opening });
    expectRefusal(() => receiveAsAdmitting(waiting, swapped), 'bad_id');
    expectRefusal(() => admitDevice(waiting, { ...options(), label: '' }), 'not_allowed');
  });

  test('that draws the new device into another account is found out by the secret in the code', () => {
    const { joining, code } = meet('code');
    const evil = new Person();
    for (const secret of [new Uint8Array(16), randomBytes(16)]) {
      const lure = beginAdmitting({ userId: evil.id, deviceLinkId, code: { ...code!, secret } });
      const step = receiveAsAdmitting(lure, encodeLinkMessage({ type: 'commitment', commitment: code!.commitment }));
      expectRefusal(() => receiveAsJoining(joining, some(step.message)), 'bad_signature');
    }
    // The mac of another answer does not fit either.
    const honest = beginAdmitting({ userId: new Person().id, deviceLinkId, code });
    const answer = { ...honest.answer, userId: evil.id };
    expectRefusal(() => receiveAsJoining(joining, encodeLinkMessage({ type: 'answer', answer })), 'bad_signature');
  });

  test('that speaks to both sides for itself gives each of them other digits, whichever it finishes first', () => {
    for (const first of ['new', 'old'] as const) {
      const honest = meet('number');
      const evilAccount = new Person();
      const evilDevice = beginJoining({ deviceLinkId, device: createDevice('browser'), label: '' });
      const evilSide = receiveAsAdmitting(beginAdmitting({ userId: evilAccount.id, deviceLinkId, code: null }), honest.commitment);
      const openNew = () => receiveAsJoining(honest.joining, some(evilSide.message)).joining;
      const openOld = () => {
        const answered = receiveAsAdmitting(honest.admitting, evilDevice.message);
        const opening = some(receiveAsJoining(evilDevice.joining, some(answered.message)).message);
        return receiveAsAdmitting(answered.admitting, opening).admitting;
      };
      const [shownNew, shownOld] = first === 'new' ? [openNew(), openOld()] : [openOld(), openNew()].toReversed();
      expect(shownNew!.digits).toMatch(/^\d{9}$/);
      expect(shownNew!.digits).not.toBe(shownOld!.digits);
    }
  });

  test('that tries openings until the digits fit cannot send one: it is bound by its commitment', () => {
    const { joining } = meet('number');
    const { admitting } = meet('number');
    const evil = createDevice('browser');
    const committed = beginJoining({ deviceLinkId, device: evil, label: '' });
    const waiting = receiveAsAdmitting(admitting, committed.message).admitting;
    const publicPart = { ...evil, labelCiphertext: new Uint8Array() };
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const opening = encodeOpening({ device: publicPart, label: '', nonce: randomBytes(32) });
      expectRefusal(() => receiveAsAdmitting(waiting, encodeLinkMessage({ type: 'opening', opening })), 'bad_id');
    }
    // And it cannot take its answer back to try another one.
    const answered = receiveAsJoining(joining, encodeLinkMessage({ type: 'answer', answer: { ...admitting.answer } })).joining;
    const second = encodeLinkMessage({ type: 'answer', answer: { ...admitting.answer, nonce: randomBytes(32) } });
    expectRefusal(() => receiveAsJoining(answered, second), 'malformed');
  });

  test('that gives the new device another link to sign, or the old one another signature, gets nothing signed', () => {
    const { person, joining, admitting } = untilDeciding('code');
    const stranger = untilDeciding('code');
    expectRefusal(() => receiveAsJoining(joining, admit(stranger.admitting, stranger.person).message), 'bad_id');
    const other = createDevice('browser');
    const swapped = admitDevice(
      { ...admitting, device: { ...other, labelCiphertext: new Uint8Array() } },
      { ...options(person), label: '' },
    );
    expectRefusal(() => receiveAsJoining(joining, swapped.message), 'invalid_link');

    const drafted = admit(admitting, person);
    const signed = receiveAsJoining(joining, drafted.message);
    const message = decodeLinkMessage(some(signed.message));
    if (message.type !== 'signature') throw new Error('a signature was expected');
    const wrong = message.signature.map((byte, index) => (index === 5 ? byte ^ 1 : byte));
    expectRefusal(() => receiveAsAdmitting(drafted.admitting, encodeLinkMessage({ type: 'signature', signature: wrong })), 'bad_signature');
    expectRefusal(() => finishAdmitting(drafted.admitting), 'not_allowed');
  });

  test('that says it is done before anything was signed, or shows another chain, convinces nobody', () => {
    const { person, joining, admitting } = untilDeciding('code');
    expectRefusal(() => receiveAsJoining(joining, encodeLinkMessage({ type: 'done' })), 'malformed');
    const before = person.state;
    const joined = finish(admitting, joining, person);
    expectRefusal(() => requireJoined(joined, before), 'broken_chain');
    expectRefusal(() => requireJoined(joined, new Person().state), 'bad_id');
    expectRefusal(() => requireJoined(joining, person.state), 'not_allowed');
  });
});

test('only a browser is let in like this: a recovery code or a passkey has its own way', () => {
  const { admitting, commitment, joining } = meet('number', createRecoveryCode().device);
  const answered = receiveAsAdmitting(admitting, commitment);
  const opening = some(receiveAsJoining(joining, some(answered.message)).message);
  expectRefusal(() => receiveAsAdmitting(answered.admitting, opening), 'not_allowed');
});

test('messages out of turn, of a newer program or garbled end the link; a code that is none is refused', () => {
  const { joining, admitting, commitment } = meet('number');
  const waiting = receiveAsAdmitting(admitting, commitment).admitting;
  expectRefusal(() => receiveAsAdmitting(waiting, commitment), 'malformed');
  expectRefusal(() => receiveAsAdmitting(admitting, encodeLinkMessage({ type: 'opening', opening: joining.opening })), 'malformed');
  expectRefusal(() => receiveAsJoining(joining, commitment), 'malformed');
  expectRefusal(() => receiveAsJoining(joining, commitment.with(1, 2)), 'unsupported');
  expectRefusal(() => receiveAsJoining(joining, new Uint8Array(limits.deviceLinkMessageBytes + 1)), 'malformed');
  expectRefusal(() => readLinkCode('https://example.org/'), 'malformed');
  expectRefusal(() => readLinkCode('AAAA'), 'malformed');
  const code = readLinkCode(beginJoining({ deviceLinkId, device: createDevice('browser'), label: '' }).code);
  expectRefusal(() => beginAdmitting({ userId: new Uint8Array(32), deviceLinkId: new Uint8Array(16), code }), 'bad_id');
});

test('every message fits the relay', () => {
  const { person, joining, admitting, opening } = untilDeciding('code');
  const drafted = admit(admitting, person, 'x'.repeat(64));
  for (const message of [opening, drafted.message, some(receiveAsJoining(joining, drafted.message).message)])
    expect(message.length).toBeLessThan(limits.deviceLinkMessageBytes / 2);
});

function options(person = new Person()) {
  return { state: person.state, signer: person.signer, keys: person.keys() };
}
