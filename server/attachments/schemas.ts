import { z } from 'zod';
import { bytesSchema, countSchema, idSchema } from '../platform/wire-schemas.ts';
import type { AttachmentRoutes } from '../protocol/attachments.ts';
import { sealedFileLength } from '../protocol/file-format.ts';
import { limits } from '../protocol/limits.ts';

const conversationId = idSchema<'conversation'>();
const fileId = idSchema<'file'>();
/** The empty file's, and the largest one's. */
const sizes = { least: sealedFileLength(0), most: sealedFileLength(limits.fileBytes) };

export const schemas = {
  'POST /api/attachments': z.strictObject({ conversationId, fileId, bytes: countSchema.min(sizes.least) }),
  'POST /api/attachments/finish': z.strictObject({ fileId, hash: bytesSchema({ minBytes: 32, maxBytes: 32 }) }),
  'POST /api/attachments/discard': z.strictObject({ fileId }),
} satisfies { [Route in keyof AttachmentRoutes]: z.ZodType<Parameters<AttachmentRoutes[Route]>[0]> };

/** Above it: `too_large`, which is another answer than a number that is none. */
export const maxBytes = sizes.most;

export const partSchema = z.strictObject({ fileId, offset: z.stringFormat('offset', /^\d{1,10}$/).transform(Number) });

export const placeSchema = z.strictObject({ conversationId, fileId });
