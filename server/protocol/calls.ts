import type { DtlsParameters, IceCandidate, IceParameters, MediaKind, RtpCapabilities, RtpParameters } from 'mediasoup-client/types';
import type { CallEndReason } from './conversations.ts';
import type { AccountId, CallId, ConversationId, Id, OfficeId } from './ids.ts';

/**
 * One page of one person in a call. The page chooses it anew at each load, so that joining can be sent twice, a lost socket
 * changes nothing, and of two tabs the later one takes over: the earlier gets `conflict`, an unknown peer `not_found`.
 */
export type PeerId = Id<'peer'>;
export type TransportId = Id<'transport'>;
export type ProducerId = Id<'producer'>;
export type ConsumerId = Id<'consumer'>;

export interface CallView {
  readonly callId: CallId;
  readonly conversationId: ConversationId;
  readonly state: 'connecting' | 'active' | 'ended';
  /** Null until it has ended. */
  readonly reason: CallEndReason | null;
  readonly citizenId: AccountId;
  readonly official: { readonly accountId: AccountId; readonly displayName: string; readonly officeId: OfficeId };
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface TransportParameters {
  readonly transportId: TransportId;
  readonly iceParameters: IceParameters;
  readonly iceCandidates: IceCandidate[];
  readonly dtlsParameters: DtlsParameters;
}

/** A track of somebody else in the call. */
export interface RemoteProducer {
  readonly producerId: ProducerId;
  readonly accountId: AccountId;
  readonly kind: MediaKind;
  /** Muted, or camera off. */
  readonly paused: boolean;
}

export interface CallCommands {
  /** The caller's calls that have not ended: what a reloaded page comes back to. */
  'call:list-mine': (request: Record<string, never>) => { calls: readonly CallView[] };
  /** Joins, or joins again: an earlier peer of the same person is replaced. */
  'call:join': (request: { callId: CallId; peerId: PeerId }) => {
    call: CallView;
    routerRtpCapabilities: RtpCapabilities;
    send: TransportParameters;
    receive: TransportParameters;
    producers: readonly RemoteProducer[];
  };
  'call:connect-transport': (request: {
    callId: CallId;
    peerId: PeerId;
    transportId: TransportId;
    dtlsParameters: DtlsParameters;
  }) => Record<string, never>;
  'call:restart-ice': (request: { callId: CallId; peerId: PeerId; transportId: TransportId }) => { iceParameters: IceParameters };
  /** The sender chooses the producer's id; the same id twice is one producer. */
  'call:produce': (request: { callId: CallId; peerId: PeerId; producerId: ProducerId; kind: MediaKind; rtpParameters: RtpParameters }) => {
    producerId: ProducerId;
  };
  'call:pause-producer': (request: { callId: CallId; peerId: PeerId; producerId: ProducerId; paused: boolean }) => { paused: boolean };
  'call:close-producer': (request: { callId: CallId; peerId: PeerId; producerId: ProducerId }) => Record<string, never>;
  /** Made paused: attach the track, then resume. */
  'call:consume': (request: { callId: CallId; peerId: PeerId; producerId: ProducerId; rtpCapabilities: RtpCapabilities }) => {
    consumerId: ConsumerId;
    producerId: ProducerId;
    kind: MediaKind;
    rtpParameters: RtpParameters;
    paused: boolean;
  };
  'call:resume-consumer': (request: { callId: CallId; peerId: PeerId; consumerId: ConsumerId }) => Record<string, never>;
  /** Ends the call for everybody. Twice is answered alike. */
  'call:hang-up': (request: { callId: CallId }) => CallView;
}

export interface CallNotifications {
  /** Something of the call itself changed: it started, became active, ended. */
  'call:changed': (fact: { call: CallView }) => void;
  'call:producer-added': (fact: { callId: CallId; producer: RemoteProducer }) => void;
  'call:producer-paused': (fact: { callId: CallId; producerId: ProducerId; paused: boolean }) => void;
  'call:producer-closed': (fact: { callId: CallId; producerId: ProducerId }) => void;
  /** Another page of the same person has joined; this one stops. */
  'call:peer-replaced': (fact: { callId: CallId; peerId: PeerId }) => void;
  /** The media server that carried the call is gone: join again, the call itself goes on. */
  'call:room-lost': (fact: { callId: CallId }) => void;
}
