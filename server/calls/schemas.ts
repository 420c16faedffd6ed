import { z } from 'zod';
import { guestRoles, mediaSources, type CallCommands } from '../protocol/calls.ts';
import type { Request } from '../protocol/commands.ts';
import type { Id } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { bytesSchema, chainIdSchema, idSchema } from '../platform/wire-schemas.ts';
import { dtlsParametersSchema, rtpCapabilitiesSchema, rtpParametersSchema, sctpStreamParametersSchema } from './sfu-client.ts';

/** Ids that the sfu keeps: opaque here. */
export function mediaIdSchema<Kind extends string>(): z.ZodType<Id<Kind>> {
  return z.custom<Id<Kind>>((value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value), 'not an id');
}

/** What others read on the tile: one line, without what turns the direction of writing around. */
const guestName = z
  .string()
  .trim()
  .min(1)
  .max(limits.guestNameCharacters)
  .refine((name) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name), 'holds characters that cannot be seen');

const call = z.strictObject({ callId: idSchema<'call'>() });
const peer = call.extend({ peerId: mediaIdSchema<'peer'>() });
const transport = peer.extend({ transportId: mediaIdSchema<'transport'>() });
const producer = peer.extend({ producerId: mediaIdSchema<'producer'>() });
const dataProducer = peer.extend({ dataProducerId: mediaIdSchema<'data producer'>() });
const consumer = peer.extend({ consumerId: mediaIdSchema<'consumer'>() });
const invite = call.extend({ inviteId: idSchema<'call invite'>() });
const check = z.strictObject({ checkId: idSchema<'line check'>() });
const person = call.extend({ accountId: chainIdSchema<'account'>() });

export const schemas = {
  'call:list-mine': z.strictObject({}),
  'call:read': call,
  'call:prepare': call,
  'call:join': peer.extend({ rtpCapabilities: rtpCapabilitiesSchema.exactOptional() }),
  'call:signal': peer.extend({ to: mediaIdSchema<'peer'>().nullable(), signal: bytesSchema({ maxBytes: limits.callSignalBytes }) }),
  'call:connect-transport': transport.extend({ dtlsParameters: dtlsParametersSchema }),
  'call:restart-ice': transport,
  'call:produce': producer.extend({ kind: z.enum(['audio', 'video']), source: z.enum(mediaSources), rtpParameters: rtpParametersSchema }),
  'call:pause-producer': producer.extend({ paused: z.boolean() }),
  'call:close-producer': producer,
  'call:produce-data': dataProducer.extend({ sctpStreamParameters: sctpStreamParametersSchema }),
  'call:consume': producer.extend({ rtpCapabilities: rtpCapabilitiesSchema }),
  'call:resume-consumer': consumer,
  'call:prefer': consumer.extend({ priority: z.int().min(1).max(255), small: z.boolean() }),
  'call:consume-data': dataProducer,
  'call:hold': call.extend({ held: z.boolean() }),
  'call:invite': invite.extend({
    role: z.enum(guestRoles),
    displayName: guestName,
    tokenHash: bytesSchema({ minBytes: 32, maxBytes: 32 }),
    grant: bytesSchema({ maxBytes: limits.callGrantBytes }),
  }),
  'call:list-invites': call,
  'call:withdraw-invite': invite,
  'call:list-colleagues': call,
  'call:invite-colleague': person,
  'call:transfer': person,
  'call:remove': person,
  'call:leave': call,
  'call:hang-up': call,
  'call:open-check': check,
  'call:connect-check': check.extend({ transportId: mediaIdSchema<'transport'>(), dtlsParameters: dtlsParametersSchema }),
  'call:close-check': check,
  'call:rate': call.extend({ rating: z.int().min(1).max(5) }),
} satisfies { [Name in keyof CallCommands]: z.ZodType<Request<Name>> };
