import type { AccountId } from '../protocol/ids.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { peopleOf, type Calls } from './calls.ts';
import type { Call } from './call.ts';
import { mediaIdSchema } from './schemas.ts';
import type { SfuClient } from './sfu-client.ts';
import type { CallStore } from './store.ts';

export interface SfuEventsDependencies {
  readonly sfu: SfuClient;
  readonly calls: Calls;
  readonly store: CallStore;
  readonly notify: Notify;
  readonly log: Log;
}

const callIdSchema = mediaIdSchema<'call'>();
const peerIdSchema = mediaIdSchema<'peer'>();
const producerIdSchema = mediaIdSchema<'producer'>();

/** Passes on to people what the sfu tells of rooms and peers. Returns the function that stops it and resolves when nothing is under way. */
export function followSfu({ sfu, calls, store, notify, log }: SfuEventsDependencies): () => Promise<void> {
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
  /** The room's call, while it runs. */
  const withCall = (roomId: string, work: (call: Call) => Promise<void> | void): void =>
    follow(roomId, async () => {
      const call = await store.find(callIdSchema.parse(roomId));
      if (call && call.state !== 'ended') await work(call);
    });

  const stops = [
    sfu.on('welcome', ({ roomIds }) => follow('welcome', () => calls.reconcile(roomIds))),
    sfu.on('producer-added', ({ roomId, producer }) =>
      withCall(roomId, (call) => {
        const { producerId, ownerId, kind, paused } = producer;
        const sender = peopleOf(call).find((accountId) => accountId === ownerId);
        if (!sender) return;
        tellOthers(call, ownerId, (account) =>
          notify({ account }, 'call:producer-added', {
            callId: call.callId,
            producer: { producerId: producerIdSchema.parse(producerId), accountId: sender, kind, paused },
          }),
        );
      }),
    ),
    sfu.on('producer-paused', ({ roomId, ownerId, producerId, paused }) =>
      withCall(roomId, (call) =>
        tellOthers(call, ownerId, (account) =>
          notify({ account }, 'call:producer-paused', { callId: call.callId, producerId: producerIdSchema.parse(producerId), paused }),
        ),
      ),
    ),
    sfu.on('producer-closed', ({ roomId, ownerId, producerId }) =>
      withCall(roomId, (call) =>
        tellOthers(call, ownerId, (account) =>
          notify({ account }, 'call:producer-closed', { callId: call.callId, producerId: producerIdSchema.parse(producerId) }),
        ),
      ),
    ),
    sfu.on('peer-closed', ({ roomId, peerId, ownerId, reason }) =>
      withCall(roomId, (call) => {
        const account = peopleOf(call).find((accountId) => accountId === ownerId);
        if (account && reason === 'replaced')
          notify({ account }, 'call:peer-replaced', { callId: call.callId, peerId: peerIdSchema.parse(peerId) });
      }),
    ),
    sfu.on('transport-state', ({ roomId, ownerId, state }) =>
      withCall(roomId, async (call) => {
        const account = peopleOf(call).find((accountId) => accountId === ownerId);
        if (account && state === 'connected') await calls.connect(call.callId, account);
      }),
    ),
    sfu.on('room-lost', ({ roomId }) =>
      withCall(roomId, (call) => {
        for (const account of peopleOf(call)) notify({ account }, 'call:room-lost', { callId: call.callId });
      }),
    ),
    sfu.on('room-closed', ({ roomId }) => withCall(roomId, (call) => calls.endDeserted(call.callId))),
  ];
  return async () => {
    for (const stop of stops) stop();
    await Promise.allSettled(tails.values());
  };
}

function tellOthers(call: Call, ownerId: string, tell: (accountId: AccountId) => void): void {
  for (const accountId of peopleOf(call)) if (accountId !== ownerId) tell(accountId);
}
