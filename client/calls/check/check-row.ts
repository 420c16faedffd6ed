import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../../i18n/translate.ts';
import { badge } from '../../ui/badge.ts';
import type { StepState, StepWords } from './check-step.ts';
import type { DeviceKind, DeviceOption } from '../media/device-choice.ts';

const states = {
  idle: ['off', 'devices.stateIdle'],
  running: ['off', 'devices.stateRunning'],
  ok: ['ok', 'devices.stateOk'],
  watch: ['watch', 'devices.stateWatch'],
  failed: ['act', 'devices.stateFailed'],
} as const satisfies Record<StepState, readonly [string, string]>;

/** One step: icon, name and state in words, what is to be done in it, and what helps when it fails. */
export function checkRow({
  icon,
  title,
  words,
  body = nothing,
  onRetry,
}: {
  icon: TemplateResult;
  title: string;
  words: StepWords;
  body?: unknown;
  onRetry?: () => void;
}): TemplateResult {
  const [kind, state] = states[words.state];
  return html`<li class="check">
    <span class="check-icon">${icon}</span>
    <div class="check-words">
      <div class="check-head">
        <h2 class="check-title">${title}</h2>
        ${badge(kind, t(state))}
      </div>
      <p>${words.text}</p>
      ${body}
      ${
        words.fix === null
          ? nothing
          : html`<div class="check-fix">
              <h3>${t('devices.fix')}</h3>
              <p>${words.fix}</p>
              ${onRetry === undefined ? nothing : html`<button class="button button-secondary" @click=${onRetry}>${t('devices.retry')}</button>`}
            </div>`
      }
    </div>
  </li>`;
}

/** The choice among several devices of one kind; nothing where there is none to make. */
export function deviceSelect({
  kind,
  options,
  chosen,
  onChoose,
}: {
  kind: DeviceKind;
  options: readonly DeviceOption[];
  /** Null: whichever the browser takes. */
  chosen: string | null;
  onChoose: (deviceId: string | null) => void;
}): TemplateResult | typeof nothing {
  if (options.length < 2) return nothing;
  const choose = ({ target }: Event): void => {
    if (target instanceof HTMLSelectElement) onChoose(target.value === '' ? null : target.value);
  };
  return html`<label class="label" for="choose-${kind}">${t('devices.which')}</label>
  <select class="input" id="choose-${kind}" @change=${choose}>
    <option value="" .selected=${chosen === null}>${t('devices.byDefault')}</option>
    ${options.map(({ deviceId, label }) => html`<option value=${deviceId} .selected=${deviceId === chosen}>${label}</option>`)}
  </select>`;
}
