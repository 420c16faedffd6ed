import { html, nothing, render, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { canChooseSpeaker, listDevices, rememberedDevices, type DeviceKind, type DeviceOption } from './media/device-choice.ts';

const labels = { microphone: 'calls.chooseMicrophone', camera: 'calls.chooseCamera', speaker: 'calls.chooseSpeaker' } as const;

/** Another microphone, camera or speaker in the middle of a call: each choice counts at once. */
export async function deviceDialog(onChoice: (kind: DeviceKind, deviceId: string) => void): Promise<void> {
  const devices = await listDevices();
  const chosen = rememberedDevices();
  const kinds = (['microphone', 'camera', 'speaker'] as const).filter((kind) => kind !== 'speaker' || canChooseSpeaker());
  const holder = document.createElement('div');
  document.body.append(holder);
  const row = (kind: DeviceKind): TemplateResult => choice({ kind, options: devices[kind], chosen: chosen[kind], onChoice });
  render(
    html`<dialog class="dialog" aria-labelledby="devices-title">
      <h2 id="devices-title" tabindex="-1">${t('calls.chooseTitle')}</h2>
      ${kinds.map(row)}
      <form method="dialog" class="button-row"><button class="button">${t('calls.chooseDone')}</button></form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector('dialog');
  if (dialog !== null) await showDialog(dialog);
  holder.remove();
}

interface Choice {
  readonly kind: DeviceKind;
  readonly options: readonly DeviceOption[];
  readonly chosen: string | null;
  readonly onChoice: (kind: DeviceKind, deviceId: string) => void;
}

function choice({ kind, options, chosen, onChoice }: Choice): TemplateResult {
  const id = `choose-${kind}`;
  return html`<div class="field">
    <label class="label" for=${id}>${t(labels[kind])}</label>
    ${options.length === 0 ? html`<p class="hint" id="${id}-none">${t('calls.chooseNone')}</p>` : nothing}
    <select class="input" id=${id} ?disabled=${options.length === 0} @change=${({ target }: Event) => target instanceof HTMLSelectElement && onChoice(kind, target.value)}>
      ${options.map(({ deviceId, label }) => html`<option value=${deviceId} ?selected=${deviceId === chosen}>${label}</option>`)}
    </select>
  </div>`;
}
