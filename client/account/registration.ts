import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/browser';
import type { SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { isRetryable } from '../../server/protocol/errors.ts';
import { type AccountId, type ChallengeId, idOf, type OfficeId } from '../../server/protocol/ids.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { createDevice, type DeviceKeys } from '../crypto/device.ts';
import { enrolmentProof } from '../crypto/enrolment-proof.ts';
import type { SealedLink } from '../crypto/generation-keys.ts';
import { atRestKey, passkeyDevice } from '../crypto/prf.ts';
import { acceptDevice, addDevice, createUser } from '../crypto/user-keys.ts';
import type { Http } from '../net/http.ts';
import { RequestError } from '../net/request-error.ts';
import { toSignedLink } from '../net/wire.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import { proveDevice } from './device-proof.ts';
import { passkeyDeviceLabel } from './passkey-device.ts';
import { provePrf } from './prf-passkey.ts';
import type { Passkeys } from './passkeys.ts';

export interface RegistrationOptions {
  readonly http: Http;
  readonly passkeys: Passkeys;
  readonly accountKeys: AccountKeys;
  /** What a person would call this browser. */
  readonly deviceLabel: string;
  readonly now?: () => number;
}

/** Said when the authenticator is about to ask once more: the person must know that nothing went wrong. */
export type OnceMore = () => void;

/** What an enrolment link says, before it is accepted. */
export interface PendingInvitation {
  readonly role: Role;
  readonly displayName: string;
  readonly officeId: OfficeId;
  /** Makes the account; call it from a click. */
  accept(onceMore?: OnceMore): Promise<SessionView>;
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
export async function registerCitizen(parts: RegistrationOptions, onceMore?: OnceMore): Promise<SessionView> {
  return await register(parts, await parts.http('POST /api/passkeys/registration/options', {}), null, onceMore);
}

/** Reads an enrolment link's fragment, "#token.secret", and asks the server what it stands for. Throws a RequestError (`invitation_invalid`). */
export async function readInvitation(parts: RegistrationOptions, fragment: string): Promise<PendingInvitation> {
  const link = parseFragment(fragment);
  const { invitation, ...challenge } = await parts.http('POST /api/passkeys/registration/options', { invitationToken: link.token });
  if (!invitation) throw invalidInvitation();
  return { ...invitation, accept: async (onceMore) => await register(parts, challenge, link, onceMore) };
}

async function register(
  { http, passkeys, accountKeys, deviceLabel, now = Date.now }: RegistrationOptions,
  challenge: Challenge,
  invitation: InvitationLink | null,
  onceMore: OnceMore = () => {},
): Promise<SessionView> {
  const { challengeId, options } = challenge;
  const created = await passkeys.create(options);
  const { response } = created;
  // Staff's things are sealed under the passkey itself: for them it is asked twice where the creation gave no value.
  const prf = await provePrf(passkeys, created, { rpId: options.rp.id, insist: invitation !== null, onceMore });
  await cryptoReady;
  const device = createDevice('browser');
  const user = createUser({ device, label: deviceLabel, createdAt: now() });
  const { userId } = user.state;
  const accountId: AccountId = idOf(userId);
  const links = prf ? [await addPasskeyDevice({ prf, credentialId: response.id, user, device, now })] : [];
  const passkeyKey = prf && invitation ? await atRestKey(prf, fromBase64Url(response.id)) : null;
  // Before they are of any use: if only the answer is lost, the account exists and these are its only keys.
  await accountKeys.add({ accountId, deviceId: idOf(device.deviceId), seed: device.seed, passkeyKey });
  try {
    return await http('POST /api/passkeys/registration', {
      challengeId,
      response,
      root: toSignedLink(user),
      links: links.map(toSignedLink),
      device: proveDevice(options.challenge, userId, device),
      ...(invitation ? { invitation: { token: invitation.token, proof: toBase64Url(enrolmentProof(invitation.secret, userId)) } } : {}),
    });
  } catch (error) {
    if (error instanceof RequestError && !isRetryable(error.code)) await accountKeys.forget(accountId);
    throw error;
  }
}

/** The passkey's own device: whoever has the passkey in another browser can open the account there. */
async function addPasskeyDevice({
  prf,
  credentialId,
  user: { state, keys },
  device,
  now,
}: {
  readonly prf: Uint8Array;
  readonly credentialId: string;
  readonly user: ReturnType<typeof createUser>;
  readonly device: DeviceKeys;
  readonly now: () => number;
}): Promise<SealedLink> {
  const newDevice = await passkeyDevice(prf, fromBase64Url(credentialId));
  const signer = { userId: state.userId, device, createdAt: now() };
  const sealed = addDevice({ state, signer, keys, newDevice, label: passkeyDeviceLabel(credentialId) });
  return { ...sealed, link: acceptDevice(sealed.link, newDevice, state.userId) };
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
