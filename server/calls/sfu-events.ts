import type { AccountId, CallId } from '../protocol/ids.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { participantsOf, roleIn, type Call } from './call.ts';
import type { Calls } from './calls.ts';
import type { Members } from './members.ts';
import { dataProducerOf, producerOf } from './media-views.ts';
import type { PeerStore } from './peer-store.ts';
import type { Rooms } from './rooms.ts';
import { mediaIdSchema } from './schemas.ts';
import type { SfuPool } from './sfu-pool.ts';
import type { CallStore } from './store.ts';

export interface SfuEventsDependencies {
  readonly pool: SfuPool;
  readonly calls: Calls;
  readonly members: Members;
  readonly rooms: Rooms;
  readonly store: CallStore;
  readonly peers: PeerStore;
  readonly notify: Notify;
  readonly now: () => number;
  readonly log: Log;
}

const callIdSchema = mediaIdSchema<'call'>();
const peerIdSchema = mediaIdSchema<'peer'>();
const producerIdSchema = mediaIdSchema<'producer'>();
const dataProducerIdSchema = mediaIdSchema<'data producer'>();

/** Passes on to people what the sfus tell of rooms and peers. Returns the function that stops it and resolves when nothing is under way. */
export function followSfus(dependencies: SfuEventsDependencies): () => Promise<void> {
  const { pool, calls, members, rooms, store, peers, notify, now, log } = dependencies;
  /** By room, the last thing that is being told: what the sfu said first is told first. */
  const tails = new Map<string, Promise<void>>();
  const follow = (roomId: string, work: () => Promise<void>): void => {
    const tail = (tails.get(roomId) ?? Promise.resolve())
      .then(work)
      .catch((error: unknown) => log.warn({ err: error, call: roomId }, 'an event of the sfu could not be followed'))
      .finally(() => {
        if (tails.get(roomId) === tail) tails.delete(roomId);
      });
    tails.set(roomId, tail);
  };
  /** The room's call, while it runs, and on that node: what an earlier one says of it is past. */
  const withCall = (roomId: string, url: string, work: (call: Call) => Promise<void> | void): void =>
    follow(roomId, async () => {
      const call = await store.find(callIdSchema.parse(roomId));
      if (call && call.state !== 'ended' && call.node === url) await work(call);
    });

  const stops = [
    pool.on('welcome', ({ roomIds }, url) => follow(`welcome ${url}`, async () => await reconcile(new Set(roomIds), url))),
    pool.on('producer-added', ({ roomId, producer }, url) =>
      withCall(roomId, url, (call) => {
        for (const view of producerOf(call, producer))
          tellOthers(call, producer.ownerId, (to, callId) => notify(to, 'call:producer-added', { callId, producer: view }));
      }),
    ),
    pool.on('producer-paused', ({ roomId, ownerId, producerId, paused }, url) =>
      withCall(roomId, url, (call) =>
        tellOthers(call, ownerId, (to, callId) =>
          notify(to, 'call:producer-paused', { callId, producerId: producerIdSchema.parse(producerId), paused }),
        ),
      ),
    ),
    pool.on('producer-closed', ({ roomId, ownerId, producerId }, url) =>
      withCall(roomId, url, (call) =>
        tellOthers(call, ownerId, (to, callId) =>
          notify(to, 'call:producer-closed', { callId, producerId: producerIdSchema.parse(producerId) }),
        ),
      ),
    ),
    pool.on('data-producer-added', ({ roomId, dataProducer }, url) =>
      withCall(roomId, url, (call) => {
        for (const view of dataProducerOf(call, dataProducer))
          tellOthers(call, dataProducer.ownerId, (to, callId) => notify(to, 'call:data-producer-added', { callId, dataProducer: view }));
      }),
    ),
    pool.on('data-producer-closed', ({ roomId, ownerId, dataProducerId }, url) =>
      withCall(roomId, url, (call) =>
        tellOthers(call, ownerId, (to, callId) =>
          notify(to, 'call:data-producer-closed', { callId, dataProducerId: dataProducerIdSchema.parse(dataProducerId) }),
        ),
      ),
    ),
    pool.on('consumer-layer', ({ roomId, peerId, ownerId, producerId, layer }, url) =>
      withCall(roomId, url, (call) => {
        const account = personOf(call, ownerId);
        const page = { callId: call.callId, peerId: peerIdSchema.parse(peerId), producerId: producerIdSchema.parse(producerId) };
        if (account) notify({ account }, 'call:quality-changed', { ...page, quality: layer });
      }),
    ),
    pool.on('peer-closed', ({ roomId, peerId, ownerId, reason }, url) =>
      withCall(roomId, url, async (call) => {
        const account = personOf(call, ownerId);
        if (account && reason === 'replaced')
          notify({ account }, 'call:peer-replaced', { callId: call.callId, peerId: peerIdSchema.parse(peerId) });
        await members.look(call);
      }),
    ),
    pool.on('transport-state', ({ roomId, peerId, ownerId, state }, url) =>
      withCall(roomId, url, async (call) => {
        await peers.markSilent(call.callId, peerId, state === 'connected' ? null : now());
        const account = personOf(call, ownerId);
        const role = account && roleIn(call, account);
        if (account && state === 'connected' && (role === 'citizen' || role === 'official')) await calls.connect(call.callId, account);
      }),
    ),
    pool.on('room-lost', ({ roomId }, url) => withCall(roomId, url, async (call) => await rooms.lose(call))),
    pool.on('room-closed', ({ roomId }, url) => withCall(roomId, url, async (call) => await calls.endDeserted(call.callId))),
  ];

  /** After every connection: calls that should be there and are not have lost their room. */
  async function reconcile(open: ReadonlySet<string>, url: string): Promise<void> {
    const since = now();
    for (const call of await store.listRunning()) {
      // A call that began since has a room, or its people will open it.
      if (call.node === url && !open.has(call.callId) && call.startedAt < since) await rooms.lose(call);
    }
  }

  return async () => {
    for (const stop of stops) stop();
    await Promise.allSettled(tails.values());
  };
}

function tellOthers(call: Call, ownerId: string, tell: (audience: { account: AccountId }, callId: CallId) => void): void {
  for (const { accountId } of participantsOf(call)) if (accountId !== ownerId) tell({ account: accountId }, call.callId);
}

function personOf(call: Call, ownerId: string): AccountId | undefined {
  return participantsOf(call).find(({ accountId }) => accountId === ownerId)?.accountId;
}
