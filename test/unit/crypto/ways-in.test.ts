import { describe, expect, test } from 'vitest';
import { unwrapSecret, wrapSecret } from '../../../client/crypto/at-rest.ts';
import { passkeyDevice, atRestKey, prfSalt } from '../../../client/crypto/prf.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { createRecoveryCode, deviceOfRecoveryCode } from '../../../client/crypto/recovery-code.ts';
import { acceptDevice, addDevice } from '../../../client/crypto/user-keys.ts';
import { CryptoError } from '../../../server/protocol/sodium.ts';
import { activeDevices } from '../../../server/protocol/user-state.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Person } from '../../support/gim-world.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

describe('attack 34: a recovery code', () => {
  test('is eight groups of four that nobody misreads, and gives its device back however it is typed', () => {
    const { text, device } = createRecoveryCode();
    expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(device.kind).toBe('recovery');
    const typed = [
      text,
      text.toLowerCase(),
      text.replaceAll('-', ''),
      ` ${text.replaceAll('-', '  ')}\n`,
      text.replaceAll('-', '–'),
      text.replaceAll('0', 'o').replaceAll('1', 'l'),
      text.replaceAll('0', 'O').replaceAll('1', 'I'),
    ];
    for (const variant of typed) expect(deviceOfRecoveryCode(variant)).toEqual(device);
    expect(createRecoveryCode().device.deviceId).not.toEqual(device.deviceId);
  });

  test('with one wrong character, two exchanged, one missing or one too many is a typing error', () => {
    const { text, device } = createRecoveryCode();
    const code = text.replaceAll('-', '');
    let passed = 0;
    for (let index = 0; index < code.length; index += 1) {
      const others = Array.from(alphabet).filter((character) => character !== code.charAt(index));
      for (const character of others) {
        const wrong = code.slice(0, index) + character + code.slice(index + 1);
        try {
          // A 20-bit checksum lets one in a million through; then it must at least be another device.
          expect(deviceOfRecoveryCode(wrong).deviceId).not.toEqual(device.deviceId);
          passed += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(CryptoError);
          expect(error).toMatchObject({ code: 'malformed' });
        }
      }
    }
    expect(passed).toBeLessThan(3);
    const at = Array.from(code).findIndex((character, index) => character !== code.charAt(index + 1));
    expectRefusal(() => deviceOfRecoveryCode(code.slice(0, at) + code.charAt(at + 1) + code.charAt(at) + code.slice(at + 2)), 'malformed');
    for (const wrong of ['', code.slice(1), `${code}0`, code.replace(/./, 'U'), code.replace(/./, 'é')])
      expectRefusal(() => deviceOfRecoveryCode(wrong), 'malformed');
  });

  test('opens the keys of its own account, of no other, and of none once it was used and revoked', () => {
    const [person, other] = [new Person(), new Person()];
    const { text, device } = createRecoveryCode();
    const added = addDevice({ state: person.state, signer: person.signer, keys: person.keys(), newDevice: device, label: '' });
    person.append({ ...added, link: acceptDevice(added.link, device, person.id) });
    const recovered = deviceOfRecoveryCode(text);
    expect(person.ring(recovered).map(({ seed }) => seed)).toEqual(person.ring().map(({ seed }) => seed));
    expectRefusal(() => other.ring(recovered), 'cannot_open');

    person.revoke(device.deviceId);
    expect(activeDevices(person.state)).toHaveLength(1);
    const late = addDevice({
      state: person.state,
      signer: { ...person.signer, device: recovered },
      keys: person.keys(),
      newDevice: createRecoveryCode().device,
      label: '',
    });
    expectRefusal(() => person.append(late), 'not_allowed');
    expect(person.ring(recovered)).toHaveLength(1);
    expect(person.ring()).toHaveLength(2);
  });
});

describe('a passkey with PRF', () => {
  const [prf, credentialId] = [new Uint8Array(32).fill(5), new Uint8Array(20).fill(6)];

  test('gives the same device each time, and another for another output or credential', async () => {
    const device = await passkeyDevice(prf, credentialId);
    expect(device.kind).toBe('passkey');
    expect(await passkeyDevice(prf, credentialId)).toEqual(device);
    expect((await passkeyDevice(prf, randomBytes(20))).deviceId).not.toEqual(device.deviceId);
    expect((await passkeyDevice(randomBytes(32), credentialId)).deviceId).not.toEqual(device.deviceId);
  });

  test('gives a key at rest that cannot be read out and opens only with the same passkey', async () => {
    const key = await atRestKey(prf, credentialId);
    expect(key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow(/extractable/);
    const secret = randomBytes(32);
    const wrapped = await wrapSecret(key, secret, 'device');
    expect(await unwrapSecret(await atRestKey(prf, credentialId), wrapped, 'device')).toEqual(secret);
    await expect(unwrapSecret(await atRestKey(randomBytes(32), credentialId), wrapped, 'device')).rejects.toMatchObject({
      code: 'cannot_open',
    });
    await expect(unwrapSecret(await atRestKey(prf, randomBytes(20)), wrapped, 'device')).rejects.toMatchObject({ code: 'cannot_open' });
  });

  test('is refused with an output of another length than the standard says', async () => {
    for (const length of [0, 16, 31, 33, 64]) {
      await expect(passkeyDevice(new Uint8Array(length), credentialId)).rejects.toMatchObject({ code: 'bad_key' });
      await expect(atRestKey(new Uint8Array(length), credentialId)).rejects.toMatchObject({ code: 'bad_key' });
    }
    expect((await prfSalt()).byteLength).toBe(32);
  });
});
