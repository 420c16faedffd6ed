import type { Consumer, MediaKind, RtpCapabilities, Transport } from 'mediasoup-client/types';
import type {
  ConsumerId,
  MediaSource,
  PeerId,
  PictureQuality,
  ProducerId,
  RemoteConsumer,
  RemoteProducer,
} from '../../../server/protocol/calls.ts';
import type { AccountId, CallId } from '../../../server/protocol/ids.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import type { RequestFunction } from '../../net/request.ts';
import { report } from '../ask-again.ts';

/** Somebody else's sound or picture. */
export interface ReceivedTrack {
  readonly producerId: ProducerId;
  readonly peerId: PeerId;
  readonly accountId: AccountId;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  readonly track: MediaStreamTrack;
  /** Muted, or camera off: nothing comes. */
  readonly paused: boolean;
  /** What this page's line leaves of it. */
  readonly quality: PictureQuality;
}

/** Which pictures give way last when the line is bad (1 first … 255 last), and whether the small layer is enough. */
export interface Preference {
  readonly priority: number;
  readonly small: boolean;
}

interface Received {
  readonly producer: RemoteProducer;
  /** What was told last; null: nothing since it is known. */
  paused: boolean | null;
  /** Null while it is asked for. */
  here: { readonly consumer: Consumer; readonly consumerId: ConsumerId } | null;
}

export interface RemoteTracksOptions {
  readonly transport: Transport;
  readonly ask: RequestFunction;
  readonly address: { readonly callId: CallId; readonly peerId: PeerId };
  readonly rtpCapabilities: RtpCapabilities;
  readonly preferenceOf: (producer: Pick<RemoteProducer, 'accountId' | 'source'>) => Preference;
  /** Puts the opener on a receiver, before anything arrives on it: it opens what this one producer sends, and nothing else. */
  readonly open: (receiver: RTCRtpReceiver, producer: RemoteProducer) => void;
  /** Resolves when a frame of this has opened. */
  readonly hasOpened: (producerId: ProducerId) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** What the others send and this page receives. */
export class RemoteTracks {
  readonly #options: RemoteTracksOptions;
  readonly #consumers = new Map<ProducerId, Received>();
  readonly #tracks = new Subject<readonly ReceivedTrack[]>([]);

  constructor(options: RemoteTracksOptions) {
    this.#options = options;
  }

  /** In the order they came. */
  get tracks(): Observable<readonly ReceivedTrack[]> {
    return this.#tracks;
  }

  /** Everything that is known of, on its way or here. */
  get producerIds(): readonly ProducerId[] {
    return [...this.#consumers.keys()];
  }

  /** Whether anything of his comes, or is about to. */
  isSending(accountId: AccountId): boolean {
    const isPaused = (producerId: ProducerId): boolean =>
      this.#tracks.value.some((track) => track.producerId === producerId && track.paused);
    return [...this.#consumers.values()].some(
      ({ producer, paused, here }) =>
        producer.accountId === accountId && !(here ? isPaused(producer.producerId) : (paused ?? producer.paused)),
    );
  }

  /** `consumers`: those that the answer to joining brought, which run already. */
  meet(producers: readonly RemoteProducer[], consumers: readonly RemoteConsumer[] = []): void {
    for (const producer of producers) {
      const { producerId } = producer;
      if (this.#consumers.has(producerId)) continue;
      this.#consumers.set(producerId, { producer, paused: null, here: null });
      const given = consumers.find((consumer) => consumer.producerId === producerId);
      this.#consume(producer, given).catch((error: unknown) => {
        this.#consumers.delete(producerId);
        this.#options.onFailure(error);
      });
    }
  }

  setPaused(producerId: ProducerId, paused: boolean): void {
    const received = this.#consumers.get(producerId);
    // It may still be on its way here, with what was so when it was asked for.
    if (received) received.paused = paused;
    this.#change(producerId, { paused });
  }

  setQuality(producerId: ProducerId, quality: PictureQuality): void {
    this.#change(producerId, { quality });
  }

  drop(producerId: ProducerId): void {
    this.#consumers.get(producerId)?.here?.consumer.close();
    this.#consumers.delete(producerId);
    this.#tracks.set(this.#tracks.value.filter((each) => each.producerId !== producerId));
  }

  /** What is preferred has changed. */
  prefer(accountId: AccountId, source: MediaSource): void {
    for (const { producer, here } of this.#consumers.values()) {
      if (here && producer.accountId === accountId && producer.source === source) this.#prefer(producer, here.consumerId);
    }
  }

  close(): void {
    this.#consumers.clear();
    this.#tracks.set([]);
  }

  async #consume(producer: RemoteProducer, given: RemoteConsumer | undefined): Promise<void> {
    const { transport, ask, address, rtpCapabilities, open, hasOpened } = this.#options;
    const { producerId, peerId, accountId, source } = producer;
    const { consumerId, kind, rtpParameters, paused } = given ?? (await ask('call:consume', { ...address, producerId, rtpCapabilities }));
    const opened = hasOpened(producerId);
    const consumer = await transport.consume({
      id: consumerId,
      producerId,
      kind,
      rtpParameters,
      // Keeps one person's lips and voice together; a screen has no lips.
      streamId: source === 'screen' ? producerId : peerId,
      onRtpReceiver: (receiver) => open(receiver, producer),
    });
    const received = this.#consumers.get(producerId);
    if (!received) {
      consumer.close();
      return;
    }
    received.here = { consumer, consumerId };
    this.#tracks.set([
      ...this.#tracks.value,
      { producerId, peerId, accountId, kind, source, track: consumer.track, paused: received.paused ?? paused, quality: 'full' },
    ]);
    if (!given) await ask('call:resume-consumer', { ...address, consumerId });
    if (kind === 'audio') return;
    // It begins with the small layer; a sender short of bits or of breath may just have left the other one out.
    await opened;
    if (this.#consumers.has(producerId)) this.#prefer(producer, consumerId);
  }

  #prefer(producer: RemoteProducer, consumerId: ConsumerId): void {
    const { ask, address, preferenceOf } = this.#options;
    this.#tell(ask('call:prefer', { ...address, consumerId, ...preferenceOf(producer) }));
  }

  #tell(request: Promise<unknown>): void {
    void report(request, () => undefined, this.#options.onFailure);
  }

  #change(producerId: ProducerId, change: Partial<Pick<ReceivedTrack, 'paused' | 'quality'>>): void {
    this.#tracks.set(this.#tracks.value.map((each) => (each.producerId === producerId ? { ...each, ...change } : each)));
  }
}
