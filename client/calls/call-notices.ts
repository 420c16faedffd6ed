import { html, nothing, type TemplateResult } from 'lit';
import type { CallRole } from '../../server/protocol/calls.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { deviceFailureText } from './media/device-failure.ts';
import type { DeviceState, OwnDevicesState } from './media/own-devices.ts';

const titles = { microphone: 'calls.deviceTitleMicrophone', camera: 'calls.deviceTitleCamera', screen: 'calls.deviceTitleScreen' } as const;

/** What does not work with the person's own devices, with the next thing to try. */
export function deviceNotices(devices: OwnDevicesState, isSilent: boolean, onChoose: () => void): TemplateResult {
  const failed = (['microphone', 'camera', 'screen'] as const).map((source) => failure(titles[source], devices[source], onChoose));
  return html`${failed}${isSilent ? silentNotice(onChoose) : nothing}`;
}

function failure(title: (typeof titles)[keyof typeof titles], device: DeviceState, onChoose: () => void): TemplateResult | typeof nothing {
  if (device.state !== 'failed') return nothing;
  return notice({
    kind: 'warning',
    heading: t(title),
    body: html`<p>${deviceFailureText(device.failure)}</p>
      ${device.failure === 'busy' || device.failure === 'failed' ? html`<p>${chooseButton(onChoose)}</p>` : nothing}`,
  });
}

/** The microphone is on and nothing comes from it: the person talks, and nobody hears. */
function silentNotice(onChoose: () => void): TemplateResult {
  return notice({
    kind: 'warning',
    heading: t('calls.silentTitle'),
    body: html`<p>${t('calls.silentText')}</p><p>${chooseButton(onChoose)}</p>`,
  });
}

function chooseButton(onChoose: () => void): TemplateResult {
  return html`<button class="button button-secondary" @click=${onChoose}>${t('calls.chooseTitle')}</button>`;
}

/** Somebody comes with other keys than those that were compared: usually another device, and not always. */
export function changedNotice({ name, at }: { readonly name: string; readonly at: number }): TemplateResult {
  return notice({
    kind: 'warning',
    heading: t('safety.changedTitle', { name }),
    body: html`<p>${t('safety.changedText', { date: fmt.date(at) })}</p>`,
  });
}

/** Nobody who reads this goes on by mistake: what is wrong, what follows from it, and the two ways out. */
export function alarmNotice({
  names,
  differs,
  role,
  leaveText,
  writePath,
  onLeave,
}: {
  readonly names: readonly string[];
  /** The numbers that people have compared do: everything was switched off here. */
  readonly differs: boolean;
  /** Of whoever reads it. */
  readonly role: CallRole;
  readonly leaveText: string;
  readonly writePath: string | null;
  readonly onLeave: () => void;
}): TemplateResult {
  const what = differs
    ? html`<p>${t('safety.alarmDiffers')} ${t('safety.alarmSilenced')}</p>`
    : names.length === 0
      ? html`<p>${t('safety.alarmMember')}</p>`
      : names.map((name) => html`<p>${t('safety.alarmPerson', { name })}</p>`);
  const isOffice = role === 'official' || role === 'colleague';
  return notice({
    kind: 'danger',
    heading: t('safety.alarmTitle'),
    body: html`${what}
      <p>${t(isOffice ? 'safety.alarmWhatOffice' : 'safety.alarmWhat')}</p>
      <p class="button-row">
        <button class="button button-danger" @click=${onLeave}>${leaveText}</button>
        ${writePath === null ? nothing : html`<a class="button button-secondary" href=${href(writePath)}>${t('safety.unsupportedWrite')}</a>`}
      </p>`,
  });
}
