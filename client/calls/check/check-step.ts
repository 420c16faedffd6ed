import type { Readiness } from '../../../server/protocol/queue.ts';
import { readinessOf, type DeviceCheckState } from './device-check.ts';
import { deviceFailureText } from '../media/device-failure.ts';
import { slowMs } from './line-check.ts';
import { t } from '../../i18n/translate.ts';

/** How far a step is. `watch`: it works, and something about it is worth a look. */
export type StepState = 'idle' | 'running' | 'ok' | 'watch' | 'failed';

/** One step of the device check in words: how it stands, and what helps when it does not. */
export interface StepWords {
  readonly state: StepState;
  readonly text: string;
  readonly fix: string | null;
}

const step = (state: StepState, text: string, fix: string | null = null): StepWords => ({ state, text, fix });

export function browserWords({ browser }: DeviceCheckState): StepWords {
  if (browser === 'ok') return step('ok', t('devices.browserOk'));
  return step('failed', t(browser === 'no-calls' ? 'devices.browserNoCalls' : 'devices.browserNoSeal'), t('devices.browserFix'));
}

export function microphoneWords({ microphone }: DeviceCheckState): StepWords {
  switch (microphone.state) {
    case 'idle':
      return step('idle', t('devices.asksLater'));
    case 'asking':
      return step('running', t('devices.asking'));
    case 'listening':
      return step('running', t('devices.microphoneSpeak'));
    case 'ok':
      return step('ok', t('devices.microphoneOk'));
    case 'silent':
      return step('watch', t('devices.microphoneSilent'), t('devices.microphoneSilentFix'));
    case 'failed':
      return step('failed', t('calls.deviceTitleMicrophone'), deviceFailureText(microphone.failure));
    default:
      return microphone satisfies never;
  }
}

export function cameraWords({ camera }: DeviceCheckState): StepWords {
  switch (camera.state) {
    case 'idle':
      return step('idle', t('devices.asksLater'));
    case 'asking':
      return step('running', t('devices.asking'));
    case 'ok':
      return step('ok', t('devices.cameraOk'));
    case 'failed':
      return step('failed', t('calls.deviceTitleCamera'), deviceFailureText(camera.failure));
    default:
      return camera satisfies never;
  }
}

export function speakerWords({ speaker }: DeviceCheckState): StepWords {
  if (speaker === 'heard') return step('ok', t('devices.speakerOk'));
  if (speaker === 'not-heard') return step('watch', t('devices.speakerSilent'), t('devices.speakerFix'));
  if (speaker === 'asking') return step('running', t('devices.speakerQuestion'));
  return step(speaker === 'playing' ? 'running' : 'idle', t('devices.speakerAsk'));
}

export function networkWords({ line }: DeviceCheckState): StepWords {
  if (line === null) return step('running', t('devices.networkRunning'));
  if (line.kind === 'offline') return step('failed', t('devices.networkOffline'), t('devices.networkOfflineFix'));
  if (line.kind === 'blocked') return step('failed', t('devices.networkBlocked'), t('devices.networkBlockedFix'));
  const ms = line.roundTripMs;
  if (ms > slowMs) return step('watch', t('devices.networkSlow', { ms }), t('devices.networkSlowFix'));
  return step('ok', t(line.kind === 'media' ? 'devices.networkMedia' : 'devices.networkLine', { ms }));
}

export function resultWords(state: DeviceCheckState): StepWords {
  if (state.browser !== 'ok') return step('failed', t('devices.resultNoCall'));
  if (state.line?.kind === 'blocked' || state.line?.kind === 'offline') return step('failed', t('devices.resultNoLine'));
  const found = readinessOf(state);
  if (found === null) return step('idle', t('devices.resultPending'));
  return step(found === 'ready' ? 'ok' : 'watch', t(results[found]));
}

const results = {
  ready: 'devices.resultReady',
  'sound-only': 'devices.resultSoundOnly',
  'text-only': 'devices.resultTextOnly',
} as const satisfies Record<Readiness, string>;
