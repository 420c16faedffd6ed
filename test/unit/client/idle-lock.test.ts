import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createIdleLock, type IdleLock } from '../../../client/account/idle-lock.ts';

const idleMs = 15 * 60_000;
let locked: number;
let told: number;
let busy: boolean;
let input: () => void;
let isWatching: boolean;
let lock: IdleLock;

beforeEach(() => {
  vi.useFakeTimers();
  [locked, told, busy, isWatching] = [0, 0, false, false];
  lock = createIdleLock({
    idleMs,
    watchInput: (onInput) => {
      input = onInput;
      isWatching = true;
      return () => (isWatching = false);
    },
    isBusy: () => busy,
    onIdle: () => (locked += 1),
    onInput: () => (told += 1),
  });
  lock.start();
});

afterEach(() => {
  lock.stop();
  vi.useRealTimers();
});

test('locks after the idle time, once, and then looks at nobody’s keys any more', () => {
  vi.advanceTimersByTime(idleMs - 1);
  expect(locked).toBe(0);
  vi.advanceTimersByTime(1);
  expect(locked).toBe(1);
  expect(isWatching).toBe(false);
  vi.advanceTimersByTime(10 * idleMs);
  expect(locked).toBe(1);
});

test('a key pressed here, or in another tab, begins the time anew', () => {
  vi.advanceTimersByTime(idleMs - 1);
  input();
  vi.advanceTimersByTime(idleMs - 1);
  lock.touch();
  vi.advanceTimersByTime(idleMs - 1);
  expect(locked).toBe(0);
  vi.advanceTimersByTime(1);
  expect(locked).toBe(1);
});

test('the other tabs hear of it, but not of every movement', () => {
  for (let moves = 0; moves < 100; moves += 1) {
    vi.advanceTimersByTime(100);
    input();
  }
  expect(told).toBeLessThanOrEqual(2);
  expect(told).toBeGreaterThan(0);
});

test('nobody is locked out of a call, and afterwards the whole time is left', () => {
  busy = true;
  vi.advanceTimersByTime(5 * idleMs);
  busy = false;
  expect(locked).toBe(0);
  vi.advanceTimersByTime(idleMs - 1);
  expect(locked).toBe(0);
  vi.advanceTimersByTime(idleMs);
  expect(locked).toBe(1);
});

test('a device that slept is locked by the first movement, whose time has come too late', () => {
  vi.setSystemTime(Date.now() + 2 * idleMs);
  input();
  expect(locked).toBe(1);
});
