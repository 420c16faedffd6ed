import type { PeerId } from '../../../server/protocol/calls.ts';
import { CryptoError } from '../../../server/protocol/crypto-error.ts';
import { FrameCounter } from './frame-counter.ts';
import type { FrameCount, FromFrameWorker, OpenOptions, SealOptions, ToFrameWorker } from './frame-messages.ts';
import { type EncodedFrame, FrameSession } from './frame-session.ts';

/*
 * Each frame of a call passes here between its codec and its packets: sealed on its way out, opened on its way in. What cannot be
 * sealed or opened ends here; there is no way past (crypto.md §8).
 */

/** WebRTC Encoded Transform §5; the library for pages does not have it. */
interface ScriptTransformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: SealOptions | OpenOptions;
}

interface TransformEvent extends Event {
  readonly transformer: ScriptTransformer;
}

/** How long the first frames of somebody wait for his key, which comes another way. */
const patienceMs = 3_000;

/** Chromium holds them weakly: one that is collected before its track is set up is never given a frame, and nobody says so. */
const transformers = new Set<ScriptTransformer>();

const sessions = new Map<PeerId, FrameSession>();

globalThis.addEventListener('message', ({ data: { session, change } }: MessageEvent<ToFrameWorker>) => {
  sessionOf(session).apply(change);
  if (change.type === 'stop') sessions.delete(session);
  if (change.type === 'send') tell({ kind: 'keyed', session });
});

function onTransform({ transformer }: TransformEvent): void {
  const { readable, writable, options } = transformer;
  const { session, source } = options;
  const counter = new FrameCounter((count) => {
    tell(options.way === 'out' ? sealed(options, count) : opened(options, count));
  });
  const patience = options.way === 'in' ? firstKey(options) : Promise.resolve();
  const pass = async (frame: EncodedFrame, controller: TransformStreamDefaultController<EncodedFrame>): Promise<void> => {
    await patience;
    try {
      if (options.way === 'out') await sessionOf(session).seal(source, frame);
      else await sessionOf(session).open(options.from, source, frame);
    } catch (error) {
      counter.refused(error instanceof CryptoError ? error.code : 'internal');
      return;
    }
    counter.passed();
    controller.enqueue(frame);
  };
  transformers.add(transformer);
  const ended = (): void => {
    transformers.delete(transformer);
    counter.close();
  };
  readable
    .pipeThrough(new TransformStream({ transform: pass }))
    .pipeTo(writable)
    .then(ended, ended);
}

globalThis.addEventListener('rtctransform', onTransform);

function sessionOf(session: PeerId): FrameSession {
  const known = sessions.get(session) ?? new FrameSession(() => performance.now());
  sessions.set(session, known);
  return known;
}

/**
 * Media comes as soon as it is connected, and keys as soon as they are agreed. Frames that come first are kept until then: what was dropped
 * would have to be asked for again, and a picture begins with a whole frame.
 */
async function firstKey({ session, from }: OpenOptions): Promise<void> {
  const { promise: tooLong, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  await Promise.race([sessionOf(session).hasKeyOf(from), tooLong]);
  clearTimeout(timer);
}

function tell(message: FromFrameWorker): void {
  globalThis.postMessage(message, {});
}

function sealed({ session, source }: SealOptions, count: FrameCount): FromFrameWorker {
  return { kind: 'sealed', session, source, count };
}

function opened({ session, producerId }: OpenOptions, count: FrameCount): FromFrameWorker {
  return { kind: 'opened', session, producerId, count };
}

declare global {
  interface WindowEventMap {
    rtctransform: TransformEvent;
  }
}
