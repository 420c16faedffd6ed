import type { CallCommands, RemoteProducer } from '../protocol/calls.ts';
import type { AccountId, CallId } from '../protocol/ids.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import { found } from '../platform/database.ts';
import type { Attendances } from './attendance.ts';
import { peopleOf, type Calls } from './calls.ts';
import { requireRunning, viewOf, type Call } from './call.ts';
import { mediaIdSchema, schemas } from './schemas.ts';
import type { SfuClient } from './sfu-client.ts';
import type { CallStore } from './store.ts';

export interface CallHandlersDependencies {
  readonly calls: Calls;
  readonly store: CallStore;
  readonly sfu: SfuClient;
  /** Who is in a call, and by which session. */
  readonly attendances: Attendances;
  readonly now: () => number;
}

const people = ['citizen', 'official'] as const;
const transportIdSchema = mediaIdSchema<'transport'>();
const producerIdSchema = mediaIdSchema<'producer'>();
const consumerIdSchema = mediaIdSchema<'consumer'>();

/**
 * The commands of calls. Whatever concerns media is passed to the sfu, which knows neither people nor calls: here it is
 * decided that the caller is one of the two and that the call has not ended.
 */
export function callHandlers({ calls, store, sfu, attendances, now }: CallHandlersDependencies): Handlers<keyof CallCommands> {
  /** Throws `not_found`, `forbidden`, `closed`. */
  const findRunning = async (callId: CallId, accountId: AccountId): Promise<Call> =>
    requireRunning(found((await store.find(callId)) ?? undefined, 'call'), accountId);
  /** Who the caller's page is to the sfu, once it is clear that he may be there. */
  const addressOf = async ({ callId, peerId }: { callId: CallId; peerId: string }, { accountId }: Caller) => {
    await findRunning(callId, accountId);
    return { roomId: callId, peerId, ownerId: accountId };
  };

  return {
    'call:list-mine': {
      allow: people,
      schema: schemas['call:list-mine'],
      limit: { points: 120, perSeconds: 60 },
      run: async (_request, { accountId }) => ({ calls: (await store.listRunningOf(accountId)).map(viewOf) }),
    },
    'call:join': {
      allow: people,
      schema: schemas['call:join'],
      limit: { points: 60, perSeconds: 60 },
      async run({ callId, peerId }, { accountId, sessionId }) {
        const call = await findRunning(callId, accountId);
        await sfu.request('room:open', { roomId: callId });
        const attendance = { roomId: callId, peerId, ownerId: accountId };
        // Before the sfu is asked: whatever happens to the answer, he is taken out when his session ends.
        attendances.note(attendance, sessionId);
        const joined = await sfu.request('peer:join', attendance);
        await store.markSeen([callId], now());
        return {
          call: viewOf(call),
          routerRtpCapabilities: joined.routerRtpCapabilities,
          send: { ...joined.send, transportId: transportIdSchema.parse(joined.send.transportId) },
          receive: { ...joined.receive, transportId: transportIdSchema.parse(joined.receive.transportId) },
          producers: joined.producers.flatMap(({ producerId, ownerId, kind, paused }): RemoteProducer[] => {
            const sender = peopleOf(call).find((each) => each === ownerId);
            return sender ? [{ producerId: producerIdSchema.parse(producerId), accountId: sender, kind, paused }] : [];
          }),
        };
      },
    },
    'call:connect-transport': {
      allow: people,
      schema: schemas['call:connect-transport'],
      limit: { points: 60, perSeconds: 60 },
      async run({ transportId, dtlsParameters, ...request }, caller) {
        await sfu.request('transport:connect', { ...(await addressOf(request, caller)), transportId, dtlsParameters });
        return {};
      },
    },
    'call:restart-ice': {
      allow: people,
      schema: schemas['call:restart-ice'],
      limit: { points: 4, perSeconds: 2 },
      run: async ({ transportId, ...request }, caller) =>
        await sfu.request('transport:restart-ice', { ...(await addressOf(request, caller)), transportId }),
    },
    'call:produce': {
      allow: people,
      schema: schemas['call:produce'],
      limit: { points: 60, perSeconds: 60 },
      async run({ producerId, kind, rtpParameters, ...request }, caller) {
        await sfu.request('producer:create', { ...(await addressOf(request, caller)), producerId, kind, rtpParameters });
        return { producerId };
      },
    },
    'call:pause-producer': {
      allow: people,
      schema: schemas['call:pause-producer'],
      limit: { points: 120, perSeconds: 60 },
      run: async ({ producerId, paused, ...request }, caller) =>
        await sfu.request('producer:pause', { ...(await addressOf(request, caller)), producerId, paused }),
    },
    'call:close-producer': {
      allow: people,
      schema: schemas['call:close-producer'],
      limit: { points: 60, perSeconds: 60 },
      async run({ producerId, ...request }, caller) {
        await sfu.request('producer:close', { ...(await addressOf(request, caller)), producerId });
        return {};
      },
    },
    'call:consume': {
      allow: people,
      schema: schemas['call:consume'],
      limit: { points: 120, perSeconds: 60 },
      async run({ producerId, rtpCapabilities, ...request }, caller) {
        const consumer = await sfu.request('consumer:create', { ...(await addressOf(request, caller)), producerId, rtpCapabilities });
        return { ...consumer, producerId, consumerId: consumerIdSchema.parse(consumer.consumerId) };
      },
    },
    'call:resume-consumer': {
      allow: people,
      schema: schemas['call:resume-consumer'],
      limit: { points: 120, perSeconds: 60 },
      async run({ consumerId, ...request }, caller) {
        await sfu.request('consumer:resume', { ...(await addressOf(request, caller)), consumerId });
        return {};
      },
    },
    'call:hang-up': {
      allow: people,
      schema: schemas['call:hang-up'],
      limit: { points: 30, perSeconds: 60 },
      run: async ({ callId }, { accountId }) => viewOf(await calls.hangUp(callId, accountId)),
    },
  };
}
