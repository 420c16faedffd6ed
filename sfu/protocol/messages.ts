import { z } from 'zod';
import type { SfuEventName, SfuEvents } from './events.ts';
import {
  dtlsParametersSchema,
  mediaKind,
  rtpCapabilitiesSchema,
  rtpParametersSchema,
  sctpStreamParametersSchema,
} from './media-schemas.ts';
import { sfuErrorCodes, type SfuMethod, type SfuParams } from './requests.ts';

/** Bytes of one message, either way. RTP parameters at their caps stay far below. */
export const maxMessageBytes = 256 * 1024;
/** A secret shorter than this is refused on both sides. */
export const minSecretBytes = 32;

const id = z.string().regex(/^[\w-]{1,64}$/);
const nothing = z.strictObject({});
const room = z.strictObject({ roomId: id });
const peer = room.extend({ peerId: id, ownerId: id });
const transport = peer.extend({ transportId: id });
const producer = peer.extend({ producerId: id });
const consumer = peer.extend({ consumerId: id });
const dataProducer = peer.extend({ dataProducerId: id });

/** Of every request, what it must look like. */
export const paramsSchemas: { readonly [Method in SfuMethod]: z.ZodType<SfuParams<Method>> } = {
  'node:status': nothing,
  'room:open': room,
  'room:close': room,
  'room:list': nothing,
  'peer:join': peer.extend({ rtpCapabilities: rtpCapabilitiesSchema.exactOptional() }),
  'peer:leave': peer,
  'transport:connect': transport.extend({ dtlsParameters: dtlsParametersSchema }),
  'transport:restart-ice': transport,
  'producer:create': producer.extend({ kind: mediaKind, source: z.string().regex(/^[\w-]{1,32}$/), rtpParameters: rtpParametersSchema }),
  'producer:pause': producer.extend({ paused: z.boolean() }),
  'producer:close': producer,
  'consumer:create': producer.extend({ rtpCapabilities: rtpCapabilitiesSchema }),
  'consumer:resume': consumer,
  'consumer:prefer': consumer.extend({ priority: z.int().min(1).max(255), small: z.boolean() }),
  'data-producer:create': dataProducer.extend({ sctpStreamParameters: sctpStreamParametersSchema }),
  'data-consumer:create': dataProducer,
};

/** A request on the wire; `method` and `params` are looked at afterwards, so that a bad one can be answered. */
export const requestSchema = z.strictObject({ id: z.int().min(0), method: z.string().max(64), params: z.unknown() });
export type RequestMessage = z.infer<typeof requestSchema>;

export const answerSchema = z.union([
  z.object({ id: z.int(), result: z.unknown() }),
  z.object({ id: z.int(), error: z.object({ code: z.enum(sfuErrorCodes), message: z.string() }) }),
]);
export type AnswerMessage = z.infer<typeof answerSchema>;

/** An event on the wire. */
export type EventMessage = { [Name in SfuEventName]: { readonly event: Name; readonly params: SfuEvents[Name] } }[SfuEventName];
