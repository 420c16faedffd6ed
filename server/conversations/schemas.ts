import { z } from 'zod';
import { bytesSchema, countSchema, idSchema, slugSchema } from '../platform/wire-schemas.ts';
import type { Request } from '../protocol/commands.ts';
import type { ConversationCommands } from '../protocol/conversations.ts';
import { limits } from '../protocol/limits.ts';

const conversationId = idSchema<'conversation'>();
const box = bytesSchema({ maxBytes: limits.boxBytes });
const epoch = z.strictObject({
  link: bytesSchema({ maxBytes: limits.linkBytes }),
  boxes: z.array(box).max(limits.boxesPerLink),
  previousBox: box.nullable(),
});

/** A schema for each command. */
export const schemas = {
  'conversation:open': z.strictObject({ conversationId, serviceId: slugSchema<'service'>(), epoch }),
  'conversation:list': z.strictObject({}),
  'conversation:pull': z.strictObject({ conversationId, after: countSchema }),
  'epoch:append': z.strictObject({ conversationId, epoch }),
  'message:send': z.strictObject({ conversationId, envelope: bytesSchema({ maxBytes: limits.envelopeBytes }) }),
  'conversation:mark-read': z.strictObject({ conversationId, position: countSchema }),
} satisfies { [Name in keyof ConversationCommands]: z.ZodType<Request<Name>> };
