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
import type { Base64Url } from './base64url.ts';
import type { CallEndReason } from './conversations.ts';
import type { AccountId, CallId, ConversationId, DeviceId, Id, OfficeId } from './ids.ts';

/**
 * One page of one person in a call. The page chooses it anew at each load, so that joining can be sent twice, a lost socket
 * changes nothing, and of two tabs the later one takes over: the earlier gets `conflict`, an unknown peer `not_found`.
 */
export type PeerId = Id<'peer'>;
export type TransportId = Id<'transport'>;
export type ProducerId = Id<'producer'>;
export type ConsumerId = Id<'consumer'>;
export type DataProducerId = Id<'data producer'>;
export type DataConsumerId = Id<'data consumer'>;
export type CallInviteId = Id<'call invite'>;
export type LineCheckId = Id<'line check'>;

/** What somebody may do in a call. `official` leads it; a `captioner` writes for everybody and sends neither sound nor picture. */
export const callRoles = ['citizen', 'official', 'colleague', 'relative', 'interpreter', 'captioner'] as const;
export type CallRole = (typeof callRoles)[number];
/** Those who come by a one-time link, without an account. */
export const guestRoles = ['relative', 'interpreter', 'captioner'] as const satisfies readonly CallRole[];
export type GuestRole = (typeof guestRoles)[number];

/** What a track shows. */
export const mediaSources = ['microphone', 'camera', 'screen'] as const;
export type MediaSource = (typeof mediaSources)[number];

/** What each role may send; the server refuses the rest, and receivers open nothing else (the stream in the key's id). */
export const sourcesOfRole: Readonly<Record<CallRole, readonly MediaSource[]>> = {
  citizen: mediaSources,
  official: mediaSources,
  colleague: mediaSources,
  relative: ['microphone', 'camera'],
  interpreter: ['microphone', 'camera'],
  captioner: [],
};

/** Somebody who belongs to a call, whether he is in it at the moment or not. */
export interface CallParticipant {
  readonly accountId: AccountId;
  readonly role: CallRole;
  /** Null for the citizen, whose name the server does not know. */
  readonly displayName: string | null;
}

export interface CallView {
  readonly callId: CallId;
  readonly conversationId: ConversationId;
  readonly state: 'connecting' | 'active' | 'ended';
  /** Null until it has ended. */
  readonly reason: CallEndReason | null;
  readonly citizenId: AccountId;
  readonly official: { readonly accountId: AccountId; readonly displayName: string; readonly officeId: OfficeId };
  /** Citizen and official first, then by when they were invited. */
  readonly participants: readonly CallParticipant[];
  /** Those among them whom a colleague has asked in and who have not come yet. */
  readonly asked: readonly AccountId[];
  /** The official has put it on hold: he neither hears nor is heard. */
  readonly held: boolean;
  readonly startedAt: number;
  /** When the citizen answered; null while it rings. */
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
}

/** One page of one participant that is in the call now. */
export interface CallMember {
  readonly peerId: PeerId;
  readonly accountId: AccountId;
  readonly role: CallRole;
  /** The device whose signature the page's key messages carry; null for guests, who sign with their link's key. */
  readonly deviceId: DeviceId | null;
  /** Guests: what the one who invited them signed about their key and role (client/crypto). */
  readonly grant: Base64Url | null;
}

/** Who the server says is in the call. Keys go to those only who prove it (crypto.md §8); each change is a new round. */
export interface CallMembers {
  readonly round: number;
  readonly members: readonly CallMember[];
}

export interface TransportParameters {
  readonly transportId: TransportId;
  readonly iceParameters: IceParameters;
  readonly iceCandidates: IceCandidate[];
  readonly dtlsParameters: DtlsParameters;
  readonly sctpParameters: SctpParameters;
}

/** A track of somebody else in the call. */
export interface RemoteProducer {
  readonly producerId: ProducerId;
  readonly peerId: PeerId;
  readonly accountId: AccountId;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  /** Muted, or camera off. */
  readonly paused: boolean;
}

/** How a track of somebody else comes to this page; a picture in its small layer, until `call:prefer` says otherwise. */
export interface RemoteConsumer {
  readonly consumerId: ConsumerId;
  readonly producerId: ProducerId;
  readonly kind: MediaKind;
  readonly rtpParameters: RtpParameters;
  /** Whether the producer is. */
  readonly paused: boolean;
}

