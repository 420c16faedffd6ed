import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/browser';
import { expect, test } from 'vitest';
import { createPasskeys, PasskeyError, type Passkeys } from '../../../client/account/passkeys.ts';

const options: PublicKeyCredentialCreationOptionsJSON = {
  rp: { name: 'Schalter', id: 'localhost' },
  user: { id: 'AAAA', name: 'n', displayName: 'n' },
  challenge: 'AAAA',
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};

function answer(prf: { enabled?: boolean; results?: { first: ArrayBuffer } }): RegistrationResponseJSON {
  return {
    id: 'id',
    rawId: 'id',
    type: 'public-key',
    response: { attestationObject: '', clientDataJSON: '' },
    clientExtensionResults: { credProps: { rk: true }, prf },
  };
}

const never = () => Promise.reject(new Error('not asked'));

test('a new passkey is asked for PRF with the one salt, and what comes back is stripped', async () => {
  const asked: unknown[] = [];
  const passkeys = createPasskeys({
    startRegistration: async ({ optionsJSON }) => {
      asked.push(optionsJSON.extensions?.prf?.eval?.first);
      return answer({ enabled: true, results: { first: new ArrayBuffer(32) } });
    },
    startAuthentication: never,
  });
  const { response, prf, offersPrf } = await passkeys.create(options);
  const salt = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('gim1/prf'));
  expect(asked).toEqual([salt]);
  expect(response.clientExtensionResults).toEqual({ credProps: { rk: true }, prf: { enabled: true } });
  expect({ prf, offersPrf }).toEqual({ prf: new Uint8Array(32), offersPrf: true });
});

test('an authenticator that fails because of PRF is asked again without it', async () => {
  const asked: boolean[] = [];
  const passkeys = createPasskeys({
    startRegistration: async ({ optionsJSON }) => {
      asked.push(optionsJSON.extensions?.prf !== undefined);
      if (optionsJSON.extensions?.prf) throw new DOMException('no', 'UnknownError');
      return answer({});
    },
    startAuthentication: never,
  });
  expect((await passkeys.create(options)).response.id).toBe('id');
  expect(asked).toEqual([true, false]);
});

test('an authenticator that holds a passkey of the account already is not asked twice', async () => {
  let asked = 0;
  const passkeys = createPasskeys({
    startRegistration: async () => {
      asked += 1;
      throw new DOMException('excluded', 'InvalidStateError');
    },
    startAuthentication: never,
  });
  await expect(passkeys.create(options)).rejects.toMatchObject({ reason: 'known' });
  expect(asked).toBe(1);
});

test('what a sign-in brings of PRF output stays here', async () => {
  const passkeys = createPasskeys({
    startRegistration: never,
    startAuthentication: async () => ({
      id: 'id',
      rawId: 'id',
      type: 'public-key',
      response: { authenticatorData: '', clientDataJSON: '', signature: '' },
      clientExtensionResults: { prf: { results: { first: new ArrayBuffer(32) } } },
    }),
  });
  const { response, prf } = await passkeys.get({ challenge: 'AAAA' });
  expect(response.clientExtensionResults).toEqual({});
  expect(prf).toEqual(new Uint8Array(32));
});

function failing(name: string): Passkeys {
  return createPasskeys({ startRegistration: () => Promise.reject(new DOMException('no', name)), startAuthentication: never });
}

test('the person who says no is told from a ceremony that failed', async () => {
  await expect(failing('NotAllowedError').create(options)).rejects.toMatchObject({ reason: 'cancelled' });
  await expect(failing('NotSupportedError').create(options)).rejects.toMatchObject({ reason: 'unsupported' });
  await expect(failing('NotAllowedError').create(options)).rejects.toBeInstanceOf(PasskeyError);
});
