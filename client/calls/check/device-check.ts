import type { Readiness } from '../../../server/protocol/queue.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import { checkBrowser, type BrowserFinding } from './browser-check.ts';
import { rememberDevice, rememberedDevices, type DeviceChoice, type DeviceKind } from '../media/device-choice.ts';
import { checkLine, type LineFinding, type LineProbes } from './line-check.ts';
import { openDevice, type MediaFailure, type MediaResult } from '../media/media-devices.ts';
import { watchLevel } from '../media/sound-level.ts';
import { playTones } from './speaker-test.ts';

type Failed = { readonly state: 'failed'; readonly failure: MediaFailure };
/** `listening`: open, and nothing heard yet. `silent`: nor for a while. */
export type MicrophoneStep = { readonly state: 'idle' | 'asking' | 'listening' | 'silent' | 'ok' } | Failed;
export type CameraStep = { readonly state: 'idle' | 'asking' } | { readonly state: 'ok'; readonly track: MediaStreamTrack } | Failed;
export type SpeakerStep = 'idle' | 'playing' | 'asking' | 'heard' | 'not-heard';

export interface DeviceCheckState {
  readonly browser: BrowserFinding;
  readonly microphone: MicrophoneStep;
  readonly camera: CameraStep;
  readonly speaker: SpeakerStep;
  /** Null while it is measured. */
  readonly line: LineFinding | null;
  readonly choice: DeviceChoice;
}

/** What the check needs of the browser. */
export interface CheckedDevices {
  readonly open: (kind: 'audio' | 'video', deviceId?: string) => Promise<MediaResult>;
  readonly watchLevel: (track: MediaStreamTrack, tell: (level: number) => void) => () => void;
  readonly play: (speaker: string | null) => Promise<void>;
}

/** A voice at arm's length is well above this, the hum of a room below. */
const heardLevel = 0.3;
const heardTimes = 3;
const silentAfterMs = 8_000;

const browserDevices: CheckedDevices = { open: openDevice, watchLevel, play: playTones };

/**
 * The check of everything a call needs, step by step. Nothing is recorded or sent. Whoever makes it closes it: then camera and
 * microphone go off.
 */
export class DeviceCheck {
  readonly #devices: CheckedDevices;
  readonly #probes: LineProbes;
  readonly #state: Subject<DeviceCheckState>;
  readonly #level = new Subject(0);
  readonly #tracks = new Map<'audio' | 'video', MediaStreamTrack>();
  #stopListening: (() => void) | null = null;
  #closed = false;

  constructor(probes: LineProbes, { devices = browserDevices, browser = checkBrowser() } = {}) {
    this.#devices = devices;
    this.#probes = probes;
    this.#state = new Subject<DeviceCheckState>({
      browser,
      microphone: { state: 'idle' },
      camera: { state: 'idle' },
      speaker: 'idle',
      line: null,
      choice: rememberedDevices(),
    });
    void this.measureLine();
  }

  get state(): Observable<DeviceCheckState> {
    return this.#state;
  }

  /** How loud the microphone is now, 0 … 1. */
  get level(): Observable<number> {
    return this.#level;
  }

  /** Asks for the microphone, then for the camera: two questions of the browser, one after the other. From a click. */
  async start(): Promise<void> {
    await this.openMicrophone();
    await this.openCamera();
  }

  async openMicrophone(): Promise<void> {
    this.#release('audio');
    this.#set({ microphone: { state: 'asking' } });
    const track = await this.#open('audio');
    if (track !== null) this.#listen(track);
  }

  async openCamera(): Promise<void> {
    this.#release('video');
    this.#set({ camera: { state: 'asking' } });
    const track = await this.#open('video');
    if (track !== null) this.#set({ camera: { state: 'ok', track } });
  }

  /** Another device of its kind, from now on and the next time. */
  async choose(kind: DeviceKind, deviceId: string | null): Promise<void> {
    rememberDevice(kind, deviceId);
    this.#set({ choice: rememberedDevices() });
    if (kind === 'microphone') await this.openMicrophone();
    else if (kind === 'camera') await this.openCamera();
    else this.#set({ speaker: 'idle' });
  }

  /** Two tones; afterwards only the person knows whether they were heard. */
  async playTones(): Promise<void> {
    if (this.#state.value.speaker === 'playing') return;
    this.#set({ speaker: 'playing' });
    const played = await this.#devices.play(this.#state.value.choice.speaker).then(
      () => true,
      () => false,
    );
    this.#set({ speaker: played ? 'asking' : 'not-heard' });
  }

  answerSpeaker(heard: boolean): void {
    this.#set({ speaker: heard ? 'heard' : 'not-heard' });
  }

  async measureLine(): Promise<void> {
    this.#set({ line: null });
    this.#set({ line: await checkLine(this.#probes) });
  }

  close(): void {
    this.#closed = true;
    this.#release('audio');
    this.#release('video');
  }

  async #open(kind: 'audio' | 'video'): Promise<MediaStreamTrack | null> {
    const { choice } = this.#state.value;
    const result = await this.#devices.open(kind, (kind === 'audio' ? choice.microphone : choice.camera) ?? undefined);
    if (!result.ok) {
      this.#fail(kind, result.failure);
      return null;
    }
    if (this.#closed) {
      result.track.stop();
      return null;
    }
    this.#tracks.set(kind, result.track);
    // Unplugged while it was looked at.
    result.track.addEventListener('ended', () => {
      if (this.#tracks.get(kind) !== result.track) return;
      this.#release(kind);
      this.#fail(kind, 'none');
    });
    return result.track;
  }

  #fail(kind: 'audio' | 'video', failure: MediaFailure): void {
    const failed = { state: 'failed', failure } as const;
    this.#set(kind === 'audio' ? { microphone: failed } : { camera: failed });
  }

  #listen(track: MediaStreamTrack): void {
    this.#set({ microphone: { state: 'listening' } });
    let heard = 0;
    const stopWatching = this.#devices.watchLevel(track, (level) => {
      this.#level.set(level);
      if (level >= heardLevel) heard += 1;
      if (heard === heardTimes) this.#set({ microphone: { state: 'ok' } });
    });
    const silence = setTimeout(() => {
      if (heard < heardTimes) this.#set({ microphone: { state: 'silent' } });
    }, silentAfterMs);
    this.#stopListening = () => {
      stopWatching();
      clearTimeout(silence);
      this.#level.set(0);
    };
  }

  #release(kind: 'audio' | 'video'): void {
    const track = this.#tracks.get(kind);
    this.#tracks.delete(kind);
    track?.stop();
    if (kind !== 'audio') return;
    this.#stopListening?.();
    this.#stopListening = null;
  }

  #set(changed: Partial<DeviceCheckState>): void {
    if (!this.#closed) this.#state.set({ ...this.#state.value, ...changed });
  }
}

/** What can be told to the office; null as long as a step is open. A camera without a microphone leaves writing. */
export function readinessOf({ browser, microphone, camera, line }: DeviceCheckState): Readiness | null {
  if (browser !== 'ok' || line?.kind === 'blocked') return 'text-only';
  if (line === null || line.kind === 'offline' || !isSettled(microphone) || !isSettled(camera)) return null;
  if (microphone.state !== 'ok') return 'text-only';
  return camera.state === 'ok' ? 'ready' : 'sound-only';
}

function isSettled({ state }: MicrophoneStep | CameraStep): boolean {
  return state === 'ok' || state === 'failed';
}
