import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import { idOf, type InvitationId, type OfficeId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Enrolment, OfficeCommands } from '../protocol/offices.ts';
import { memberRoles } from '../protocol/roles.ts';
import type { InboxChains } from './inbox-chains.ts';
import { InboxStore } from './inbox-store.ts';
import type { Inboxes } from './inboxes.ts';
import { OfficeStore } from './office-store.ts';
import { Proposals } from './proposals.ts';
import { requireManager, requireRole, signerOf } from './requirements.ts';
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
  readonly chains: InboxChains;
  readonly notify: Notify;
  readonly now: () => number;
  /** When the invitation expires; null when its id is taken. */
  readonly addInvitation: (invitation: NewInvitation, tokenHash: Uint8Array) => Promise<Date | null>;
  /** Officials who used an invitation of the office. */
  readonly findEnrolled: (officeId: OfficeId) => Promise<readonly Enrolment[]>;
}

export function officeHandlers({
  database,
  inboxes,
  chains,
  notify,
  now,
  addInvitation,
  findEnrolled,
}: OfficeHandlersDependencies): Handlers<keyof OfficeCommands> {
  const store = new InboxStore(database);
  const offices = new OfficeStore(database);
  const proposals = new Proposals({ database, inboxes, now });
  return {
    'inbox:load': {
      allow: memberRoles,
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
        return await inboxes.append(inboxId, link, signerOf(caller));
      },
    },
    'inbox:propose': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:propose'],
      limit: { points: 60, perSeconds: 60 },
      async run({ proposalId, inboxId, link }, caller) {
        requireManager(caller, inboxId);
        const added = await proposals.add(proposalId, inboxId, link, signerOf(caller));
        notify({ inbox: inboxId }, 'inbox:proposed', { inboxId });
        return added;
      },
    },
    'inbox:list-proposals': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:list-proposals'],
      limit: { points: 60, perSeconds: 60 },
      async run({ inboxId }, caller) {
        requireManager(caller, inboxId);
        return { proposals: await proposals.list(inboxId) };
      },
    },
    'inbox:withdraw-proposal': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:withdraw-proposal'],
      limit: { points: 60, perSeconds: 60 },
      async run({ proposalId }, caller) {
        const inboxId = await proposals.withdraw(proposalId, caller.accountId);
        if (inboxId) notify({ inbox: inboxId }, 'inbox:proposed', { inboxId });
        return {};
      },
    },
    'inbox:list-enrolments': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:list-enrolments'],
      limit: { points: 60, perSeconds: 60 },
      async run({ inboxId }, caller) {
        requireManager(caller, inboxId);
        const [office, chain] = await Promise.all([offices.findOfficeOf(inboxId), chains.load(database, inboxId)]);
        const enrolled = office ? await findEnrolled(office.officeId) : [];
        // Somebody who was removed does not wait to be let in.
        const known = new Set(chain?.memberships.map(({ userId }) => idOf<'account'>(userId)));
        return { enrolments: enrolled.filter(({ accountId }) => !known.has(accountId)) };
      },
    },
    'invitation:create': {
      allow: ['official', 'owner'],
      schema: schemas['invitation:create'],
      limit: { points: 60, perSeconds: 60 },
      async run({ tokenHash, ...invitation }, caller) {
        const office = await offices.findOffice(invitation.officeId);
        if (!office) throw new AppError('not_found', 'no such office');
        requireManager(caller, office.inboxId);
        if (invitation.role === 'admin' && caller.inboxRoles.get(office.inboxId) !== 'owner')
          throw new AppError('forbidden', 'owners alone invite administrators');
        const expiresAt = await addInvitation(invitation, fromBase64Url(tokenHash));
        if (!expiresAt) throw new AppError('conflict', "the id is another invitation's");
        return { expiresAt: expiresAt.getTime() };
      },
    },
  };
}
