import { sourcesOfRole, type CallCommands } from '../protocol/calls.ts';
import type { AccountId, CallId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import { requireRole, requireRunning, viewOf, type RunningState } from './call.ts';
import type { Calls } from './calls.ts';
import { consumerOf, dataProducerOf, producerOf } from './media-views.ts';
import { mediaIdSchema, schemas } from './schemas.ts';
import type { CallParts } from './switchboard.ts';

export type MediaCommandName = Extract<
  keyof CallCommands,
  | 'call:prepare'
  | 'call:join'
  | 'call:connect-transport'
  | 'call:restart-ice'
  | 'call:produce'
  | 'call:pause-producer'
  | 'call:close-producer'
  | 'call:produce-data'
  | 'call:consume'
  | 'call:resume-consumer'
  | 'call:prefer'
  | 'call:consume-data'
>;

const people = ['citizen', 'official', 'guest'] as const;
const transportIdSchema = mediaIdSchema<'transport'>();
const dataConsumerIdSchema = mediaIdSchema<'data consumer'>();

/**
 * What concerns media is passed to the sfu, which knows neither people nor calls: here it is decided that the caller belongs to the
 * call, that it has not ended, and that somebody in his role sends this at all.
 */
export function mediaHandlers({ calls, members, rooms, store, peers, now }: CallParts): Handlers<MediaCommandName> {
  /** Who the caller's page is to the sfu, once it is clear that he may be there. Throws `not_found`, `forbidden`, `closed`. */
  const addressOf = async ({ callId, peerId }: { callId: CallId; peerId: string }, { accountId }: Caller) => {
    const call: RunningState = requireRunning(await store.get(callId), accountId);
    return { call, address: { roomId: callId, peerId, ownerId: accountId } };
  };

  return {
    'call:prepare': {
      // A guest's page has no session before it joins.
      allow: ['citizen', 'official'],
      schema: schemas['call:prepare'],
      limit: { points: 60, perSeconds: 60 },
      async run({ callId }, { accountId }) {
        const { routerRtpCapabilities } = await rooms.open(requireRunning(await store.get(callId), accountId));
        return { routerRtpCapabilities };
      },
    },
    'call:join': {
      allow: people,
      schema: schemas['call:join'],
      limit: { points: 60, perSeconds: 60 },
      async run({ callId, peerId, ...capabilities }, caller) {
        const { accountId } = caller;
        const call = await calls.enter(callId, caller, peerId);
        const { node } = await rooms.open(call);
        const placed = { ...call, node };
        const joined = await rooms.request(placed, 'peer:join', { roomId: callId, peerId, ownerId: accountId, ...capabilities });
        if (!(await peers.assert({ callId, peerId, accountId }))) await confirm(placed, peerId, caller);
        const [latest, present] = await Promise.all([store.get(callId), members.read(callId), store.markSeen([callId], now())]);
        const producers = joined.producers.flatMap((producer) => producerOf(latest, producer));
        return {
          call: viewOf(latest),
          members: present,
          routerRtpCapabilities: joined.routerRtpCapabilities,
          send: { ...joined.send, transportId: transportIdSchema.parse(joined.send.transportId) },
          receive: { ...joined.receive, transportId: transportIdSchema.parse(joined.receive.transportId) },
          producers,
          dataProducers: joined.dataProducers.flatMap((dataProducer) => dataProducerOf(latest, dataProducer)),
          consumers: joined.consumers.map(consumerOf).filter(({ producerId }) => producers.some((each) => each.producerId === producerId)),
        };
      },
    },
    'call:connect-transport': {
      allow: people,
      schema: schemas['call:connect-transport'],
      limit: { points: 60, perSeconds: 60 },
      async run({ transportId, dtlsParameters, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        await rooms.request(call, 'transport:connect', { ...address, transportId, dtlsParameters });
        return {};
      },
    },
    'call:restart-ice': {
      allow: people,
      schema: schemas['call:restart-ice'],
      limit: { points: 4, perSeconds: 2 },
      async run({ transportId, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        return await rooms.request(call, 'transport:restart-ice', { ...address, transportId });
      },
    },
    'call:produce': {
      allow: people,
      schema: schemas['call:produce'],
      limit: { points: 60, perSeconds: 60 },
      async run({ producerId, kind, source, rtpParameters, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        requireMaySend(call, caller.accountId, source);
        if ((source === 'microphone') !== (kind === 'audio')) throw new AppError('bad_request', `a ${source} is not ${kind}`);
        await rooms.request(call, 'producer:create', { ...address, producerId, kind, source, rtpParameters });
        return { producerId };
      },
    },
    'call:pause-producer': {
      allow: people,
      schema: schemas['call:pause-producer'],
      limit: { points: 120, perSeconds: 60 },
      async run({ producerId, paused, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        return await rooms.request(call, 'producer:pause', { ...address, producerId, paused });
      },
    },
    'call:close-producer': {
      allow: people,
      schema: schemas['call:close-producer'],
      limit: { points: 60, perSeconds: 60 },
      async run({ producerId, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        await rooms.request(call, 'producer:close', { ...address, producerId });
        return {};
      },
    },
    'call:produce-data': {
      allow: people,
      schema: schemas['call:produce-data'],
      limit: { points: 30, perSeconds: 60 },
      async run({ dataProducerId, sctpStreamParameters, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        await rooms.request(call, 'data-producer:create', { ...address, dataProducerId, sctpStreamParameters });
        return { dataProducerId };
      },
    },
    'call:consume': {
      allow: people,
      schema: schemas['call:consume'],
      limit: { points: 240, perSeconds: 60 },
      async run({ producerId, rtpCapabilities, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        return consumerOf(await rooms.request(call, 'consumer:create', { ...address, producerId, rtpCapabilities }));
      },
    },
    'call:resume-consumer': {
      allow: people,
      schema: schemas['call:resume-consumer'],
      limit: { points: 240, perSeconds: 60 },
      async run({ consumerId, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        await rooms.request(call, 'consumer:resume', { ...address, consumerId });
        return {};
      },
    },
    'call:prefer': {
      allow: people,
      schema: schemas['call:prefer'],
      // Two a second (S11), and all fifteen pictures of a full call at once.
      limit: { points: 60, perSeconds: 30 },
      async run({ consumerId, priority, small, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        await rooms.request(call, 'consumer:prefer', { ...address, consumerId, priority, small });
        return {};
      },
    },
    'call:consume-data': {
      allow: people,
      schema: schemas['call:consume-data'],
      limit: { points: 120, perSeconds: 60 },
      async run({ dataProducerId, ...request }, caller) {
        const { call, address } = await addressOf(request, caller);
        const consumer = await rooms.request(call, 'data-consumer:create', { ...address, dataProducerId });
        return { ...consumer, dataProducerId, dataConsumerId: dataConsumerIdSchema.parse(consumer.dataConsumerId) };
      },
    },
  };

  /** Struck out while he came in: in again, or out of the sfu as well. */
  async function confirm(call: RunningState, peerId: Parameters<Calls['enter']>[2], caller: Caller): Promise<void> {
    try {
      await calls.enter(call.callId, caller, peerId);
    } catch (error) {
      await members.expel(call, { peerId, accountId: caller.accountId });
      throw error;
    }
  }
}

/** Throws `forbidden` for what somebody in his role does not send. */
function requireMaySend(call: RunningState, accountId: AccountId, source: (typeof sourcesOfRole)['citizen'][number]): void {
  const role = requireRole(call, accountId);
  if (!sourcesOfRole[role].includes(source)) throw new AppError('forbidden', `a ${role} sends no ${source}`);
}
