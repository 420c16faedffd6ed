import { z } from 'zod';
import type { Handlers } from '../platform/commands.ts';
import type { Notify } from '../platform/notify.ts';
import { chainIdSchema, countSchema, idSchema } from '../platform/wire-schemas.ts';
import type { Request } from '../protocol/commands.ts';
import type { RetentionCommands } from '../protocol/retention.ts';
import { Cuts, type CutsDependencies } from './cuts.ts';
import { requireManager, signerOf } from './requirements.ts';
import { signedLinkSchema } from './schemas.ts';

const inboxId = chainIdSchema<'inbox'>();
const moment = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const generation = countSchema;

const schemas = {
  'inbox:cut': z.strictObject({ inboxId, link: signedLinkSchema, quietSince: moment }),
  'inbox:read-cut': z.strictObject({ inboxId }),
  'inbox:survey-cut': z.strictObject({ inboxId, quietSince: moment, generation, after: idSchema<'conversation'>().nullable() }),
  'inbox:forget': z.strictObject({ inboxId, generation }),
} satisfies { [Name in keyof RetentionCommands]: z.ZodType<Request<Name>> };

/** Letting old cases expire: owners and admins of the inbox. */
export function cutHandlers({
  notify,
  ...dependencies
}: CutsDependencies & { readonly notify: Notify }): Handlers<keyof RetentionCommands> {
  const cuts = new Cuts(dependencies);
  return {
    'inbox:cut': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:cut'],
      limit: { points: 10, perSeconds: 3_600 },
      async run(request, caller) {
        requireManager(caller, request.inboxId);
        return await cuts.begin(request.inboxId, request.link, request.quietSince, signerOf(caller));
      },
    },
    'inbox:read-cut': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:read-cut'],
      limit: { points: 60, perSeconds: 60 },
      async run(request, caller) {
        requireManager(caller, request.inboxId);
        return { cut: await cuts.findNewest(request.inboxId) };
      },
    },
    'inbox:survey-cut': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:survey-cut'],
      limit: { points: 60, perSeconds: 60 },
      async run(request, caller) {
        requireManager(caller, request.inboxId);
        return await cuts.survey(request);
      },
    },
    'inbox:forget': {
      allow: ['official', 'owner'],
      schema: schemas['inbox:forget'],
      limit: { points: 20, perSeconds: 3_600 },
      async run(request, caller) {
        requireManager(caller, request.inboxId);
        const { cut, isNew } = await cuts.forget(request.inboxId, request.generation);
        if (isNew) notify({ inbox: request.inboxId }, 'inbox:forgotten', request);
        return cut;
      },
    },
  };
}
