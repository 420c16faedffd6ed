import type { InboxBody, InboxRole } from './inbox-bodies.ts';
import { ensure } from './sodium.ts';

/** Owners decide about owners and admins; admins about members and auditors. */
function mayManage(actor: InboxRole, subject: InboxRole): boolean {
  return actor === 'owner' || (actor === 'admin' && (subject === 'member' || subject === 'auditor'));
}

/** Reads and answers; an auditor only reads. */
export function mayWrite(role: InboxRole): boolean {
  return role !== 'auditor';
}

/**
 * Whether somebody of this role may sign this link, alone or as a co-signer.
 * `subject` is the present role of the member the link is about, or null. Throws `not_allowed`.
 */
export function requireMaySign(actor: InboxRole, body: Exclude<InboxBody, { type: 'root' }>, subject: InboxRole | null): void {
  ensure(maySign(actor, body, subject), 'not_allowed', `${actor} may not sign ${body.type}`);
}

function maySign(actor: InboxRole, body: Exclude<InboxBody, { type: 'root' }>, subject: InboxRole | null): boolean {
  if (body.type === 'add_member') return mayManage(actor, body.member.role);
  if (body.type === 'remove_member') return subject !== null && mayManage(actor, subject);
  if (body.type === 'change_role') return subject !== null && mayManage(actor, subject) && mayManage(actor, body.role);
  if (body.type === 'rotate_ptk') return body.reason === 'retention_cut' ? actor === 'owner' || actor === 'admin' : mayWrite(actor);
  // Who manages others cannot leave silently: another owner takes the role first.
  if (body.type === 'leave') return actor === 'member' || actor === 'auditor';
  return actor === 'owner';
}

/** How many distinct people must have signed. */
export function signersNeeded(body: InboxBody, addsRequire: 1 | 2): 1 | 2 {
  const isPromotion = body.type === 'change_role' && (body.role === 'owner' || body.role === 'admin');
  return body.type === 'add_member' || body.type === 'set_policy' || isPromotion ? addsRequire : 1;
}
