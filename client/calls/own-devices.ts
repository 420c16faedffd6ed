import type { MediaKind } from 'mediasoup-client/types';
import { Subject, type Observable } from '../net/observable.ts';
import { openDevice, type MediaFailure } from './media-devices.ts';

/** `muted`: the microphone is open and nothing of it is sent. A camera that is off is given back, so that its light goes out. */
export type DeviceState =
  | { readonly state: 'off' | 'opening' }
  | { readonly state: 'on' | 'muted'; readonly track: MediaStreamTrack }
  | { readonly state: 'failed'; readonly failure: MediaFailure };

export interface OwnDevicesState {
  readonly audio: DeviceState;
  readonly video: DeviceState;
}

/** Where the tracks go. */
interface Publisher {
  publish(kind: MediaKind, track: MediaStreamTrack | null): void;
  setPaused(kind: MediaKind, paused: boolean): void;
}

/** This person's microphone and camera in a call. Whoever makes it closes it: then the lights go out. */
export class OwnDevices {
  readonly #publisher: Publisher;
  readonly #state = new Subject<OwnDevicesState>({ audio: { state: 'off' }, video: { state: 'off' } });
  #closed = false;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  get state(): Observable<OwnDevicesState> {
    return this.#state;
  }

  /** Asks for the device and sends it; a failure is in the state. */
  async open(kind: MediaKind): Promise<void> {
    this.#set(kind, { state: 'opening' });
    const result = await openDevice(kind);
    if (!result.ok) {
      this.#set(kind, { state: 'failed', failure: result.failure });
      return;
    }
    if (this.#closed) {
      result.track.stop();
      return;
    }
    // Unplugged in the middle of the call.
    result.track.addEventListener('ended', () => this.#lost(kind, result.track));
    this.#publisher.setPaused(kind, false);
    this.#publisher.publish(kind, result.track);
    this.#set(kind, { state: 'on', track: result.track });
  }

  /** On, off, on again; a failed device is tried once more. */
  async toggle(kind: MediaKind): Promise<void> {
    const device = this.#state.value[kind];
    if (device.state === 'opening') return;
    if (device.state === 'on' || device.state === 'muted') {
      if (kind === 'audio') this.#setMuted(device.track, device.state === 'on');
      else this.#giveBack(kind, device.track);
      return;
    }
    await this.open(kind);
  }

  close(): void {
    this.#closed = true;
    for (const device of Object.values(this.#state.value)) if ('track' in device) device.track.stop();
  }

  #setMuted(track: MediaStreamTrack, muted: boolean): void {
    this.#publisher.setPaused('audio', muted);
    this.#set('audio', { state: muted ? 'muted' : 'on', track });
  }

  #giveBack(kind: MediaKind, track: MediaStreamTrack): void {
    this.#publisher.publish(kind, null);
    track.stop();
    this.#set(kind, { state: 'off' });
  }

  #lost(kind: MediaKind, track: MediaStreamTrack): void {
    const device = this.#state.value[kind];
    if (!('track' in device) || device.track !== track || this.#closed) return;
    this.#publisher.publish(kind, null);
    this.#set(kind, { state: 'failed', failure: 'none' });
  }

  #set(kind: MediaKind, device: DeviceState): void {
    this.#state.set({ ...this.#state.value, [kind]: device });
  }
}
