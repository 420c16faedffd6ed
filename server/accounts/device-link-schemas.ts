import { z } from 'zod';
import { bytesSchema, idSchema } from '../platform/wire-schemas.ts';
import type { DeviceLinkCommands } from '../protocol/device-links.ts';
import { limits } from '../protocol/limits.ts';

type Request<Name extends keyof DeviceLinkCommands> = Parameters<DeviceLinkCommands[Name]>[0];

/** What somebody types or hears. */
export const numberSchema = z.string().regex(/^\d{8}$/);
const deviceLinkId = idSchema<'device link'>();

export const deviceLinkSchema = z.strictObject({ deviceLinkId }) satisfies z.ZodType<Request<'device-link:end'>>;
export const findLinkSchema = z.strictObject({ number: numberSchema }) satisfies z.ZodType<Request<'device-link:find'>>;
export const sendSchema = z.strictObject({
  deviceLinkId,
  index: z
    .int()
    .min(0)
    .max(limits.deviceLinkMessages - 1),
  message: bytesSchema({ maxBytes: limits.deviceLinkMessageBytes }),
}) satisfies z.ZodType<Request<'device-link:send'>>;
export const receiveSchema = z.strictObject({ deviceLinkId, after: z.int().min(0).max(limits.deviceLinkMessages) }) satisfies z.ZodType<
  Request<'device-link:receive'>
>;
