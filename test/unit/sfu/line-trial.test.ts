import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineTrial } from '../../../sfu/rooms/line-trial.ts';

const floors: string[] = [];
let trial: LineTrial;

beforeEach(() => {
  vi.useFakeTimers();
  floors.length = 0;
  const startedAt = performance.now();
  trial = new LineTrial((bitrate) => floors.push(`${(performance.now() - startedAt) / 1_000} s: ${bitrate}`));
});

afterEach(() => {
  trial.close();
  vi.useRealTimers();
});

test('a line without room for a picture is tried out soon, and then more and more seldom', () => {
  trial.tell(true);
  vi.advanceTimersByTime(45_000);
  expect(floors).toEqual(['4 s: 200000', '7 s: 0', '15 s: 200000', '18 s: 0', '34 s: 200000', '37 s: 0']);
});

test('a picture that is gone again right after a trial does not bring the next one sooner; one that lasted does', () => {
  trial.tell(true);
  vi.advanceTimersByTime(5_000);
  trial.tell(false);
  vi.advanceTimersByTime(3_000);
  trial.tell(true);
  vi.advanceTimersByTime(8_000);
  expect(floors).toEqual(['4 s: 200000', '7 s: 0', '16 s: 200000']);
  trial.tell(false);
  vi.advanceTimersByTime(30_000);
  trial.tell(true);
  vi.advanceTimersByTime(4_000);
  expect(floors.slice(3)).toEqual(['19 s: 0', '50 s: 200000']);
});

test('a picture that comes back by itself needs no trial, and a line that is closed gets none', () => {
  trial.tell(true);
  vi.advanceTimersByTime(1_000);
  trial.tell(false);
  vi.advanceTimersByTime(10_000);
  trial.tell(true);
  trial.close();
  vi.advanceTimersByTime(10_000);
  expect(floors).toEqual([]);
});
