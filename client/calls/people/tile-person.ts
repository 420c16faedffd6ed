import type { CallRole, PictureQuality } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { t } from '../../i18n/translate.ts';

/** Somebody in a call, as a tile draws him. */
export interface TilePerson {
  readonly accountId: AccountId;
  readonly role: CallRole;
  readonly name: string;
  /** What he is here: "Interpreter", the office's name. */
  readonly title: string;
  readonly isHere: boolean;
  /** Null: off, or not to be had. */
  readonly camera: MediaStreamTrack | null;
  readonly screen: MediaStreamTrack | null;
  readonly voice: MediaStreamTrack | null;
  readonly isMuted: boolean;
  readonly isSpeaking: boolean;
  readonly isSigning: boolean;
  /** What the line leaves of the picture that is shown. */
  readonly quality: PictureQuality;
  /** Whether his keys are agreed, so that what he sends can be opened. */
  readonly trust: 'agreeing' | 'encrypted' | 'alarm';
}

/** Oneself has no account before joining. */
export type OwnTilePerson = Omit<TilePerson, 'accountId'>;

const roleTexts = {
  citizen: 'calls.roleCitizen',
  official: 'calls.roleOfficial',
  colleague: 'calls.roleColleague',
  relative: 'calls.roleRelative',
  interpreter: 'calls.roleInterpreter',
  captioner: 'calls.roleCaptioner',
} as const satisfies Record<CallRole, string>;

export function roleText(role: CallRole): string {
  return t(roleTexts[role]);
}

/** What is to be known of somebody besides name and role, each as words: a colour or an outline alone says nothing. */
export function statesOf(person: OwnTilePerson): readonly string[] {
  if (!person.isHere) return [t('calls.waitingFor')];
  if (person.trust === 'alarm') return [t('calls.stateNotVerified')];
  if (person.role === 'captioner') return [t('calls.stateCaptions')];
  return [
    person.isSigning ? t('calls.stateSigning') : '',
    person.isSpeaking && !person.isMuted ? t('calls.stateSpeaking') : '',
    person.trust === 'agreeing' ? t('calls.stateVerifying') : '',
    person.camera === null && person.screen === null && person.quality !== 'none' ? t('calls.cameraOffState') : '',
    person.isMuted ? t('calls.mutedState') : '',
    person.quality === 'reduced' ? t('calls.stateReduced') : '',
    person.quality === 'none' ? t('calls.statePaused') : '',
  ].filter((state) => state !== '');
}
