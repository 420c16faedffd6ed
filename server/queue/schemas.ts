import { z } from 'zod';
import type { Request } from '../protocol/commands.ts';
import { locales } from '../protocol/locale.ts';
import { priorityReasons, readinesses, type QueueCommands } from '../protocol/queue.ts';
import { idSchema, isWithoutRepeats, localeSchema, needsSchema, slugSchema } from '../platform/wire-schemas.ts';

const entry = z.strictObject({ entryId: idSchema<'queue entry'>() });
const nothing = z.strictObject({});
const serviceId = slugSchema<'service'>();
/** Services one official may choose among. */
const maxServices = 50;

export const schemas = {
  'queue:join': entry.extend({ serviceId, conversationId: idSchema<'conversation'>(), language: localeSchema, needs: needsSchema }),
  'queue:leave': entry,
  'queue:list-mine': nothing,
  'queue:extend': entry,
  'queue:pass': entry,
  'queue:return': entry,
  'queue:set-needs': entry.extend({ needs: needsSchema }),
  'queue:set-readiness': entry.extend({ readiness: z.enum(readinesses) }),
  'queue:list': nothing,
  'queue:accept': entry,
  'queue:call-again': entry,
  'queue:mark-missed': entry,
  'queue:park': entry,
  'queue:prioritise': entry.extend({ reason: z.enum(priorityReasons).nullable() }),
  'queue:redirect': entry.extend({ serviceId }),
  'availability:set': z.strictObject({
    state: z.enum(['available', 'break', 'off']),
    services: z.array(serviceId).max(maxServices).refine(isWithoutRepeats),
    languages: z.array(localeSchema).max(locales.length).refine(isWithoutRepeats),
  }),
} satisfies { [Name in keyof QueueCommands]: z.ZodType<Request<Name>> };