/** The channel on which somebody else writes: sealed real-time text and states. One a peer. */
export interface RemoteDataProducer {
  readonly dataProducerId: DataProducerId;
  readonly peerId: PeerId;
  readonly accountId: AccountId;
}

/** What a bad line leaves of a picture. `none`: paused to keep the sound. */
export type PictureQuality = 'full' | 'reduced' | 'none';

export interface CallInvite {
  readonly inviteId: CallInviteId;
  readonly role: GuestRole;
  readonly displayName: string;
  readonly state: 'open' | 'used' | 'withdrawn' | 'expired';
  readonly expiresAt: number;
}

export interface Colleague {
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly state: 'available' | 'in-call' | 'break' | 'away';
}

interface OfPeer {
  callId: CallId;
  peerId: PeerId;
}

export interface CallCommands {
  /** The caller's calls that have not ended: what a reloaded page comes back to. */
  'call:list-mine': (request: Record<string, never>) => { calls: readonly CallView[] };
  /** One that the caller belongs to, running or over: what a page that has missed something looks up. Refused with `not_found`, `forbidden`. */
  'call:read': (request: { callId: CallId }) => CallView;
  /** Before joining, while a person still reads: what the call's room offers, so that the browser can get ready for it. */
  'call:prepare': (request: { callId: CallId }) => { routerRtpCapabilities: RtpCapabilities };
  /**
   * Joins, or joins again: an earlier peer of the same person is replaced. The citizen's first join answers the call. A page that says what
   * it can decode is given consumers at once: attach their tracks before connecting, then nothing need be asked for and nothing resumed.
   */
  'call:join': (request: OfPeer & { rtpCapabilities?: RtpCapabilities }) => {
    call: CallView;
    members: CallMembers;
    routerRtpCapabilities: RtpCapabilities;
    send: TransportParameters;
    receive: TransportParameters;
    producers: readonly RemoteProducer[];
    dataProducers: readonly RemoteDataProducer[];
    consumers: readonly RemoteConsumer[];
  };
  /** An opaque, end-to-end signed message to one member's page, or to all others. May be lost: whoever misses an answer sends again. */
  'call:signal': (request: OfPeer & { to: PeerId | null; signal: Base64Url }) => Record<string, never>;
  'call:connect-transport': (request: OfPeer & { transportId: TransportId; dtlsParameters: DtlsParameters }) => Record<string, never>;
  'call:restart-ice': (request: OfPeer & { transportId: TransportId }) => { iceParameters: IceParameters };
  /** The sender chooses the producer's id; the same id twice is one producer. `forbidden` for what his role does not send. */
  'call:produce': (request: OfPeer & { producerId: ProducerId; kind: MediaKind; source: MediaSource; rtpParameters: RtpParameters }) => {
    producerId: ProducerId;
  };
  'call:pause-producer': (request: OfPeer & { producerId: ProducerId; paused: boolean }) => { paused: boolean };
  'call:close-producer': (request: OfPeer & { producerId: ProducerId }) => Record<string, never>;
  'call:produce-data': (request: OfPeer & { dataProducerId: DataProducerId; sctpStreamParameters: SctpStreamParameters }) => {
    dataProducerId: DataProducerId;
  };
  /** Made paused: attach the track, then resume. */
  'call:consume': (request: OfPeer & { producerId: ProducerId; rtpCapabilities: RtpCapabilities }) => RemoteConsumer;
  'call:resume-consumer': (request: OfPeer & { consumerId: ConsumerId }) => Record<string, never>;
  /** Which pictures give way last when the line is bad (1 first … 255 last), and whether the small layer is enough. */
  'call:prefer': (request: OfPeer & { consumerId: ConsumerId; priority: number; small: boolean }) => Record<string, never>;
  'call:consume-data': (request: OfPeer & { dataProducerId: DataProducerId }) => {
    dataConsumerId: DataConsumerId;
    dataProducerId: DataProducerId;
    sctpStreamParameters: SctpStreamParameters;
  };
  /** The official only. */
  'call:hold': (request: { callId: CallId; held: boolean }) => CallView;
  /** Citizen and official. `full` is `bad_state`: six people at most. The client has chosen token and secret; the server sees the token's hash only. */
  'call:invite': (request: {
    callId: CallId;
    inviteId: CallInviteId;
    role: GuestRole;
    displayName: string;
    tokenHash: Base64Url;
    grant: Base64Url;
  }) => CallInvite;
  'call:list-invites': (request: { callId: CallId }) => { invites: readonly CallInvite[] };
  'call:withdraw-invite': (request: { callId: CallId; inviteId: CallInviteId }) => CallInvite;
  /** Officials: who of the team could be asked to join. */
  'call:list-colleagues': (request: { callId: CallId }) => { colleagues: readonly Colleague[] };
  /** The official only: asks a member of the team in, who hears of it by `call:changed`. Twice is answered alike. */
  'call:invite-colleague': (request: { callId: CallId; accountId: AccountId }) => CallView;
  /** The official only: a colleague who is in the call leads it from now on; the caller stays as a colleague until he leaves. */
  'call:transfer': (request: { callId: CallId; accountId: AccountId }) => CallView;
  /** The official only: takes a guest or colleague out for good. The citizen may take out guests he has invited. */
  'call:remove': (request: { callId: CallId; accountId: AccountId }) => CallView;
  /** Guests and colleagues: leaves for oneself; a guest's link is used up. */
  'call:leave': (request: { callId: CallId }) => Record<string, never>;
  /** Citizen and official: ends the call for everybody. Twice is answered alike. */
  'call:hang-up': (request: { callId: CallId }) => CallView;
  /** A connection as of a call, for a moment and with nobody in it: does this line carry one? It is gone after `limits.lineCheckMs`. */
  'call:open-check': (request: { checkId: LineCheckId }) => { routerRtpCapabilities: RtpCapabilities; send: TransportParameters };
  'call:connect-check': (request: {
    checkId: LineCheckId;
    transportId: TransportId;
    dtlsParameters: DtlsParameters;
  }) => Record<string, never>;
  'call:close-check': (request: { checkId: LineCheckId }) => Record<string, never>;
  /** The citizen, once a call, within a day: 1 (bad) … 5 (good). Counted by service and day, kept with nothing else. */
  'call:rate': (request: { callId: CallId; rating: number }) => Record<string, never>;
}

