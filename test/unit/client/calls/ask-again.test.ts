import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askAgain } from '../../../../client/calls/ask-again.ts';
import { noAnswer, RequestError } from '../../../../client/net/request-error.ts';
import type { RequestFunction } from '../../../../client/net/request.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Fails as often as there are errors, then never answers, so that the types of all answers fit. */
function failing(errors: readonly Error[]): { request: RequestFunction; payloads: unknown[] } {
  const payloads: unknown[] = [];
  const request: RequestFunction = async (_name, payload) => {
    const error = errors[payloads.length];
    payloads.push(payload);
    if (error) throw error;
    return await new Promise<never>(() => undefined);
  };
  return { request, payloads };
}

test('while the line is down the same request is sent again and again', async () => {
  const { request, payloads } = failing([noAnswer('down'), noAnswer('down'), noAnswer('down')]);
  void askAgain(request, new AbortController().signal)('call:list-mine', {});
  await vi.advanceTimersByTimeAsync(10_000);
  expect(payloads).toEqual([{}, {}, {}, {}]);
});

test('a refusal is not asked again', async () => {
  const refusal = new RequestError({ code: 'not_found', retryable: false, ref: 'ref' });
  const { request, payloads } = failing([refusal]);
  await expect(askAgain(request, new AbortController().signal)('call:list-mine', {})).rejects.toBe(refusal);
  expect(payloads).toHaveLength(1);
});

test('who has left does not ask any more', async () => {
  const { request, payloads } = failing([noAnswer('down'), noAnswer('down')]);
  const leaving = new AbortController();
  const asking = askAgain(request, leaving.signal)('call:list-mine', {});
  const outcome = expect(asking).rejects.toThrow('left');
  await vi.advanceTimersByTimeAsync(1);
  leaving.abort(new Error('left'));
  await outcome;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(payloads).toHaveLength(1);
});
