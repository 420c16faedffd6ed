import { z } from 'zod';
import { bytesSchema, idSchema } from '../platform/wire-schemas.ts';
import type { HttpRoutes } from '../protocol/accounts.ts';
import { limits } from '../protocol/limits.ts';
import type { ResetCommands } from '../protocol/resets.ts';
import { numberSchema } from './device-link-schemas.ts';
import { signedLinkSchema } from './schemas.ts';

type Body<Route extends keyof HttpRoutes> = Parameters<HttpRoutes[Route]>[0];
type Request<Name extends keyof ResetCommands> = Parameters<ResetCommands[Name]>[0];

const resetId = idSchema<'reset'>();

/** "2026-0042-K", however it was typed. */
const referenceSchema = z.string().trim().toUpperCase().max(20);

export const beginResetSchema = z.strictObject({ resetId, about: referenceSchema.nullable() }) satisfies z.ZodType<
  Body<'POST /api/resets'>
>;
export const draftSchema = z.strictObject({ resetId, draft: bytesSchema({ maxBytes: limits.resetDraftBytes }) }) satisfies z.ZodType<
  Body<'POST /api/resets/draft'>
>;
export const resetSchema = z.strictObject({ resetId }) satisfies z.ZodType<Request<'reset:refuse'>>;
export const finishResetSchema = z.strictObject({ resetId, link: signedLinkSchema }) satisfies z.ZodType<Body<'POST /api/resets/finish'>>;
export const findResetSchema = z.strictObject({ number: numberSchema }) satisfies z.ZodType<Request<'reset:find'>>;
export const attestSchema = z.strictObject({
  resetId,
  attestation: bytesSchema({ maxBytes: limits.attestationBytes }),
}) satisfies z.ZodType<Request<'reset:attest'>>;
