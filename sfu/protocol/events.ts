import type { DataProducerView, PeerAddress, ProducerView } from './requests.ts';

/** What the sfu tells every server that is connected. Each may be lost with the connection: `welcome` says what is still there. */
export interface SfuEvents {
  /** The first thing on every connection. Another `instanceId` than before: the sfu was restarted and all rooms are gone. */
  welcome: { readonly instanceId: string; readonly roomIds: readonly string[] };

  'producer-added': { readonly roomId: string; readonly producer: ProducerView };
  'producer-paused': { readonly roomId: string; readonly ownerId: string; readonly producerId: string; readonly paused: boolean };
  'producer-closed': { readonly roomId: string; readonly ownerId: string; readonly producerId: string };
  'data-producer-added': { readonly roomId: string; readonly dataProducer: DataProducerView };
  'data-producer-closed': { readonly roomId: string; readonly ownerId: string; readonly dataProducerId: string };
  /** To the receiver: which layer of the picture his line carries; `none`: none, sound goes first. */
  'consumer-layer': PeerAddress & { readonly producerId: string; readonly layer: 'full' | 'reduced' | 'none' };

  /** `network`: a transport was not heard of for 30 s. */
  'peer-closed': PeerAddress & { readonly reason: 'left' | 'replaced' | 'network' };
  /** `disconnected`: no ICE consent for 15 s; an ICE restart within the next 15 s saves it. */
  'transport-state': PeerAddress & { readonly direction: TransportDirection; readonly state: 'connected' | 'disconnected' | 'failed' };

  /** Its worker died or froze. The call goes on as soon as somebody opens the room again. */
  'room-lost': { readonly roomId: string };
  /** SIGTERM: open no rooms here any more; those that are open may stay until `until`, milliseconds since 1970, and are lost then. */
  draining: { readonly until: number };
  /** Nobody had a living transport in it for long. */
  'room-closed': { readonly roomId: string; readonly reason: 'idle' };
}

/** Seen from the peer. */
export type TransportDirection = 'send' | 'receive';

export type SfuEventName = keyof SfuEvents;
