import { z } from 'zod';
import { bytesSchema, chainIdSchema, countSchema, idSchema, slugSchema } from '../platform/wire-schemas.ts';
import type { Request } from '../protocol/commands.ts';
import { limits } from '../protocol/limits.ts';
import type { OfficeCommands } from '../protocol/offices.ts';

const inboxId = chainIdSchema<'inbox'>();
const box = bytesSchema({ maxBytes: limits.boxBytes });
export const signedLinkSchema = z.strictObject({
  link: bytesSchema({ maxBytes: limits.linkBytes }),
  boxes: z.array(box).max(limits.boxesPerLink),
  previousBox: box.nullable(),
});
const proposalId = idSchema<'proposal'>();

/** A schema for each command. */
export const schemas = {
  'inbox:load': z.strictObject({ inboxId, afterSeqno: countSchema }),
  'inbox:load-boxes': z.strictObject({ inboxId }),
  'inbox:append': z.strictObject({ inboxId, link: signedLinkSchema }),
  'inbox:propose': z.strictObject({ proposalId, inboxId, link: signedLinkSchema }),
  'inbox:list-proposals': z.strictObject({ inboxId }),
  'inbox:withdraw-proposal': z.strictObject({ proposalId }),
  'inbox:list-enrolments': z.strictObject({ inboxId }),
  'invitation:create': z.strictObject({
    invitationId: idSchema<'invitation'>(),
    tokenHash: bytesSchema({ minBytes: 32, maxBytes: 32 }),
    role: z.enum(['official', 'supervisor', 'admin']),
    officeId: slugSchema<'office'>(),
    displayName: z
      .string()
      .trim()
      .min(1)
      .max(limits.displayNameCharacters)
      .regex(/^[^\p{Cc}\p{Cf}\p{Co}\p{Cn}]+$/u),
  }),
} satisfies { [Name in keyof OfficeCommands]: z.ZodType<Request<Name>> };
