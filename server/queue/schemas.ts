import { z } from 'zod';
import type { Request } from '../protocol/commands.ts';
import { idSchema, localeSchema, slugSchema } from '../platform/wire-schemas.ts';

const entry = z.strictObject({ entryId: idSchema<'queue entry'>() });
const nothing = z.strictObject({});

export const schemas = {
  'queue:join': entry.extend({ serviceId: slugSchema<'service'>(), conversationId: idSchema<'conversation'>(), language: localeSchema }),
  'queue:leave': entry,
  'queue:list-mine': nothing,
  'queue:list': nothing,
  'queue:accept': entry,
  'availability:set': z.strictObject({ available: z.boolean() }),
} satisfies { [Name in QueueCommandName]: z.ZodType<Request<Name>> };

export type QueueCommandName = 'queue:join' | 'queue:leave' | 'queue:list-mine' | 'queue:list' | 'queue:accept' | 'availability:set';