export interface CallNotifications {
  /** Something of the call itself changed: it started, became active, ended; somebody was invited or taken out; hold. */
  'call:changed': (fact: { call: CallView }) => void;
  /** Somebody came, went, or came back as another page. */
  'call:members-changed': (fact: { callId: CallId; members: CallMembers }) => void;
  'call:signalled': (fact: { callId: CallId; from: PeerId; signal: Base64Url }) => void;
  'call:producer-added': (fact: { callId: CallId; producer: RemoteProducer }) => void;
  'call:producer-paused': (fact: { callId: CallId; producerId: ProducerId; paused: boolean }) => void;
  'call:producer-closed': (fact: { callId: CallId; producerId: ProducerId }) => void;
  'call:data-producer-added': (fact: { callId: CallId; dataProducer: RemoteDataProducer }) => void;
  'call:data-producer-closed': (fact: { callId: CallId; dataProducerId: DataProducerId }) => void;
  /** To the receiver: what his line leaves of this picture. */
  'call:quality-changed': (fact: { callId: CallId; peerId: PeerId; producerId: ProducerId; quality: PictureQuality }) => void;
  /** Another page of the same person has joined; this one stops. */
  'call:peer-replaced': (fact: { callId: CallId; peerId: PeerId }) => void;
  /** The media server that carried the call is gone, or is about to go: join again, the call itself goes on. */
  'call:room-lost': (fact: { callId: CallId }) => void;
}

/**
 * `POST /api/calls/guests`: uses a link up. Answered with the session's cookie; `invitation_invalid` when it is used, withdrawn, expired
 * or its call over. Whoever used it and did not hear the answer asks again with the same `attempt`.
 */
export interface GuestEntry {
  readonly inviteId: CallInviteId;
  readonly token: Base64Url;
  /** 43 characters: base64url of H("gim1/guest", sign_pk), the account id of this guest. */
  readonly accountId: AccountId;
  /** 32 random bytes of the tab that enters: everything else is in the link, and whoever sees that must not come in after the first. */
  readonly attempt: Base64Url;
}
