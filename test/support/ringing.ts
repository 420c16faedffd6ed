import type { PeerId } from '../../server/protocol/calls.ts';
import { newId, type CallId } from '../../server/protocol/ids.ts';
import type { Response } from '../../server/protocol/commands.ts';
import type { Person, TestCounter } from './counter.ts';
import { dtlsParameters, opusParameters } from './rtp-parameters.ts';

/** A call that rings at a citizen's, and what its people do. */
export interface Ringing {
  readonly callId: CallId;
  readonly citizen: Person;
  readonly official: Person;
  join(person: Person, peerId?: PeerId): Promise<Response<'call:join'> & { readonly peerId: PeerId }>;
  /** Sends sound. */
  speak(person: Person, peerId: PeerId): Promise<Response<'call:produce'>['producerId']>;
}

export async function startRinging(counter: TestCounter): Promise<Ringing> {
  const citizen = await counter.addCitizen();
  const official = await counter.addOfficial();
  const { callId } = await official.request('queue:accept', { entryId: (await counter.join(citizen)).entryId });
  return {
    callId,
    citizen,
    official,
    async join(person, peerId = newId<'peer'>()) {
      const joined = await person.request('call:join', { callId, peerId });
      await person.request('call:connect-transport', { callId, peerId, transportId: joined.send.transportId, dtlsParameters });
      return { ...joined, peerId };
    },
    async speak(person, peerId) {
      const producerId = newId<'producer'>();
      await person.request('call:produce', {
        callId,
        peerId,
        producerId,
        kind: 'audio',
        source: 'microphone',
        rtpParameters: opusParameters(),
      });
      return producerId;
    },
  };
}
