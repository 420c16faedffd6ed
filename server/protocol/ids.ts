import { toBase64Url } from './base64url.ts';

declare const brand: unique symbol;

/** A string that names one kind of thing; ids of different kinds do not mix. On the wire: base64url without padding, or a slug for offices and services. */
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

/** 43 characters: base64url of the self-certifying user id, H("gim1/uid", root link). */
export type AccountId = Id<'account'>;
/** 22 characters: base64url of the 16-byte device id, H("gim1/did", sign_pk, kem_pk)[0..16]. */
export type DeviceId = Id<'device'>;
/** 43 characters: base64url of the self-certifying inbox id, H("gim1/iid", root link). */
export type InboxId = Id<'inbox'>;
/** Slug, chosen by the administrator. */
export type OfficeId = Id<'office'>;
/** Slug, chosen by the administrator, unique in the installation. */
export type ServiceId = Id<'service'>;
export type ConversationId = Id<'conversation'>;
export type MessageId = Id<'message'>;
export type QueueEntryId = Id<'queue entry'>;
export type AppointmentId = Id<'appointment'>;
export type CallId = Id<'call'>;
export type ChallengeId = Id<'challenge'>;
export type SessionId = Id<'session'>;
export type InvitationId = Id<'invitation'>;
export type DeviceLinkId = Id<'device link'>;
export type ResetId = Id<'reset'>;
export type ProposalId = Id<'proposal'>;
export type FileId = Id<'file'>;

/** 16 random bytes as 22 base64url characters. The sender chooses the id, so that whatever is sent can be sent twice. */
export function newId<Kind extends string>(): Id<Kind> {
  return idOf(crypto.getRandomValues(new Uint8Array(16)));
}

/** The id that is the text of these bytes; back with `fromBase64Url`. */
export function idOf<Kind extends string>(bytes: Uint8Array): Id<Kind> {
  // Brands exist for the compiler only: here and in base64url.ts they are given.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return toBase64Url(bytes) as string as Id<Kind>;
}
