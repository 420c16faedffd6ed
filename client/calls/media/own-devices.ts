import type { MediaSource } from '../../../server/protocol/calls.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import { rememberDevice, rememberedDevices } from './device-choice.ts';
import { openDevice, openScreen, type MediaFailure } from './media-devices.ts';

/** `muted`: the microphone is open and nothing of it is sent. A camera that is off is given back, so that its light goes out. */
export type DeviceState =
  | { readonly state: 'off' | 'opening' }
  | { readonly state: 'on' | 'muted'; readonly track: MediaStreamTrack }
  | { readonly state: 'failed'; readonly failure: MediaFailure };

export type OwnDevicesState = Readonly<Record<MediaSource, DeviceState>>;
type Device = 'microphone' | 'camera';

/** Where the tracks go. */
interface Publisher {
  publish(source: MediaSource, track: MediaStreamTrack | null): void;
  setPaused(source: MediaSource, paused: boolean): void;
}

const off: DeviceState = { state: 'off' };
const mediaKinds = { microphone: 'audio', camera: 'video' } as const;

/** This person's microphone, camera and screen in a call. Whoever makes it closes it: then the lights go out. */
export class OwnDevices {
  readonly #publisher: Publisher;
  readonly #state = new Subject<OwnDevicesState>({ microphone: off, camera: off, screen: off });
  #closed = false;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  get state(): Observable<OwnDevicesState> {
    return this.#state;
  }

  /** Asks for the device that was used last and sends it; a failure is in the state. */
  async open(source: Device): Promise<void> {
    this.#set(source, { state: 'opening' });
    const result = await openDevice(mediaKinds[source], rememberedDevices()[source] ?? undefined);
    if (result.ok) this.#take(source, result.track);
    else this.#set(source, { state: 'failed', failure: result.failure });
  }

  /** On, off, on again; a failed device is tried once more. */
  async toggle(source: Device): Promise<void> {
    const device = this.#state.value[source];
    if (device.state === 'opening') return;
    if (device.state === 'on' || device.state === 'muted') {
      if (source === 'microphone') this.#setMuted(device.track, device.state === 'on');
      else this.#giveBack(source, device.track);
      return;
    }
    await this.open(source);
  }

  /** Another microphone or camera from now on, in this call and the next; what is off or muted stays so. */
  async use(source: Device, deviceId: string): Promise<void> {
    rememberDevice(source, deviceId);
    const before = this.#state.value[source];
    if (!('track' in before)) return;
    before.track.stop();
    await this.open(source);
    const after = this.#state.value[source];
    if (before.state === 'muted' && 'track' in after) this.#setMuted(after.track, true);
  }

  /** Asks which screen or window, and shows it until it is stopped here or in the browser's own bar. Nothing when the person changes his mind. */
  async shareScreen(): Promise<void> {
    this.#set('screen', { state: 'opening' });
    const result = await openScreen();
    if (result.ok) this.#take('screen', result.track);
    else this.#set('screen', result.failure === 'denied' ? off : { state: 'failed', failure: result.failure });
  }

  stopScreen(): void {
    const { screen } = this.#state.value;
    if ('track' in screen) this.#giveBack('screen', screen.track);
  }

  close(): void {
    this.#closed = true;
    for (const device of Object.values(this.#state.value)) if ('track' in device) device.track.stop();
  }

  #take(source: MediaSource, track: MediaStreamTrack): void {
    if (this.#closed) {
      track.stop();
      return;
    }
    // Unplugged in the middle of the call, or a screen that is no longer shown.
    track.addEventListener('ended', () => this.#lost(source, track));
    this.#publisher.setPaused(source, false);
    this.#publisher.publish(source, track);
    this.#set(source, { state: 'on', track });
  }

  #setMuted(track: MediaStreamTrack, muted: boolean): void {
    this.#publisher.setPaused('microphone', muted);
    this.#set('microphone', { state: muted ? 'muted' : 'on', track });
  }

  #giveBack(source: MediaSource, track: MediaStreamTrack): void {
    this.#publisher.publish(source, null);
    track.stop();
    this.#set(source, off);
  }

  #lost(source: MediaSource, track: MediaStreamTrack): void {
    const device = this.#state.value[source];
    if (!('track' in device) || device.track !== track || this.#closed) return;
    this.#publisher.publish(source, null);
    this.#set(source, source === 'screen' ? off : { state: 'failed', failure: 'none' });
  }

  #set(source: MediaSource, device: DeviceState): void {
    this.#state.set({ ...this.#state.value, [source]: device });
  }
}
