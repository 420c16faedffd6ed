import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { guestRoles, type GuestRole } from '../../../server/protocol/calls.ts';
import { type GuestLink, readGuestLink, writeGuestLink } from '../../crypto/call-guest.ts';

/** What a guest's link says: the secret that makes him a guest, and in words who asks him in, and as what. None of it reaches a server. */
export interface GuestAddress {
  readonly link: GuestLink;
  /** As the one who invites is called; he wrote the link, and it is his word. */
  readonly inviter: string;
  readonly guest: string;
  readonly role: GuestRole;
  /** The citizen has asked him in, and not the office. */
  readonly byCitizen: boolean;
}

/** What stands behind the '#'. */
export function writeGuestAddress({ link, inviter, guest, role, byCitizen }: GuestAddress): string {
  const words = new TextEncoder().encode(JSON.stringify([inviter, guest, role, byCitizen]));
  return `${writeGuestLink(link)}~${toBase64Url(words)}`;
}

/** Null when it is no such link, or not the whole of one. */
export function readGuestAddress(fragment: string): GuestAddress | null {
  try {
    const [secret = '', words = ''] = fragment.replace(/^#/, '').split('~');
    const link = readGuestLink(secret);
    const said = readWords(fromBase64Url(words));
    return said === null ? null : { link, ...said };
  } catch {
    // Cut off in a mail, or typed: whatever is wrong with it, it is no link.
    return null;
  }
}

function readWords(words: Uint8Array): Omit<GuestAddress, 'link'> | null {
  const said: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(words));
  if (!Array.isArray(said)) return null;
  const [inviter, guest, named, byCitizen]: unknown[] = said;
  const role = guestRoles.find((each) => each === named);
  if (typeof inviter !== 'string' || typeof guest !== 'string' || typeof byCitizen !== 'boolean') return null;
  return role === undefined ? null : { inviter, guest, role, byCitizen };
}
