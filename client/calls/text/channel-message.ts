import type { LaneSnapshot } from './text-lane.ts';

/** What somebody tells the others of himself. */
export interface ToldState {
  readonly signing: boolean;
  readonly keepsText: boolean;
}

/**
 * What travels, sealed, on the channel of a call: text as it is written (ITU-T T.140); the writer's state; the end of his
 * text for whoever came since; and `hello`: who has just begun to listen asks for state and text.
 */
export type ChannelMessage =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'state'; readonly state: ToldState }
  | { readonly kind: 'snapshot'; readonly snapshot: LaneSnapshot }
  | { readonly kind: 'hello' };

const kinds = ['text', 'state', 'snapshot', 'hello'] as const;

/** The number of its kind, then UTF-8: T.140 or JSON. */
export function encodeMessage(message: ChannelMessage): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(bodyOf(message));
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = kinds.indexOf(message.kind);
  bytes.set(body, 1);
  return bytes;
}

/** Null for what is none of these: a newer page may say more. */
export function decodeMessage(bytes: Uint8Array): ChannelMessage | null {
  const kind = kinds[bytes[0] ?? kinds.length];
  if (kind === undefined) return null;
  try {
    const body = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(1));
    if (kind === 'text') return { kind, text: body };
    if (kind === 'hello') return { kind };
    const value: unknown = JSON.parse(body);
    if (kind === 'state') return isToldState(value) ? { kind, state: { signing: value.signing, keepsText: value.keepsText } } : null;
    return isSnapshot(value) ? { kind, snapshot: value } : null;
  } catch {
    return null;
  }
}

function bodyOf(message: ChannelMessage): string {
  if (message.kind === 'text') return message.text;
  if (message.kind === 'state') return JSON.stringify(message.state);
  return message.kind === 'snapshot' ? JSON.stringify(message.snapshot) : '';
}

function isToldState(value: unknown): value is ToldState {
  return isRecord(value) && typeof value['signing'] === 'boolean' && typeof value['keepsText'] === 'boolean';
}

export function isSnapshot(value: unknown): value is LaneSnapshot {
  if (!isRecord(value)) return false;
  const { lane, first, lines } = value;
  return typeof lane === 'string' && lane.length <= 32 && isCount(first) && Array.isArray(lines) && lines.every(isSnapshotLine);
}

function isSnapshotLine(value: unknown): boolean {
  return isRecord(value) && typeof value['text'] === 'string' && isCount(value['ageMs']);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
