import { z } from 'zod';
import type { Request } from '../protocol/commands.ts';
import type { PushCommands } from '../protocol/push.ts';
import { bytesSchema, localeSchema } from '../platform/wire-schemas.ts';

const endpoint = z.string().max(1_000);

export const schemas = {
  'push:read-key': z.strictObject({}),
  'push:subscribe': z.strictObject({
    endpoint,
    publicKey: bytesSchema({ minBytes: 65, maxBytes: 65 }),
    secret: bytesSchema({ minBytes: 16, maxBytes: 16 }),
    locale: localeSchema,
  }),
  'push:unsubscribe': z.strictObject({ endpoint }),
} satisfies { [Name in keyof PushCommands]: z.ZodType<Request<Name>> };
