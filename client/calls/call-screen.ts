import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { MediaKind } from 'mediasoup-client/types';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { CallConnection, CallConnectionState } from './call-connection.ts';
import { callControls } from './call-controls.ts';
import { CallTile } from './call-tile.ts';
import './calls.css';
import { deviceFailureText } from './device-failure.ts';
import type { DeviceState, OwnDevices, OwnDevicesState } from './own-devices.ts';

/** People, controls and messages of a running call, for either side. */
export class CallScreen extends GovElement {
  static override properties = {
    connection: { attribute: false },
    devices: { attribute: false },
    otherName: { attribute: false },
    otherIsThere: { attribute: false },
    messages: { attribute: false },
    onLeave: { attribute: false },
    showsMessages: { state: true },
    showsSelf: { state: true },
    soundBlocked: { state: true },
  };
  declare connection: CallConnection;
  declare devices: OwnDevices;
  /** The other person, with the office where that helps. */
  declare otherName: string;
  /** Whether the other side has joined, also without camera and microphone. */
  declare otherIsThere: boolean;
  /** Draws the conversation beside the call. */
  declare messages: () => TemplateResult;
  declare onLeave: () => void;
  declare showsMessages: boolean;
  declare showsSelf: boolean;
  declare soundBlocked: boolean;
  #told: CallConnectionState | null = null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.connection.state, this.connection.remoteTracks, this.devices.state]));
    this.showsMessages = matchMedia('(min-width: 64rem)').matches;
    this.showsSelf = true;
    this.soundBlocked = false;
    this.addEventListener('gov-sound-blocked', () => (this.soundBlocked = true));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#tellState(this.connection.state.value);
    if (changed.has('otherIsThere') && this.otherIsThere) announcer().announce(t('calls.announceJoined', { name: this.otherName }));
  }

  protected override render(): TemplateResult {
    const devices = this.devices.state.value;
    return html`<div class="call" ?data-messages=${this.showsMessages}>
      <div class="call-stage">
        ${this.#connectionLine()}
        ${deviceNotice('audio', devices.audio)} ${deviceNotice('video', devices.video)}
        ${this.soundBlocked ? this.#soundNotice() : nothing}
        <section class="tiles" aria-label=${t('calls.people')}>${this.#otherTile()} ${this.showsSelf ? ownTile(devices) : nothing}</section>
        ${callControls({
          devices,
          showsMessages: this.showsMessages,
          showsSelf: this.showsSelf,
          onMicrophone: () => void this.#toggle('audio'),
          onCamera: () => void this.#toggle('video'),
          onMessages: () => (this.showsMessages = !this.showsMessages),
          onSelf: () => (this.showsSelf = !this.showsSelf),
          onLeave: () => this.onLeave(),
        })}
      </div>
      ${this.showsMessages ? html`<section class="call-messages" aria-label=${t('calls.conversation')}>${this.messages()}</section>` : nothing}
    </div>`;
  }

  #otherTile(): TemplateResult {
    const tracks = this.connection.remoteTracks.value;
    const picture = tracks.find(({ kind, paused }) => kind === 'video' && !paused);
    const voice = tracks.find(({ kind }) => kind === 'audio');
    const isThere = this.otherIsThere || tracks.length > 0;
    const states = isThere
      ? [picture === undefined ? t('calls.cameraOffState') : '', voice === undefined || voice.paused ? t('calls.mutedState') : '']
      : [t('calls.waitingFor')];
    return html`<gov-call-tile
      class="tile-other"
      .name=${this.otherName}
      .states=${states.filter((state) => state !== '')}
      .videoTrack=${picture?.track ?? null}
      .audioTrack=${voice?.track ?? null}
    ></gov-call-tile>`;
  }

  /** The connection in words, only while there is something to say. */
  #connectionLine(): TemplateResult | typeof nothing {
    const state = this.connection.state.value;
    if (state === 'joining') return html`<p class="call-line">${t('calls.stateConnecting')}</p>`;
    if (state === 'interrupted') return html`<p class="call-line">${t('calls.stateReconnecting')}</p>`;
    const isAlone = !this.otherIsThere && this.connection.remoteTracks.value.length === 0;
    return isAlone ? html`<p class="call-line">${t('calls.stateWaiting')}</p>` : nothing;
  }

  #soundNotice(): TemplateResult {
    return notice({
      kind: 'warning',
      heading: t('calls.playTitle'),
      body: html`<p><button class="button" @click=${this.#playSound}>${t('calls.play')}</button></p>`,
    });
  }

  #tellState(state: CallConnectionState): void {
    if (state === this.#told) return;
    if (state === 'interrupted') announcer().announce(t('calls.stateReconnecting'));
    if (state === 'connected') announcer().announce(t('calls.stateConnected'));
    this.#told = state;
  }

  async #toggle(kind: MediaKind): Promise<void> {
    await this.devices.toggle(kind);
    const { audio, video } = this.devices.state.value;
    if (kind === 'audio') announcer().announce(audio.state === 'on' ? t('calls.announceUnmuted') : t('calls.announceMuted'));
    else announcer().announce(video.state === 'on' ? t('calls.announceCameraOn') : t('calls.announceCameraOff'));
  }

  readonly #playSound = (): void => {
    this.soundBlocked = false;
    for (const tile of this.querySelectorAll('gov-call-tile')) if (tile instanceof CallTile) void tile.play();
  };
}

function ownTile({ video, audio }: OwnDevicesState): TemplateResult {
  const states = [
    video.state === 'on' ? '' : t(video.state === 'opening' ? 'calls.opening' : 'calls.cameraOffState'),
    audio.state === 'on' ? '' : t(audio.state === 'opening' ? 'calls.opening' : 'calls.mutedState'),
  ];
  return html`<gov-call-tile
    class="tile-own"
    .name=${t('calls.you')}
    .states=${[...new Set(states)].filter((state) => state !== '')}
    .videoTrack=${'track' in video ? video.track : null}
    .self=${true}
  ></gov-call-tile>`;
}

function deviceNotice(kind: MediaKind, device: DeviceState): TemplateResult | typeof nothing {
  if (device.state !== 'failed') return nothing;
  return notice({
    kind: 'warning',
    heading: t(kind === 'audio' ? 'calls.deviceTitleMicrophone' : 'calls.deviceTitleCamera'),
    body: html`<p>${deviceFailureText(device.failure)}</p>`,
  });
}

customElements.define('gov-call-screen', CallScreen);
