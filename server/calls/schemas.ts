import { z } from 'zod';
import type { CallCommands } from '../protocol/calls.ts';
import type { Request } from '../protocol/commands.ts';
import type { Id } from '../protocol/ids.ts';
import { idSchema } from '../platform/wire-schemas.ts';
import { dtlsParametersSchema, rtpCapabilitiesSchema, rtpParametersSchema } from './sfu-client.ts';

/** Ids that the sfu keeps: opaque here. */
export function mediaIdSchema<Kind extends string>(): z.ZodType<Id<Kind>> {
  return z.custom<Id<Kind>>((value) => typeof value === 'string' && /^[\w-]{1,64}$/.test(value), 'not an id');
}

const call = z.strictObject({ callId: idSchema<'call'>() });
const peer = call.extend({ peerId: mediaIdSchema<'peer'>() });
const transport = peer.extend({ transportId: mediaIdSchema<'transport'>() });
const producer = peer.extend({ producerId: mediaIdSchema<'producer'>() });

export const schemas = {
  'call:list-mine': z.strictObject({}),
  'call:join': peer,
  'call:connect-transport': transport.extend({ dtlsParameters: dtlsParametersSchema }),
  'call:restart-ice': transport,
  'call:produce': producer.extend({ kind: z.enum(['audio', 'video']), rtpParameters: rtpParametersSchema }),
  'call:pause-producer': producer.extend({ paused: z.boolean() }),
  'call:close-producer': producer,
  'call:consume': producer.extend({ rtpCapabilities: rtpCapabilitiesSchema }),
  'call:resume-consumer': peer.extend({ consumerId: mediaIdSchema<'consumer'>() }),
  'call:hang-up': call,
} satisfies { [Name in keyof CallCommands]: z.ZodType<Request<Name>> };
