import type {
  DtlsParameters,
  IceCandidate,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
  SctpParameters,
  SctpStreamParameters,
} from 'mediasoup-client/types';

/**
 * One peer of a room. All ids are opaque to the sfu: it knows neither people nor calls.
 * `peerId` is new for every page load; `ownerId` stays: a second peer of the same owner replaces the first.
 */
export interface PeerAddress {
  readonly roomId: string;
  readonly peerId: string;
  readonly ownerId: string;
}

export interface TransportParameters {
  readonly transportId: string;
  readonly iceParameters: IceParameters;
  readonly iceCandidates: IceCandidate[];
  readonly dtlsParameters: DtlsParameters;
  readonly sctpParameters: SctpParameters;
}

/** A track somebody sends. `producerId` was chosen by its sender and is unique in the room. */
export interface ProducerView {
  readonly producerId: string;
  readonly peerId: string;
  readonly ownerId: string;
  readonly kind: MediaKind;
  /** Opaque: what the server calls this track. */
  readonly source: string;
  readonly paused: boolean;
}

/** A channel somebody writes on, one a peer. `dataProducerId` was chosen by its sender and is unique in the room. */
export interface DataProducerView {
  readonly dataProducerId: string;
  readonly peerId: string;
  readonly ownerId: string;
}

/** Somebody else's track, as it comes to one peer. A picture comes in its small layer until `consumer:prefer` says otherwise. */
export interface ConsumerView {
  readonly consumerId: string;
  readonly producerId: string;
  readonly kind: MediaKind;
  readonly rtpParameters: RtpParameters;
  /** Whether the producer is paused. */
  readonly paused: boolean;
}

export interface RoomView {
  readonly roomId: string;
  readonly workerPid: number;
  readonly peers: readonly { readonly peerId: string; readonly ownerId: string; readonly producers: number; readonly consumers: number }[];
}

export interface WorkerView {
  readonly pid: number;
  readonly rooms: number;
}

/**
 * Every request of the server, each answered once. All may be sent twice with the same effect.
 * Errors of any of them: `bad_request`, `unavailable`, `internal`; with a `PeerAddress` also `not_found` (no such room or
 * peer: join again) and `conflict` (another peer of the same owner took over: stop).
 */
export interface SfuRequests {
  /** `draining`: its rooms go on for a while, new ones are opened elsewhere. */
  'node:status': (params: Record<string, never>) => { instanceId: string; workers: readonly WorkerView[]; draining: boolean };

  /** Also after the room was lost with its worker, or with the whole process. */
  'room:open': (params: { roomId: string }) => { routerRtpCapabilities: RtpCapabilities };
  'room:close': (params: { roomId: string }) => Record<string, never>;
  'room:list': (params: Record<string, never>) => { rooms: readonly RoomView[] };

  /**
   * `conflict`: the peer id belongs to another owner. `bad_state`: the room is full. Who says what he can decode is given a consumer for
   * each of the producers at once, running: nothing comes before the transport is connected, and by then his tracks are there.
   */
  'peer:join': (params: PeerAddress & { rtpCapabilities?: RtpCapabilities }) => {
    routerRtpCapabilities: RtpCapabilities;
    send: TransportParameters;
    receive: TransportParameters;
    /** Of the others. */
    producers: readonly ProducerView[];
    dataProducers: readonly DataProducerView[];
    consumers: readonly ConsumerView[];
  };
  'peer:leave': (params: PeerAddress) => Record<string, never>;

  /** `bad_state`: it was connected with other parameters before. */
  'transport:connect': (params: PeerAddress & { transportId: string; dtlsParameters: DtlsParameters }) => Record<string, never>;
  'transport:restart-ice': (params: PeerAddress & { transportId: string }) => { iceParameters: IceParameters };

  /** `bad_state`: the transport is not connected yet, or the peer has its four. `conflict`: the id stands for another track. */
  'producer:create': (params: PeerAddress & { producerId: string; kind: MediaKind; source: string; rtpParameters: RtpParameters }) => {
    producerId: string;
  };
  'producer:pause': (params: PeerAddress & { producerId: string; paused: boolean }) => { paused: boolean };
  'producer:close': (params: PeerAddress & { producerId: string }) => Record<string, never>;

  /** Made paused: the receiver attaches the track first and resumes then, so that it misses no key frame. Own producers are `not_found`. */
  'consumer:create': (params: PeerAddress & { producerId: string; rtpCapabilities: RtpCapabilities }) => ConsumerView;
  'consumer:resume': (params: PeerAddress & { consumerId: string }) => Record<string, never>;
  /** `priority` 1 … 255: who gets what the receiver's line carries; `small`: the lower layer is enough. */
  'consumer:prefer': (params: PeerAddress & { consumerId: string; priority: number; small: boolean }) => Record<string, never>;

  /** `bad_state`: the transport is not connected yet, or the peer has its one. Ordered and reliable (RFC 8865). */
  'data-producer:create': (params: PeerAddress & { dataProducerId: string; sctpStreamParameters: SctpStreamParameters }) => {
    dataProducerId: string;
  };
  'data-consumer:create': (params: PeerAddress & { dataProducerId: string }) => {
    dataConsumerId: string;
    dataProducerId: string;
    sctpStreamParameters: SctpStreamParameters;
  };
}

export type SfuMethod = keyof SfuRequests;
export type SfuParams<Method extends SfuMethod> = Parameters<SfuRequests[Method]>[0];
export type SfuResult<Method extends SfuMethod> = ReturnType<SfuRequests[Method]>;

/** A subset of the server's error codes, so that they pass through unchanged. */
export const sfuErrorCodes = ['bad_request', 'not_found', 'conflict', 'bad_state', 'unavailable', 'internal'] as const;
export type SfuErrorCode = (typeof sfuErrorCodes)[number];
