import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkBrowser } from '../../../../client/calls/check/browser-check.ts';
import { type CheckedDevices, DeviceCheck, readinessOf } from '../../../../client/calls/check/device-check.ts';
import { checkLine } from '../../../../client/calls/check/line-check.ts';
import type { MediaResult } from '../../../../client/calls/media/media-devices.ts';
import { levelOf } from '../../../../client/calls/media/sound-level.ts';
import { noAnswer } from '../../../../client/net/request-error.ts';
import { waitUntil } from '../../../../client/net/observable.ts';

const reachable = { ping: async () => await Promise.resolve(), openMedia: null };

const fail = async () => await Promise.reject(new Error('no way through'));

beforeEach(() => {
  vi.useFakeTimers();
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Devices that can be looked at: which were opened, whether they are still on, and how loud it is. */
function fakeDevices(results: Partial<Record<'audio' | 'video', MediaResult>> = {}) {
  const tracks: { kind: string; stopped: boolean }[] = [];
  let tell: ((level: number) => void) | undefined;
  const devices: CheckedDevices = {
    open: async (kind) => {
      const given = results[kind];
      if (given !== undefined) return await Promise.resolve(given);
      const track = { kind, stopped: false, addEventListener: () => undefined, stop: () => void (track.stopped = true) };
      tracks.push(track);
      return await Promise.resolve({ ok: true, track: track as never });
    },
    watchLevel: (_track, listener) => {
      tell = listener;
      return () => undefined;
    },
    play: async () => await Promise.resolve(),
  };
  return { devices, tracks, sound: (level: number) => tell?.(level) };
}

describe('the device check', () => {
  test('finds everything ready once a voice has been heard, and gives the devices back at the end', async () => {
    const { devices, tracks, sound } = fakeDevices();
    const check = new DeviceCheck(reachable, { devices, browser: 'ok' });
    await check.start();
    await waitUntil(check.state, ({ line }) => line !== null);
    expect(check.state.value.microphone.state).toBe('listening');
    expect(readinessOf(check.state.value)).toBeNull();
    for (const level of [0.1, 0.5, 0.6, 0.5]) sound(level);
    expect(check.state.value.microphone.state).toBe('ok');
    expect(readinessOf(check.state.value)).toBe('ready');
    check.close();
    expect(tracks).toEqual([
      expect.objectContaining({ kind: 'audio', stopped: true }),
      expect.objectContaining({ kind: 'video', stopped: true }),
    ]);
  });

  test('says that nothing is heard after eight seconds, and hears somebody who speaks later', async () => {
    const { devices, sound } = fakeDevices();
    const check = new DeviceCheck(reachable, { devices, browser: 'ok' });
    await check.start();
    sound(0.1);
    vi.advanceTimersByTime(8_000);
    expect(check.state.value.microphone.state).toBe('silent');
    for (let times = 0; times < 3; times += 1) sound(0.6);
    expect(check.state.value.microphone.state).toBe('ok');
    check.close();
  });

  test('lets somebody without a camera take part by voice, and without a microphone in writing', async () => {
    const denied: MediaResult = { ok: false, failure: 'denied' };
    const outcomes = [
      { results: { video: denied }, readiness: 'sound-only' },
      { results: { audio: denied }, readiness: 'text-only' },
      { results: { audio: denied, video: denied }, readiness: 'text-only' },
    ];
    for (const { results, readiness } of outcomes) {
      const { devices, sound } = fakeDevices(results);
      const check = new DeviceCheck(reachable, { devices, browser: 'ok' });
      await check.start();
      await waitUntil(check.state, ({ line }) => line !== null);
      for (let times = 0; times < 3; times += 1) sound(0.6);
      expect(readinessOf(check.state.value)).toBe(readiness);
      check.close();
    }
  });

  test('remembers the chosen devices, and opens them', async () => {
    const { devices } = fakeDevices();
    const open = vi.spyOn(devices, 'open');
    const check = new DeviceCheck(reachable, { devices, browser: 'ok' });
    await check.choose('camera', 'second-camera');
    expect(open).toHaveBeenLastCalledWith('video', 'second-camera');
    expect(new DeviceCheck(reachable, { devices, browser: 'ok' }).state.value.choice.camera).toBe('second-camera');
  });
});

describe('the line', () => {
  test('is told apart: nobody answers, only the server does, what carries the picture does', async () => {
    const { ping } = reachable;
    expect(await checkLine({ ping: fail, openMedia: async () => await Promise.resolve(20) })).toEqual({ kind: 'offline' });
    expect(await checkLine({ ping, openMedia: fail })).toEqual({ kind: 'blocked' });
    expect(await checkLine({ ping, openMedia: async () => await Promise.resolve(20.4) })).toEqual({ kind: 'media', roundTripMs: 20 });
    const unavailable = noAnswer(new Error('no sfu'));
    expect(await checkLine({ ping, openMedia: async () => await Promise.reject(unavailable) })).toMatchObject({ kind: 'line' });
    expect(await checkLine({ ping, openMedia: null })).toMatchObject({ kind: 'line' });
  });
});

test('a browser that cannot encrypt what it sends cannot call', () => {
  expect(checkBrowser({})).toBe('no-calls');
  expect(checkBrowser({ RTCPeerConnection: null })).toBe('no-seal');
  expect(checkBrowser({ RTCPeerConnection: null, RTCRtpScriptTransform: null })).toBe('ok');
});

test('loudness is by decibels: silence is 0, full scale 1, a voice in between', () => {
  expect(levelOf(new Float32Array(64))).toBe(0);
  expect(levelOf(new Float32Array(64).fill(1))).toBe(1);
  expect(levelOf(new Float32Array(64).fill(0.03))).toBeCloseTo(0.49, 1);
});
