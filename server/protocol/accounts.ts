import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import type { AttachmentRoutes } from './attachments.ts';
import type { Base64Url } from './base64url.ts';
import type { GuestEntry } from './calls.ts';
import type { DeviceLinkRoutes } from './device-links.ts';
import type { AccountId, ChallengeId, DeviceId, DeviceLinkId, InboxId, InvitationId, OfficeId, ResetId, SessionId } from './ids.ts';
import type { GenerationBoxes, SignedLink } from './offices.ts';
import type { ResetRoutes } from './resets.ts';
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
  /** Until when the person counts as having just shown a passkey: what weighs more asks for it (`step_up_needed`). */
  readonly confirmedUntil: number;
  readonly expiresAt: number;
}

/** The device's signature over the ceremony's challenge ("gim1/session-sig"): binds the session to it. */
export interface DeviceProof {
  readonly deviceId: DeviceId;
  readonly signature: Base64Url;
}

/** Passkeys, sessions and what is public, over HTTP: a cookie can only be set there. Bodies and answers are JSON. */
export interface HttpRoutes extends DeviceLinkRoutes, ResetRoutes, AttachmentRoutes {
  'POST /api/passkeys/registration/options': (request: {
    invitationToken?: string;
    /** A first passkey on a device that another device of the account has just let in (device-links.ts). */
    deviceLinkId?: DeviceLinkId;
    /** The same after a finished reset (resets.ts). */
    resetId?: ResetId;
    /** One more passkey for the account that is signed in; needs a confirmed session. */
    addition?: true;
  }) => {
    challengeId: ChallengeId;
    options: PublicKeyCredentialCreationOptionsJSON;
    /** What the invitation says, for the page to show; null for citizens. */
    invitation: { invitationId: InvitationId; role: Role; displayName: string; officeId: OfficeId } | null;
  };
  /**
   * One transaction: the account, its passkey, its user chain, its first session. `links` follow the root at once: further ways in, such
   * as a passkey's own device.
   */
  'POST /api/passkeys/registration': (request: {
    challengeId: ChallengeId;
    response: RegistrationResponseJSON;
    root: SignedLink;
    links: readonly SignedLink[];
    device: DeviceProof;
    invitation?: { token: string; proof: Base64Url };
  }) => SessionView;
  /** A passkey for an account that is there: by `addition`, `deviceLinkId` or `resetId`, with whatever the options were asked for. */
  'POST /api/passkeys': (request: {
    challengeId: ChallengeId;
    response: RegistrationResponseJSON;
    /** Sealed under the account's own key: what the person calls it. */
    label: Base64Url | null;
    /** With `deviceLinkId` and `resetId`: the device that was let in, active in the account's chain by now. Opens a session bound to it. */
    device?: DeviceProof;
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
  /** Binds the session to a device of the account that this browser has just come to hold; the token changes. */
  'POST /api/session/device/options': (request: Record<string, never>) => { challengeId: ChallengeId; challenge: Base64Url };
  'POST /api/session/device': (request: { challengeId: ChallengeId; device: DeviceProof }) => SessionView;
  /** A passkey of the account once more, for what weighs more than reading: the session is confirmed for `limits.confirmationMs`. */
  'POST /api/session/confirmation/options': (request: Record<string, never>) => {
    challengeId: ChallengeId;
    options: PublicKeyCredentialRequestOptionsJSON;
  };
  'POST /api/session/confirmation': (request: { challengeId: ChallengeId; response: AuthenticationResponseJSON }) => SessionView;
  /**
   * Citizens who have nothing but the recovery code: its device proves itself, and the session is bound to it and confirmed. The same
   * answer for every device id, known or not; at most `limits.recoveryTriesPerDay` a device and an address.
   */
  'POST /api/recovery/options': (request: { deviceId: DeviceId }) => { challengeId: ChallengeId; challenge: Base64Url };
  'POST /api/recovery': (request: { challengeId: ChallengeId; device: DeviceProof }) => SessionView;
  /** Into a call by a one-time link, as a guest: `invitation_invalid` when it is used, withdrawn or expired, or its call over. */
  'POST /api/calls/guests': (request: GuestEntry) => SessionView;
  'GET /api/session': () => SessionView | null;
  'DELETE /api/session': () => null;
  /**
   * What a client pins: the registry's keys, the inbox whose members may attest resets (null: none), and the key the server signs its
   * receipts with.
   */
  'GET /api/registry': () => { keys: readonly Base64Url[]; registrars: InboxId | null; receiptKey: Base64Url };
}

export interface PasskeyView {
  readonly credentialId: string;
  readonly label: Base64Url | null;
  /** May be copied to other devices by its provider (backup eligible). */
  readonly isSynced: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  /** Signed in this session. */
  readonly isCurrent: boolean;
}

export interface OpenSessionView {
  readonly sessionId: SessionId;
  /** Null: signed in without keys. */
  readonly deviceId: DeviceId | null;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly isCurrent: boolean;
}

export interface AccountCommands {
  /** User chains of the given accounts, each from its root. Unknown ids are left out. */
  'account:load': (request: { accountIds: readonly AccountId[] }) => {
    accounts: readonly { accountId: AccountId; displayName: string | null; links: readonly Base64Url[] }[];
  };
  /** The boxes of the caller's own device, newest generation first. */
  'account:load-boxes': (request: Record<string, never>) => { generations: readonly GenerationBoxes[] };
  /**
   * Links of the own chain, in order, and of inboxes the caller belongs to, all or none, each with compare-and-swap on its head
   * (`conflict`); the same links twice are answered alike. Adding a device needs a confirmed session. Sessions of a revoked device end
   * with the commit. The last way in (crypto.md §6: passkey device, recovery code, another device) is not refused here but by its owner's
   * client: a server cannot tell which keys somebody still has.
   */
  'account:extend': (request: {
    links: readonly SignedLink[];
    inboxLinks: readonly { readonly inboxId: InboxId; readonly link: SignedLink }[];
  }) => { seqno: number };
  'passkey:list': (request: Record<string, never>) => { passkeys: readonly PasskeyView[] };
  'passkey:rename': (request: { credentialId: string; label: Base64Url | null }) => Record<string, never>;
  /** Needs a confirmed session; `last_way_in` for the last one. Ends the sessions it opened, but for the caller's own. */
  'passkey:remove': (request: { credentialId: string }) => Record<string, never>;
  'session:list': (request: Record<string, never>) => { sessions: readonly OpenSessionView[] };
  /** Another session of the account, at once, on every node. Ended or unknown ones are answered alike. */
  'session:end': (request: { sessionId: SessionId }) => Record<string, never>;
  'session:end-others': (request: Record<string, never>) => { ended: number };
}
