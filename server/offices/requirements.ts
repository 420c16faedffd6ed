import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { InboxId } from '../protocol/ids.ts';
import type { LinkSigner } from './inboxes.ts';

/** Throws `not_found`: to others the inbox does not exist. */
export function requireRole(caller: Caller, inboxId: InboxId): void {
  if (!caller.inboxRoles.has(inboxId)) throw new AppError('not_found', 'no such inbox for the caller');
}

/** Owners and admins of the inbox; throws `forbidden` for others of it. */
export function requireManager(caller: Caller, inboxId: InboxId): void {
  requireRole(caller, inboxId);
  const role = caller.inboxRoles.get(inboxId);
  if (role !== 'owner' && role !== 'admin') throw new AppError('forbidden', 'for owners and admins of the inbox only');
}

/** Whose signature the links of this caller must carry. */
export function signerOf({ accountId, deviceId }: Caller): LinkSigner {
  if (!deviceId) throw new AppError('forbidden', 'this browser has no keys of the account');
  return { accountId, deviceId };
}
