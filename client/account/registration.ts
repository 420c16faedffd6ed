import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/browser';
import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { isRetryable } from '../../server/protocol/errors.ts';
import { type AccountId, type ChallengeId, idOf, type OfficeId } from '../../server/protocol/ids.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { createDevice } from '../crypto/device.ts';
import { enrolmentProof } from '../crypto/enrolment-proof.ts';
import { createUser } from '../crypto/user-keys.ts';
import type { Http } from '../net/http.ts';
import { RequestError } from '../net/request-error.ts';
import { toSignedLink } from '../net/wire.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import { proveDevice } from './device-proof.ts';
import type { Passkeys } from './passkeys.ts';

export interface RegistrationOptions {
  readonly http: Http;
  readonly passkeys: Passkeys;
  readonly accountKeys: AccountKeys;
  readonly now?: () => number;
}

/** What an enrolment link says, before it is accepted. */
export interface PendingInvitation {
  readonly role: Role;
  readonly displayName: string;
  readonly officeId: OfficeId;
  /** Makes the account; call it from a click. */
  accept(): Promise<SessionView>;
}

interface Challenge {
  readonly challengeId: ChallengeId;
  readonly options: PublicKeyCredentialCreationOptionsJSON;
}

interface InvitationLink {
  readonly token: string;
  readonly secret: Uint8Array;
}

/** Citizens: a new passkey, device keys and user chain, the session proof, one request. Throws PasskeyError or RequestError. */
export async function registerCitizen(parts: RegistrationOptions): Promise<SessionView> {
  return await register(parts, await parts.http('POST /api/passkeys/registration/options', {}), null);
}

/** Reads an enrolment link's fragment, "#token.secret", and asks the server what it stands for. Throws a RequestError (`invitation_invalid`). */
export async function readInvitation(parts: RegistrationOptions, fragment: string): Promise<PendingInvitation> {
  const link = parseFragment(fragment);
  const { invitation, ...challenge } = await parts.http('POST /api/passkeys/registration/options', { invitationToken: link.token });
  if (!invitation) throw invalidInvitation();
  return { ...invitation, accept: async () => await register(parts, challenge, link) };
}

async function register(
  { http, passkeys, accountKeys, now = Date.now }: RegistrationOptions,
  challenge: Challenge,
  link: InvitationLink | null,
): Promise<SessionView> {
  const { challengeId, options } = challenge;
  const response = await passkeys.create(options);
  await cryptoReady;
  const device = createDevice('browser');
  const user = createUser({ device, label: '', createdAt: now() });
  const { userId } = user.state;
  const accountId: AccountId = idOf(userId);
  // Before they are of any use: if only the answer is lost, the account exists and these are its only keys.
  await accountKeys.add({ accountId, deviceId: idOf(device.deviceId), credentialIds: [response.id], seed: device.seed });
  try {
    return await http('POST /api/passkeys/registration', {
      challengeId,
      response,
      root: toSignedLink(user),
      device: proveDevice(options.challenge, userId, device),
      ...(link ? { invitation: { token: link.token, proof: toBase64Url(enrolmentProof(link.secret, userId)) } } : {}),
    });
  } catch (error) {
    if (error instanceof RequestError && !isRetryable(error.code)) await accountKeys.remove(accountId);
    throw error;
  }
}

function parseFragment(fragment: string): InvitationLink {
  const [token = '', secret = ''] = fragment.replace(/^#/, '').split('.');
  try {
    const bytes = fromBase64Url(secret);
    if (token === '' || bytes.length !== 32) throw invalidInvitation();
    return { token, secret: bytes };
  } catch {
    throw invalidInvitation();
  }
}

function invalidInvitation(): RequestError {
  return new RequestError({ code: 'invitation_invalid', retryable: false, ref: null });
}
