import type { MediaSource, PeerId, ProducerId } from '../../../server/protocol/calls.ts';
import type { KeyChange } from '../../crypto/call-agreement.ts';
import { ownScriptUrl } from '../../net/script-url.ts';
import type { FrameCount, FromFrameWorker, OpenOptions, SealOptions, ToFrameWorker } from './frame-messages.ts';
// The bundler gives it, and knows no other export.
// oxlint-disable-next-line import/default
import workerUrl from './frame.worker.ts?worker&url';

/** What the worker says of the frames of one joining. */
export interface FrameListener {
  /** From now on a new key seals what is sent. */
  keyed(): void;
  sealed(source: MediaSource, count: FrameCount): void;
  opened(producerId: ProducerId, count: FrameCount): void;
}

/** The browser does not let a track be sealed or opened: nothing of it may be sent or decoded. */
export class FrameWorkerError extends Error {
  override readonly name = 'FrameWorkerError';
}

/** Whether this browser can seal frames at all (WebRTC Encoded Transform). Without it nothing is ever sent. */
export function canSealFrames(): boolean {
  return typeof globalThis.RTCRtpScriptTransform === 'function';
}

/** The page's one worker in which frames are sealed and opened. Whoever makes it closes it. */
export class FrameWorker {
  readonly #worker: Worker;
  readonly #listeners = new Map<PeerId, FrameListener>();

  /** `onBroken`: it has ended, and with it all its counters; with the keys it had nothing can be sealed any more. */
  constructor(onBroken: () => void) {
    this.#worker = new Worker(ownScriptUrl(workerUrl), { type: 'module', name: 'frames' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromFrameWorker>) => {
      const listener = this.#listeners.get(data.session);
      if (data.kind === 'keyed') listener?.keyed();
      else if (data.kind === 'sealed') listener?.sealed(data.source, data.count);
      else listener?.opened(data.producerId, data.count);
    });
    this.#worker.addEventListener('error', onBroken);
  }

  listen(session: PeerId, listener: FrameListener): void {
    this.#listeners.set(session, listener);
  }

  /** The change's key is the caller's to wipe: the worker has a copy. */
  tell(session: PeerId, change: KeyChange): void {
    this.#worker.postMessage({ session, change } satisfies ToFrameWorker, []);
    if (change.type === 'stop') this.#listeners.delete(session);
  }

  /** From here on the sender sends nothing but sealed frames. Throws a FrameWorkerError where that cannot be had. */
  seal(sender: RTCRtpSender, options: Omit<SealOptions, 'way'>): void {
    this.#lead(sender, { way: 'out', ...options });
  }

  /** From here on the receiver decodes nothing but what this member sealed as this source. Throws a FrameWorkerError where that cannot be had. */
  open(receiver: RTCRtpReceiver, options: Omit<OpenOptions, 'way'>): void {
    this.#lead(receiver, { way: 'in', ...options });
  }

  close(): void {
    this.#worker.terminate();
  }

  #lead(through: RTCRtpSender | RTCRtpReceiver, options: SealOptions | OpenOptions): void {
    try {
      through.transform = new RTCRtpScriptTransform(this.#worker, options);
    } catch (cause) {
      throw new FrameWorkerError('this browser does not seal tracks', { cause });
    }
  }
}
