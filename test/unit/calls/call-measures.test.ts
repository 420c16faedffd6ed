import { expect, test } from 'vitest';
import { FlowWatch } from '../../../client/calls/media/flow-watch.ts';
import { FrameHealth } from '../../../client/calls/frames/frame-health.ts';
import { lineQuality, type LineSample } from '../../../client/calls/media/line-quality.ts';
import { newId } from '../../../server/protocol/ids.ts';
import type { ProducerId } from '../../../server/protocol/calls.ts';

test('a silence is told when something should come, now and then while it lasts, and again after something came', () => {
  let told = 0;
  const watch = new FlowWatch(() => (told += 1));
  watch.look(0, 0, true);
  watch.look(5_000, 0, true);
  expect(told).toBe(0);
  watch.look(5_300, 10, true);
  watch.look(6_100, 10, true);
  expect(told).toBe(0);
  watch.look(6_300, 10, true);
  watch.look(9_000, 10, true);
  expect(told).toBe(1);
  watch.look(10_400, 10, true);
  expect(told).toBe(2);
  watch.look(10_600, 20, true);
  watch.look(11_600, 20, true);
  expect(told).toBe(3);
});

test('while nobody sends nothing is missed, and afterwards not at once', () => {
  let told = 0;
  const watch = new FlowWatch(() => (told += 1));
  watch.look(0, 10, true);
  watch.look(60_000, 10, false);
  watch.look(60_300, 10, true);
  expect(told).toBe(0);
  watch.look(61_300, 10, true);
  expect(told).toBe(1);
});

test('frames that open are open; those that do not are shut only after a change of keys would be over; another’s are an alarm at once', () => {
  let now = 0;
  const health = new FrameHealth(() => now);
  const producer: ProducerId = newId();
  expect(health.stateOf(producer)).toBe('waiting');
  health.opened(producer, { passed: 0, refused: { stale_key: 5 } });
  expect(health.stateOf(producer)).toBe('waiting');
  now = 500;
  health.opened(producer, { passed: 3, refused: { stale_key: 1 } });
  expect(health.stateOf(producer)).toBe('open');
  now = 1_000;
  health.opened(producer, { passed: 0, refused: { cannot_open: 9 } });
  expect(health.stateOf(producer)).toBe('open');
  now = 3_600;
  health.opened(producer, { passed: 0, refused: { cannot_open: 9 } });
  expect(health.stateOf(producer)).toBe('shut');
  health.opened(producer, { passed: 1, refused: { not_allowed: 1 } });
  expect(health.stateOf(producer)).toBe('swapped');
  now = 14_000;
  expect(health.stateOf(producer)).toBe('open');
});

test('what was refused before a key came is not held against what comes with it', () => {
  let now = 0;
  const health = new FrameHealth(() => now);
  const producer: ProducerId = newId();
  health.opened(producer, { passed: 0, refused: { stale_key: 5 } });
  now = 5_000;
  health.keyed();
  expect(health.stateOf(producer)).toBe('waiting');
  health.opened(producer, { passed: 0, refused: { cannot_open: 5 } });
  now = 8_000;
  expect(health.stateOf(producer)).toBe('shut');
});

test('a source is being sent as long as sealed frames of it leave', () => {
  let now = 0;
  const health = new FrameHealth(() => now);
  health.sealed('microphone', { passed: 0, refused: { bad_key: 50 } });
  expect(health.isSending('microphone')).toBe(false);
  health.sealed('microphone', { passed: 50, refused: {} });
  expect(health.isSending('microphone')).toBe(true);
  expect(health.isSending('camera')).toBe(false);
  now = 2_000;
  expect(health.isSending('microphone')).toBe(false);
});

const line = (change: Partial<LineSample>): readonly LineSample[] => [
  { at: 0, received: 0, lost: 0, sentLoss: 0, roundTripMs: 40, ...change },
  { at: 5_000, received: 1_000, lost: 0, sentLoss: 0, roundTripMs: 40, ...change },
];

test('a line is judged by what was lost, by how long an answer takes, and by the pictures it still carries', () => {
  expect(lineQuality(line({}), ['full'])).toBe('good');
  expect(lineQuality(line({}).slice(1), ['full'])).toBeNull();
  expect(lineQuality(line({ sentLoss: 0.05 }), ['full'])).toBe('weak');
  expect(lineQuality(line({ sentLoss: 0.2 }), ['full'])).toBe('bad');
  expect(lineQuality(line({ roundTripMs: 400 }), [])).toBe('weak');
  expect(lineQuality([...line({}), { at: 9_000, received: 1_100, lost: 100, sentLoss: 0, roundTripMs: 40 }], [])).toBe('weak');
  expect(lineQuality([...line({}), { at: 9_000, received: 1_100, lost: 300, sentLoss: 0, roundTripMs: 40 }], [])).toBe('bad');
  expect(lineQuality(line({}), ['full', 'reduced'])).toBe('weak');
  expect(lineQuality(line({}), ['none'])).toBe('bad');
});
