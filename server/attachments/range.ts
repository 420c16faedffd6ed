/** First and last byte, both included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The one range a request asks for (RFC 9110 §14.2). Null: all of it, also for units, several ranges and forms we do not know, which may be
 * ignored.
 */
export function readRange(header: string | undefined, length: number): ByteRange | null | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined) return null;
  const from = Number(first);
  const to = last === undefined || last === '' ? length - 1 : Math.min(Number(last), length - 1);
  if (from >= length) return 'unsatisfiable';
  return to < from ? null : { from, to };
}
