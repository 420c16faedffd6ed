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

test('a line that carried a picture is held for so wide at once, then tried out soon, and more and more seldom', () => {
  vi.advanceTimersByTime(10_000);
  trial.tell(true);
  vi.advanceTimersByTime(45_000);
  expect(floors).toEqual(['10 s: 200000', '13 s: 0', '17 s: 200000', '20 s: 0', '28 s: 200000', '31 s: 0', '47 s: 200000', '50 s: 0']);
});

test('a picture that is gone again right after a trial does not bring the next one sooner; one that lasted does', () => {
  vi.advanceTimersByTime(5_000);
  trial.tell(true);
  trial.tell(false);
  vi.advanceTimersByTime(6_000);
  trial.tell(true);
  vi.advanceTimersByTime(5_000);
  expect(floors).toEqual(['5 s: 200000', '8 s: 0', '15 s: 200000']);
  trial.tell(false);
  vi.advanceTimersByTime(30_000);
  trial.tell(true);
  vi.advanceTimersByTime(4_000);
  expect(floors.slice(3)).toEqual(['18 s: 0', '46 s: 200000', '49 s: 0']);
});

test('a picture that hardly came and comes back by itself needs no trial, and a line that is closed gets none', () => {
  trial.tell(true);
  vi.advanceTimersByTime(1_000);
  trial.tell(false);
  vi.advanceTimersByTime(2_000);
  trial.tell(true);
  trial.close();
  vi.advanceTimersByTime(10_000);
  expect(floors).toEqual([]);
});
