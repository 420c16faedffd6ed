import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { AppError } from '../platform/app-error.ts';
import { type Database, transaction, violatedConstraint } from '../platform/database.ts';
import type { DeviceProof } from '../protocol/accounts.ts';
import { type Base64Url, fromBase64Url } from '../protocol/base64url.ts';
import type { AccountId, OfficeId } from '../protocol/ids.ts';
import type { SignedLink } from '../protocol/offices.ts';
import type { Role } from '../protocol/roles.ts';
import { CryptoError } from '../protocol/sodium.ts';
import { verifySessionProof } from '../protocol/session-proof.ts';
import type { UserChainState } from '../protocol/user-state.ts';
import { checkRegistration, refusal, type RelyingParty } from './ceremony.ts';
import type { Challenge } from './challenge-store.ts';
import { type Invitation, InvitationStore } from './invitation-store.ts';
import { addAccount, verifyNewChain } from './new-account.ts';
import { PasskeyStore } from './passkey-store.ts';
import { hashToken, type OpenedSession, type Sessions } from './sessions.ts';

export interface Registration {
  readonly response: RegistrationResponseJSON;
  readonly root: SignedLink;
  readonly links: readonly SignedLink[];
  readonly device: DeviceProof;
  readonly invitation?: { readonly token: string; readonly proof: Base64Url } | undefined;
}

export interface RegistrationDependencies {
  readonly database: Database;
  readonly party: RelyingParty;
  readonly sessions: Sessions;
  /** Whether people of the offices must use passkeys that cannot leave their device. */
  readonly officialsNeedDeviceBoundKeys: boolean;
}

export interface Registered extends OpenedSession {
  readonly accountId: AccountId;
  readonly role: Role;
}

/** In one transaction: account, passkey, chain, use of the invitation, first session. `challenge` has been taken already. */
export async function register(
  request: Registration,
  challenge: Challenge,
  { database, party, sessions, officialsNeedDeviceBoundKeys }: RegistrationDependencies,
): Promise<Registered> {
  const { handle } = challenge;
  const tokenHash = request.invitation ? hashToken(request.invitation.token) : null;
  const isSameInvitation =
    tokenHash === null ? challenge.tokenHash === null : challenge.tokenHash !== null && Buffer.from(tokenHash).equals(challenge.tokenHash);
  if (!handle || !isSameInvitation) throw refusal('the challenge is of another registration');
  const passkey = await checkRegistration(party, request.response, challenge.challenge);
  const owner = verifyNewChain(request.root, request.links);
  requireProof(owner.state, request.device, challenge.challenge);
  try {
    return await transaction(database, async (trx) => {
      const invitation = tokenHash && request.invitation ? await new InvitationStore(trx).findOpen(tokenHash) : null;
      if (tokenHash && !invitation) throw new AppError('invitation_invalid', 'used meanwhile, or expired');
      const person = personOf(invitation);
      if (person.role !== 'citizen' && officialsNeedDeviceBoundKeys && passkey.backupEligible)
        throw refusal('the passkey can leave its device');
      await addAccount(trx, owner, { handle, ...person });
      if (
        tokenHash &&
        request.invitation &&
        !(await new InvitationStore(trx).use(tokenHash, owner.accountId, fromBase64Url(request.invitation.proof)))
      ) {
        throw new AppError('invitation_invalid', 'somebody else was faster');
      }
      await new PasskeyStore(trx).add({ ...passkey, accountId: owner.accountId }, null);
      const session = await sessions.open(trx, {
        accountId: owner.accountId,
        role: person.role,
        deviceId: request.device.deviceId,
        credentialId: passkey.credentialId,
      });
      return { ...session, accountId: owner.accountId, role: person.role };
    });
  } catch (error) {
    // The credential or the root belongs to an account already (K09).
    if (violatedConstraint(error)) throw refusal('the passkey or the account exists already', error);
    throw error;
  }
}

function personOf(invitation: Invitation | null): { role: Role; displayName: string | null; officeId: OfficeId | null } {
  if (!invitation) return { role: 'citizen', displayName: null, officeId: null };
  return { role: invitation.role, displayName: invitation.displayName, officeId: invitation.officeId };
}

/** Throws `passkey_refused` unless an active device of the account signed the ceremony's challenge. */
export function requireProof(user: UserChainState, { deviceId, signature }: DeviceProof, challenge: Base64Url): void {
  try {
    verifySessionProof(user, {
      deviceId: fromBase64Url(deviceId),
      challenge: fromBase64Url(challenge),
      signature: fromBase64Url(signature),
    });
  } catch (cause) {
    if (cause instanceof CryptoError) throw refusal('the device has not signed the challenge', cause);
    throw cause;
  }
}
