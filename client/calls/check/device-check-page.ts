import { html, nothing, type TemplateResult } from 'lit';
import clipboardCheck from 'lucide-static/icons/clipboard-check.svg?icon';
import globe from 'lucide-static/icons/globe.svg?icon';
import mic from 'lucide-static/icons/mic.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import volume from 'lucide-static/icons/volume-2.svg?icon';
import wifi from 'lucide-static/icons/wifi.svg?icon';
import type { Readiness } from '../../../server/protocol/queue.ts';
import { t } from '../../i18n/translate.ts';
import { announcer } from '../../ui/announcer.ts';
import { GovPage } from '../../ui/gov-page.ts';
import { href } from '../../ui/navigate.ts';
import { WatchAll } from '../../ui/watch.ts';
import { checkRow, deviceSelect } from './check-row.ts';
import { browserWords, cameraWords, microphoneWords, networkWords, resultWords, speakerWords } from './check-step.ts';
import { DeviceCheck, readinessOf } from './device-check.ts';
import './device-check.css';
import { canChooseSpeaker, listDevices, type DeviceKind, type DeviceOption } from '../media/device-choice.ts';
import { formatJoinWith, type JoinWith } from '../join-form.ts';
import './level-gauge.ts';
import type { LineProbes } from './line-check.ts';

/** Where the person came from, and goes back to. */
export interface CheckOrigin {
  readonly kind: 'line' | 'appointment' | 'call';
  /** Without the language. */
  readonly path: string;
}

/** "Check camera and sound": six steps, each with what helps when it fails; at the end, how one can take part. */
export class DeviceCheckPage extends GovPage {
  static override properties = {
    probes: { attribute: false },
    origin: { attribute: false },
    onReadiness: { attribute: false },
    options: { state: true },
    readiness: { state: true },
  };
  declare probes: LineProbes;
  declare origin: CheckOrigin | null;
  /** Tells the result to whom it concerns; resolves with whether somebody has been told. */
  declare onReadiness: (readiness: Readiness) => Promise<boolean>;
  declare options: Readonly<Record<DeviceKind, readonly DeviceOption[]>>;
  declare readiness: { readonly found: Readiness; readonly told: boolean } | null;
  #check: DeviceCheck | null = null;
  #stops: (() => void)[] = [];
  #said = '';

  constructor() {
    super();
    this.addController(new WatchAll(this, () => (this.#check === null ? [] : [this.#check.state])));
    this.origin = null;
    this.options = { microphone: [], camera: [], speaker: [] };
    this.readiness = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#check?.close();
    this.#check = null;
  }

  protected override willUpdate(): void {
    this.#check ??= this.#begin();
  }

  protected override updated(changed: Parameters<GovPage['updated']>[0]): void {
    super.updated(changed);
    this.#showPicture();
  }

  protected override render(): TemplateResult {
    const check = this.#check;
    if (check === null) return html`<h1>${t('devices.title')}</h1>`;
    const state = check.state.value;
    const hasBegun = state.microphone.state !== 'idle';
    return html`<h1>${t('devices.title')}</h1>
      <p class="lead">${t('devices.intro')}</p>
      <p class="hint">${t('devices.private')}</p>
      <div class="device-check">
        <div class="check-preview">
          <video muted playsinline aria-label=${t('devices.preview')} ?hidden=${state.camera.state !== 'ok'}></video>
          ${state.camera.state === 'ok' ? nothing : html`<p>${state.camera.state === 'failed' ? cameraWords(state).text : t('devices.previewEmpty')}</p>`}
        </div>
        <div>
          <p class="button-row check-start">
            <button class=${hasBegun ? 'button button-secondary' : 'button'} @click=${() => void this.#start(check)}>
              ${hasBegun ? t('devices.again') : t('devices.start')}
            </button>
          </p>
          <ol class="checks" aria-label=${t('devices.steps')}>
            ${checkRow({ icon: globe, title: t('devices.browser'), words: browserWords(state) })}
            ${checkRow({
              icon: mic,
              title: t('devices.microphone'),
              words: microphoneWords(state),
              body: this.#microphoneBody(check),
              onRetry: () => void check.openMicrophone(),
            })}
            ${checkRow({
              icon: video,
              title: t('devices.camera'),
              words: cameraWords(state),
              body: this.#select(check, 'camera'),
              onRetry: () => void check.openCamera(),
            })}
            ${checkRow({ icon: volume, title: t('devices.speaker'), words: speakerWords(state), body: this.#speakerBody(check) })}
            ${checkRow({ icon: wifi, title: t('devices.network'), words: networkWords(state), onRetry: () => void check.measureLine() })}
            ${checkRow({ icon: clipboardCheck, title: t('devices.result'), words: resultWords(state), body: this.#told() })}
          </ol>
          ${this.#wayOn()}
        </div>
      </div>`;
  }

  #begin(): DeviceCheck {
    const check = new DeviceCheck(this.probes);
    const refresh = (): void => void this.#loadOptions();
    if ('mediaDevices' in navigator) {
      navigator.mediaDevices.addEventListener('devicechange', refresh);
      this.#stops.push(() => navigator.mediaDevices.removeEventListener('devicechange', refresh));
    }
    this.#stops.push(check.state.subscribe(() => void this.#follow(check)));
    void this.#loadOptions();
    return check;
  }

  async #start(check: DeviceCheck): Promise<void> {
    this.readiness = null;
    await check.start();
    await this.#loadOptions();
  }

  async #loadOptions(): Promise<void> {
    this.options = await listDevices();
  }

