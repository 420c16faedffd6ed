import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import type { Base64Url } from './base64url.ts';
import type { AccountId, ChallengeId, DeviceId, InboxId, OfficeId, InvitationId } from './ids.ts';
import type { GenerationBoxes, SignedLink } from './offices.ts';
import type { Role } from './roles.ts';

/** Who is signed in. */
export interface SessionView {
  readonly accountId: AccountId;
  readonly role: Role;
  /** Officials, supervisors, administrators; null for citizens, whose name the server never learns. */
  readonly displayName: string | null;
  readonly officeId: OfficeId | null;
  readonly inboxId: InboxId | null;
  /** The device whose signature opened this session; null when the browser holds no keys of the account. */
  readonly deviceId: DeviceId | null;
  readonly expiresAt: number;
}

/** The device's signature over the ceremony's challenge ("gim1/session-sig"): binds the session to it. */
export interface DeviceProof {
  readonly deviceId: DeviceId;
  readonly signature: Base64Url;
}

/** Passkeys, sessions and what is public, over HTTP: a cookie can only be set there. Bodies and answers are JSON. */
export interface HttpRoutes {
  'POST /api/passkeys/registration/options': (request: { invitationToken?: string }) => {
    challengeId: ChallengeId;
    options: PublicKeyCredentialCreationOptionsJSON;
    /** What the invitation says, for the page to show; null for citizens. */
    invitation: { invitationId: InvitationId; role: Role; displayName: string; officeId: OfficeId } | null;
  };
  /** One transaction: the account, its passkey, its user chain, its first session. */
  'POST /api/passkeys/registration': (request: {
    challengeId: ChallengeId;
    response: RegistrationResponseJSON;
    root: SignedLink;
    device: DeviceProof;
    invitation?: { token: string; proof: Base64Url };
  }) => SessionView;
  'POST /api/passkeys/authentication/options': (request: Record<string, never>) => {
    challengeId: ChallengeId;
    options: PublicKeyCredentialRequestOptionsJSON;
  };
  'POST /api/passkeys/authentication': (request: {
    challengeId: ChallengeId;
    response: AuthenticationResponseJSON;
    /** Left out when this browser holds no keys of the account. */
    device?: DeviceProof;
  }) => SessionView;
  /** Accounts that sign in with a device key and no passkey: the owner's program. */
  'POST /api/sessions/challenge': (request: { accountId: AccountId }) => { challengeId: ChallengeId; challenge: Base64Url };
  'POST /api/sessions': (request: { challengeId: ChallengeId; accountId: AccountId; device: DeviceProof }) => SessionView;
  'GET /api/session': () => SessionView | null;
  'DELETE /api/session': () => null;
  'GET /api/registry': () => { keys: readonly Base64Url[] };
}

export interface AccountCommands {
  /** User chains of the given accounts, each from its root. Unknown ids are left out. */
  'account:load': (request: { accountIds: readonly AccountId[] }) => {
    accounts: readonly { accountId: AccountId; displayName: string | null; links: readonly Base64Url[] }[];
  };
  /** The boxes of the caller's own device, newest generation first. */
  'account:load-boxes': (request: Record<string, never>) => { generations: readonly GenerationBoxes[] };
  /** Presence of an official: whether he takes people from the line. */
  'availability:set': (request: { available: boolean }) => { available: boolean };
}
