import { mediaSources, type RemoteConsumer, type RemoteDataProducer, type RemoteProducer } from '../protocol/calls.ts';
import { participantsOf, type Call } from './call.ts';
import { mediaIdSchema } from './schemas.ts';
import type { SfuDataProducer, SfuProducer, SfuResult } from './sfu-client.ts';

const producerIdSchema = mediaIdSchema<'producer'>();
const consumerIdSchema = mediaIdSchema<'consumer'>();
const dataProducerIdSchema = mediaIdSchema<'data producer'>();
const peerIdSchema = mediaIdSchema<'peer'>();

/** A track as the call's people see it; nothing when it is of somebody who does not belong to the call, or shows nothing we know. */
export function producerOf(call: Call, { producerId, peerId, ownerId, kind, source, paused }: SfuProducer): readonly RemoteProducer[] {
  const sender = participantsOf(call).find(({ accountId }) => accountId === ownerId);
  const shown = mediaSources.find((each) => each === source);
  if (!sender || !shown) return [];
  return [
    {
      producerId: producerIdSchema.parse(producerId),
      peerId: peerIdSchema.parse(peerId),
      accountId: sender.accountId,
      kind,
      source: shown,
      paused,
    },
  ];
}

/** A text channel; nothing when it is of somebody who does not belong to the call. */
export function dataProducerOf(call: Call, { dataProducerId, peerId, ownerId }: SfuDataProducer): readonly RemoteDataProducer[] {
  const sender = participantsOf(call).find(({ accountId }) => accountId === ownerId);
  if (!sender) return [];
  return [{ dataProducerId: dataProducerIdSchema.parse(dataProducerId), peerId: peerIdSchema.parse(peerId), accountId: sender.accountId }];
}

/** How a track comes to one page. */
export function consumerOf({ consumerId, producerId, ...consumer }: SfuResult<'consumer:create'>): RemoteConsumer {
  return { ...consumer, consumerId: consumerIdSchema.parse(consumerId), producerId: producerIdSchema.parse(producerId) };
}