  /** Says what each step has found, once; tells the result on. */
  async #follow(check: DeviceCheck): Promise<void> {
    const state = check.state.value;
    const found = readinessOf(state);
    const settled = [microphoneWords(state), cameraWords(state)].filter(({ state: step }) => step !== 'idle');
    const said = [...settled.map(({ text }) => text), found === null ? '' : resultWords(state).text].join('|');
    if (said !== this.#said) for (const text of said.split('|')) if (text !== '' && !this.#said.includes(text)) announcer().announce(text);
    this.#said = said;
    if (found === null || found === this.readiness?.found) return;
    this.readiness = { found, told: false };
    this.readiness = { found, told: await this.onReadiness(found) };
  }

  #microphoneBody(check: DeviceCheck): TemplateResult {
    const { state } = check.state.value.microphone;
    const isOpen = state === 'listening' || state === 'silent' || state === 'ok';
    return html`${isOpen ? html`<gov-level-gauge .level=${check.level}></gov-level-gauge>` : nothing}${this.#select(check, 'microphone')}`;
  }

  #speakerBody(check: DeviceCheck): TemplateResult {
    const { speaker } = check.state.value;
    return html`${
      speaker === 'asking'
        ? html`<p class="button-row">
            <button class="button button-secondary" @click=${() => check.answerSpeaker(true)}>${t('devices.speakerHeard')}</button>
            <button class="button button-secondary" @click=${() => check.answerSpeaker(false)}>${t('devices.speakerNotHeard')}</button>
          </p>`
        : html`<p class="button-row">
            <button class="button button-secondary" aria-disabled=${speaker === 'playing' ? 'true' : nothing} @click=${() => void this.#play(check)}>
              ${t('devices.speakerPlay')}
            </button>
          </p>`
    }
    ${canChooseSpeaker() ? this.#select(check, 'speaker') : nothing}`;
  }

  async #play(check: DeviceCheck): Promise<void> {
    await check.playTones();
    announcer().announce(speakerWords(check.state.value).text);
  }

  #select(check: DeviceCheck, kind: DeviceKind): TemplateResult | typeof nothing {
    const chosen = check.state.value.choice[kind];
    const onChoose = (deviceId: string | null): void => void check.choose(kind, deviceId);
    return deviceSelect({ kind, options: this.options[kind], chosen, onChoose });
  }

  #told(): TemplateResult | typeof nothing {
    if (this.readiness?.told !== true) return nothing;
    return html`<p>${t('devices.told', { readiness: t(readinesses[this.readiness.found]) })}</p>`;
  }

  #wayOn(): TemplateResult {
    const { origin } = this;
    if (origin?.kind !== 'call')
      return html`<p class="button-row"><a class="button" href=${href(origin?.path ?? '/')}>${t(backs[origin?.kind ?? 'none'])}</a></p>`;
    const join = (kinds: JoinWith): string => href(`${origin.path}?join=${formatJoinWith(kinds)}`);
    return html`<div class="button-row join-choices">
      <a class="button" href=${join(['audio', 'video'])}>${t('devices.join')}</a>
      <a class="button button-secondary" href=${join(['audio'])}>${t('devices.joinWithoutCamera')}</a>
      <a class="button button-secondary" href=${join([])}>${t('devices.joinByText')}</a>
    </div>`;
  }

  #showPicture(): void {
    const picture = this.querySelector('video');
    const camera = this.#check?.state.value.camera;
    if (picture === null) return;
    const track = camera?.state === 'ok' ? camera.track : null;
    const shown = picture.srcObject instanceof MediaStream ? picture.srcObject.getVideoTracks()[0] : null;
    if (shown === track || (shown === undefined && track === null)) return;
    picture.srcObject = track === null ? null : new MediaStream([track]);
    // A page that goes away meanwhile stops the playing.
    if (track !== null) picture.play().catch(() => undefined);
  }
}

const readinesses = {
  ready: 'needs.ready-all',
  'sound-only': 'needs.ready-sound-only',
  'text-only': 'needs.ready-text-only',
} as const satisfies Record<Readiness, string>;

const backs = {
  line: 'devices.backToLine',
  appointment: 'devices.backToAppointment',
  call: 'devices.backToCall',
  none: 'devices.done',
} as const;

customElements.define('gov-device-check-page', DeviceCheckPage);
