import { describe, expect, it } from 'vitest';
import { decodeCallRecord, encodeCallRecord } from '../../../client/crypto/call-record.ts';
import { limits } from '../../../server/protocol/limits.ts';

describe('what is kept of a call', () => {
  it('is read as it was written', () => {
    for (const record of [
      { kind: 'summary', text: 'You send the form by Friday.' },
      { kind: 'transcript', lines: [{ author: 'Claire Weber', text: 'Good morning' }] },
    ] as const)
      expect(decodeCallRecord(encodeCallRecord(record))).toEqual(record);
  });

  it('keeps the newest lines where all of them are too long for one message', () => {
    const lines = Array.from({ length: 300 }, (_, index) => ({ author: 'Anna', text: `${index} ${'x'.repeat(100)}` }));
    const kept = decodeCallRecord(encodeCallRecord({ kind: 'transcript', lines }));
    if (kept.kind !== 'transcript') throw new Error('not a transcript');
    expect(kept.lines.at(-1)).toEqual(lines.at(-1));
    expect(kept.lines.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(2 * limits.textCharacters);
  });

  it.each([
    ['nothing', []],
    ['another kind', ['recording', 'x']],
    ['a text that is too long', ['summary', 'x'.repeat(limits.textCharacters + 1)]],
    ['lines that are none', ['transcript', [['Anna']]]],
  ])('refuses %s', (_name, payload) => {
    expect(() => decodeCallRecord(payload)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
