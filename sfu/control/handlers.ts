import type { SfuMethod, SfuParams, SfuResult } from '../protocol/requests.ts';
import type { Rooms } from '../rooms/rooms.ts';

export type SfuHandlers = { readonly [Method in SfuMethod]: (params: SfuParams<Method>) => SfuResult<Method> | Promise<SfuResult<Method>> };

/** What each request does; `params` have passed their schema. */
export function sfuHandlers({ rooms, instanceId }: { rooms: Rooms; instanceId: string }): SfuHandlers {
  return {
    'node:status': () => ({ instanceId, workers: rooms.workers, draining: rooms.drainingUntil !== undefined }),

    'room:open': async ({ roomId }) => {
      const { capabilities } = await rooms.open(roomId);
      return { routerRtpCapabilities: capabilities };
    },
    'room:close': async ({ roomId }) => {
      await rooms.close(roomId);
      return {};
    },
    'room:list': () => ({ rooms: rooms.views }),

    'peer:join': (params) => rooms.join(params),
    'peer:leave': async (address) => {
      await rooms.leave(address);
      return {};
    },

    'transport:connect': async ({ transportId, dtlsParameters, ...address }) => {
      const peer = await rooms.peer(address);
      const transport = await peer.transport(transportId);
      await transport.connect(dtlsParameters);
      return {};
    },
    'transport:restart-ice': async ({ transportId, ...address }) => {
      const peer = await rooms.peer(address);
      const transport = await peer.transport(transportId);
      return { iceParameters: await transport.restartIce() };
    },

    'producer:create': async (params) => {
      const room = await rooms.get(params.roomId);
      return await room.produce(params);
    },
    'producer:pause': async ({ producerId, paused, ...address }) => {
      const peer = await rooms.peer(address);
      await peer.producers.pause(producerId, paused);
      return { paused };
    },
    'producer:close': async ({ producerId, ...address }) => {
      const peer = await rooms.peer(address);
      await peer.producers.close(producerId);
      return {};
    },

    'consumer:create': async (params) => {
      const room = await rooms.get(params.roomId);
      return await room.consume(params);
    },
    'consumer:resume': async ({ consumerId, ...address }) => {
      const peer = await rooms.peer(address);
      await peer.consumers.resume(consumerId);
      return {};
    },
    'consumer:prefer': async (params) => {
      const peer = await rooms.peer(params);
      await peer.consumers.prefer(params);
      return {};
    },

    'data-producer:create': async (params) => {
      const room = await rooms.get(params.roomId);
      return await room.produceData(params);
    },
    'data-consumer:create': async (params) => {
      const room = await rooms.get(params.roomId);
      return await room.consumeData(params);
    },
  };
}
