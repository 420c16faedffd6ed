import { expect, test } from 'vitest';
import { createAtRestKey, unwrapSecret, wrapSecret } from '../../../client/crypto/at-rest.ts';
import { createDevice, deviceFromSeed, openLabel } from '../../../client/crypto/device.ts';
import { createInvitationSecret, enrolmentProof, isEnrolmentProof } from '../../../client/crypto/enrolment-proof.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { signSession } from '../../../client/crypto/session-proof.ts';
import { createUser } from '../../../client/crypto/user-keys.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { verifySessionProof } from '../../../server/protocol/session-proof.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Person } from '../../support/gim-world.ts';

await cryptoReady;

test('a session proof holds for one challenge, one account and one active device', () => {
  const [person, other] = [new Person(), new Person()];
  const challenge = randomBytes(32);
  const proof = { deviceId: person.device.deviceId, challenge, signature: signSession(challenge, person.signer) };
  verifySessionProof(person.state, proof);
  expectRefusal(() => verifySessionProof(person.state, { ...proof, challenge: randomBytes(32) }), 'bad_signature');
  expectRefusal(() => verifySessionProof(other.state, proof), 'not_allowed');
  expectRefusal(() => verifySessionProof(person.state, { ...proof, signature: new Uint8Array(0) }), 'bad_signature');
  const foreign = signSession(challenge, { userId: other.id, device: person.device });
  expectRefusal(() => verifySessionProof(person.state, { ...proof, signature: foreign }), 'bad_signature');
  person.moveTo(createDevice('browser'));
  person.revoke(proof.deviceId);
  expectRefusal(() => verifySessionProof(person.state, proof), 'not_allowed');
});

test('an enrolment proof holds for one secret and one account', () => {
  const [secret, account] = [createInvitationSecret(), randomBytes(32)];
  const proof = enrolmentProof(secret, account);
  expect(isEnrolmentProof(proof, secret, account)).toBe(true);
  expect(isEnrolmentProof(proof, createInvitationSecret(), account)).toBe(false);
  expect(isEnrolmentProof(proof, secret, randomBytes(32))).toBe(false);
  expect(isEnrolmentProof(proof.slice(1), secret, account)).toBe(false);
});

test('a seed at rest comes back under its key and purpose only, and the key cannot be read out', async () => {
  const key = await createAtRestKey();
  const device = createDevice('browser');
  const wrapped = await wrapSecret(key, device.seed, 'device');
  expect(deviceFromSeed(await unwrapSecret(key, wrapped, 'device'), 'browser')).toEqual(device);
  await expect(unwrapSecret(key, wrapped, 'another')).rejects.toMatchObject({ code: 'cannot_open' });
  await expect(unwrapSecret(await createAtRestKey(), wrapped, 'device')).rejects.toMatchObject({ code: 'cannot_open' });
  await expect(unwrapSecret(key, wrapped.slice(0, 20), 'device')).rejects.toMatchObject({ code: 'cannot_open' });
  await expect(unwrapSecret(key, wrapped.with(15, wrapped[15]! ^ 1), 'device')).rejects.toMatchObject({ code: 'cannot_open' });
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
});

test('device labels are sealed to one length and read with the user key only', () => {
  const created = createUser({ device: createDevice('browser'), label: 'Téléphone', createdAt: 1 });
  const [device] = created.state.devices;
  expect(openLabel(device!, created.keys)).toBe('Téléphone');
  expect(device!.labelCiphertext.length).toBe(24 + 64 + 16);
  expectRefusal(() => openLabel(device!, new Person().keys()), 'cannot_open');
  const unlabelled = createUser({ device: createDevice('browser'), label: '', createdAt: 1 });
  expect(openLabel(unlabelled.state.devices[0]!, unlabelled.keys)).toBe('');
  expectRefusal(() => createUser({ device: createDevice('browser'), label: 'x'.repeat(65), createdAt: 1 }), 'malformed');
});
