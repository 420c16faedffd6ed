import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import type { AccountId, InboxId, InvitationId, OfficeId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Enrolment, OfficeCommands } from '../protocol/offices.ts';
import { roles } from '../protocol/roles.ts';
import { InboxStore } from './inbox-store.ts';
import type { Inboxes } from './inboxes.ts';
import { OfficeStore } from './office-store.ts';
import { schemas } from './schemas.ts';

export interface NewInvitation {
  readonly invitationId: InvitationId;
  readonly role: 'official' | 'supervisor' | 'admin';
  readonly officeId: OfficeId;
  readonly displayName: string;
}

export interface OfficeHandlersDependencies {
  readonly database: Database;
  readonly inboxes: Inboxes;
  readonly notify: Notify;
  /** Reads again what an account may do; resolves when this node's sockets are in the right rooms. */
  readonly refreshRights: (accountId: AccountId) => Promise<void>;
  /** When the invitation expires; null when its id is taken. */
  readonly addInvitation: (invitation: NewInvitation, tokenHash: Uint8Array) => Promise<Date | null>;
  /** Officials who used an invitation of the office. */
  readonly findEnrolled: (officeId: OfficeId) => Promise<readonly Enrolment[]>;
}

export function officeHandlers({
  database,
  inboxes,
  notify,
  refreshRights,
  addInvitation,
  findEnrolled,
}: OfficeHandlersDependencies): Handlers<keyof OfficeCommands> {
  const store = new InboxStore(database);
  const offices = new OfficeStore(database);
  return {
    'inbox:load': {
      allow: roles,
      schema: schemas['inbox:load'],
      limit: { points: 120, perSeconds: 60 },
      async run({ inboxId, afterSeqno }) {
        const head = await store.findHead(inboxId);
        if (head === 0) throw new AppError('not_found', 'no such inbox');
        const links = await store.findLinks(inboxId, afterSeqno, limits.linksPerPage);
        return { links: links.map(toBase64Url), head };
      },
    },
    'inbox:load-boxes': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:load-boxes'],
      limit: { points: 60, perSeconds: 60 },
      async run({ inboxId }, caller) {
        requireRole(caller, inboxId);
        const generations = await store.findBoxes(inboxId, caller.accountId);
        return {
          generations: generations.map(({ generation, box, recipientGeneration, previousBox }) => ({
            generation,
            box: box && toBase64Url(box),
            recipientGeneration,
            previousBox: previousBox && toBase64Url(previousBox),
          })),
        };
      },
    },
    'inbox:append': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:append'],
      limit: { points: 60, perSeconds: 60 },
      async run({ inboxId, link }, caller) {
        requireRole(caller, inboxId);
        if (!caller.deviceId) throw new AppError('forbidden', 'this browser has no keys of the account');
        const { seqno, changed } = await inboxes.append(inboxId, link, { accountId: caller.accountId, deviceId: caller.deviceId });
        // Whoever was removed is out of the room before anything else happens in the inbox.
        await Promise.all(changed.map(refreshRights));
        notify({ inbox: inboxId }, 'inbox:changed', { inboxId, head: seqno });
        for (const accountId of changed) notify({ account: accountId }, 'queue:changed', {});
        return { seqno };
      },
    },
    'inbox:list-enrolments': {
      allow: ['owner'],
      schema: schemas['inbox:list-enrolments'],
      limit: { points: 60, perSeconds: 60 },
      async run({ inboxId }, caller) {
        requireOwner(caller, inboxId);
        const office = await offices.findOfficeOf(inboxId);
        const members = new Set((await store.findMembers(inboxId)).map(({ accountId }) => accountId));
        const enrolled = office ? await findEnrolled(office.officeId) : [];
        return { enrolments: enrolled.filter(({ accountId }) => !members.has(accountId)) };
      },
    },
    'invitation:create': {
      allow: ['owner'],
      schema: schemas['invitation:create'],
      limit: { points: 60, perSeconds: 60 },
      async run({ tokenHash, ...invitation }, caller) {
        const office = await offices.findOffice(invitation.officeId);
        if (!office) throw new AppError('not_found', 'no such office');
        requireOwner(caller, office.inboxId);
        const expiresAt = await addInvitation(invitation, fromBase64Url(tokenHash));
        if (!expiresAt) throw new AppError('conflict', "the id is another invitation's");
        return { expiresAt: expiresAt.getTime() };
      },
    },
  };
}

function requireRole(caller: Caller, inboxId: InboxId): void {
  if (!caller.inboxRoles.has(inboxId)) throw new AppError('not_found', 'no such inbox for the caller');
}

function requireOwner(caller: Caller, inboxId: InboxId): void {
  requireRole(caller, inboxId);
  if (caller.inboxRoles.get(inboxId) !== 'owner') throw new AppError('forbidden', 'for owners of the inbox only');
}
