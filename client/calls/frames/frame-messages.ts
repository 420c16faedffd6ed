import type { KeyChange } from '../../crypto/call-agreement.ts';
import type { MediaSource, PeerId, ProducerId } from '../../../server/protocol/calls.ts';

/** To the worker. A session is one joining of the call: `PeerId` of this page. */
export interface ToFrameWorker {
  readonly session: PeerId;
  readonly change: KeyChange;
}

/** What a transform seals. */
export interface SealOptions {
  readonly way: 'out';
  readonly session: PeerId;
  readonly source: MediaSource;
}

/** Whose frames a transform opens, and as what: nothing else passes. */
export interface OpenOptions {
  readonly way: 'in';
  readonly session: PeerId;
  readonly source: MediaSource;
  readonly from: PeerId;
  readonly producerId: ProducerId;
}

/** Frames since the last count. */
export interface FrameCount {
  readonly passed: number;
  /** By the code of the refusal. */
  readonly refused: Readonly<Record<string, number>>;
}

/** From the worker: counts, some times a second while frames come; and that from now on a new key seals. */
export type FromFrameWorker =
  | { readonly session: PeerId; readonly kind: 'keyed' }
  | { readonly session: PeerId; readonly kind: 'sealed'; readonly source: MediaSource; readonly count: FrameCount }
  | { readonly session: PeerId; readonly kind: 'opened'; readonly producerId: ProducerId; readonly count: FrameCount };
