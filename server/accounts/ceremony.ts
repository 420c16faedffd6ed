import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { z } from 'zod';
import { AppError } from '../platform/app-error.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import { limits } from '../protocol/limits.ts';
import type { Passkey } from './passkey-store.ts';

export interface RelyingParty {
  /** Origin of the pages; passkeys are bound to its host. */
  readonly origin: string;
  /** Shown by authenticators. */
  readonly operator: string;
}

/** EdDSA and ECDSA on P-256 (RFC 9053): what authenticators make, and nothing older (K11). */
const algorithms = [-8, -7];
const maxPublicKeyBytes = 1_024;

/** Options for a passkey that can be found without a name and that verifies its user. `handle` is random: it tells nothing. */
export async function offerRegistration(
  party: RelyingParty,
  {
    challenge,
    handle,
    name,
    existing = [],
  }: {
    challenge: Uint8Array;
    handle: Uint8Array;
    name: string;
    /** The account's other passkeys: an authenticator that holds one makes no second. */
    existing?: readonly Pick<Passkey, 'credentialId' | 'transports'>[];
  },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return await generateRegistrationOptions({
    rpName: party.operator,
    rpID: new URL(party.origin).hostname,
    userName: name,
    userDisplayName: name,
    userID: Uint8Array.from(handle),
    excludeCredentials: existing.map(({ credentialId, transports }) => ({ id: credentialId, transports: [...transports] })),
    challenge: Uint8Array.from(challenge),
    timeout: limits.challengeMs,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  });
}

export async function offerAuthentication(party: RelyingParty, challenge: Uint8Array): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return await generateAuthenticationOptions({
    rpID: new URL(party.origin).hostname,
    challenge: Uint8Array.from(challenge),
    timeout: limits.challengeMs,
    userVerification: 'required',
  });
}

/** What a registration proved. */
export type NewPasskey = Omit<Passkey, 'accountId' | 'handle'>;

/** Throws `passkey_refused` for every cause; the cause is in the log only (K20). */
export async function checkRegistration(party: RelyingParty, response: RegistrationResponseJSON, challenge: string): Promise<NewPasskey> {
  refuseCrossOrigin(response.response.clientDataJSON);
  const verified = await refusing(
    verifyRegistrationResponse({ response, expectedChallenge: challenge, ...expectations(party), supportedAlgorithmIDs: algorithms }),
  );
  if (!verified.verified) throw refusal('the registration is not verified');
  const { credential, credentialDeviceType, credentialBackedUp } = verified.registrationInfo;
  if (credential.publicKey.length > maxPublicKeyBytes) throw refusal('the public key is too long');
  return {
    credentialId: credential.id,
    publicKey: credential.publicKey,
    counter: credential.counter,
    transports: (response.response.transports ?? []).filter((transport) => knownTransports.has(transport)),
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
  };
}

/** The new counter and backup state; `isChanged`: another kind of passkey than was registered. Throws `passkey_refused` for every cause. */
export async function checkAuthentication(
  party: RelyingParty,
  response: AuthenticationResponseJSON,
  challenge: string,
  passkey: Passkey,
): Promise<{ counter: number; backedUp: boolean; isChanged: boolean }> {
  refuseCrossOrigin(response.response.clientDataJSON);
  // The library does not look at it: a passkey of one account must not open another one (K08).
  if (response.response.userHandle !== toBase64Url(passkey.handle)) throw refusal("the user handle is not the account's");
  const verified = await refusing(
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      ...expectations(party),
      credential: { id: passkey.credentialId, publicKey: Uint8Array.from(passkey.publicKey), counter: passkey.counter },
    }),
  );
  if (!verified.verified) throw refusal('the signature is not valid');
  const { newCounter, credentialDeviceType, credentialBackedUp } = verified.authenticationInfo;
  // Decided when the passkey was made, for its whole life (WebAuthn §6.1.3).
  const isChanged = (credentialDeviceType === 'multiDevice') !== passkey.backupEligible;
  return { counter: newCounter, backedUp: credentialBackedUp, isChanged };
}

const knownTransports = new Set<string>(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

function expectations({ origin }: RelyingParty): { expectedOrigin: string; expectedRPID: string; requireUserVerification: true } {
  return { expectedOrigin: origin, expectedRPID: new URL(origin).hostname, requireUserVerification: true };
}

const clientDataSchema = z.object({ crossOrigin: z.literal(false).optional(), topOrigin: z.undefined().optional() });

/** No page of ours is framed by anybody; the library lets some of these pass (K05). */
function refuseCrossOrigin(clientDataJson: string): void {
  try {
    clientDataSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(clientDataJson))));
  } catch (cause) {
    throw refusal('made inside a frame, or unreadable', cause);
  }
}

/** The library's errors quote what was expected. */
async function refusing<Value>(verification: Promise<Value>): Promise<Value> {
  try {
    return await verification;
  } catch (cause) {
    throw refusal('the ceremony is not valid', cause);
  }
}

/** The one answer to every failed ceremony. */
export function refusal(reason: string, cause?: unknown): AppError {
  return new AppError('passkey_refused', reason, { cause });
}
