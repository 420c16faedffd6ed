import type { Base64Url } from './base64url.ts';
import type { AccountId, InboxId, InvitationId, OfficeId, ProposalId, ServiceId } from './ids.ts';
import type { LocalisedText } from './locale.ts';

/** Times are milliseconds since 1970, from the server's clock. */
export type Opening =
  /** `admitsUntil`: the last moment to take a number, before the office closes. */
  | { readonly state: 'open'; readonly closesAt: number; readonly admitsUntil: number }
  | { readonly state: 'closed'; readonly opensAt: number | null };

/** How long somebody who joins now will wait. */
export interface WaitRange {
  readonly fromMinutes: number;
  readonly toMinutes: number;
}

export interface ServiceView {
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly name: LocalisedText;
  readonly summary: LocalisedText;
  /** Words people search by, in any language. */
  readonly keywords: readonly string[];
  readonly opening: Opening;
  /** People before somebody who joins now: the whole line of the office. */
  readonly waiting: number;
  /** Null when an estimate would be a guess. */
  readonly wait: WaitRange | null;
  /** Percent of the lately announced waits that came true; null while there were fewer than twenty. */
  readonly waitsWithin: number | null;
  readonly appointmentMinutes: number;
}

export interface OfficeView {
  readonly officeId: OfficeId;
  readonly name: LocalisedText;
  readonly inboxId: InboxId;
  readonly phone: string;
  readonly address: string;
  readonly services: readonly ServiceView[];
}

/** A signed link with what travels beside it: the boxes in the order the link's body lists them, and the previous seed. */
export interface SignedLink {
  readonly link: Base64Url;
  readonly boxes: readonly Base64Url[];
  readonly previousBox: Base64Url | null;
}

/** What the caller needs to open one generation of a chain's key. */
export interface GenerationBoxes {
  readonly generation: number;
  /** Sealed to the caller; null when he is no recipient of this generation. */
  readonly box: Base64Url | null;
  /** For an inbox: the generation of the caller's own key the box is sealed to. */
  readonly recipientGeneration: number | null;
  readonly previousBox: Base64Url | null;
}

/** Somebody who enrolled through a link of an inbox's owner and waits for the owner's signature. */
export interface Enrolment {
  readonly invitationId: InvitationId;
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly proof: Base64Url;
}

export interface Proposal {
  readonly proposalId: ProposalId;
  readonly link: SignedLink;
  readonly proposedBy: AccountId;
  readonly proposedAt: number;
}

export interface OfficeCommands {
  /** Links after `afterSeqno` (0 for all), oldest first, at most `limits.linksPerPage`. */
  'inbox:load': (request: { inboxId: InboxId; afterSeqno: number }) => { links: readonly Base64Url[]; head: number };
  /** Every generation's boxes for the caller, newest first. Members only. */
  'inbox:load-boxes': (request: { inboxId: InboxId }) => { generations: readonly GenerationBoxes[] };
  /** Compare-and-swap on the chain's head: `conflict` when somebody else's link came first. The same link twice is answered alike. */
  'inbox:append': (request: { inboxId: InboxId; link: SignedLink }) => { seqno: number };
  /**
   * A link that needs a second person's signature: its body names who (crypto.md §5.1, co_signers). Kept until the chain has moved on.
   * Whoever co-signs appends the complete link with `inbox:append`, under the first signer's name.
   */
  'inbox:propose': (request: { proposalId: ProposalId; inboxId: InboxId; link: SignedLink }) => { expiresAt: number };
  'inbox:list-proposals': (request: { inboxId: InboxId }) => { proposals: readonly Proposal[] };
  /** By the one who made it, or one who was asked to sign it. */
  'inbox:withdraw-proposal': (request: { proposalId: ProposalId }) => Record<string, never>;
  /** Owners and admins of the inbox. */
  'inbox:list-enrolments': (request: { inboxId: InboxId }) => { enrolments: readonly Enrolment[] };
  /** Owners and admins of the office's inbox: a one-time link. The client has chosen token and secret; the server sees the token's hash only. */
  'invitation:create': (request: {
    invitationId: InvitationId;
    tokenHash: Base64Url;
    role: 'official' | 'supervisor' | 'admin';
    officeId: OfficeId;
    displayName: string;
  }) => { expiresAt: number };
}
