import type { CallRole } from '../../server/protocol/calls.ts';
import { t } from '../i18n/translate.ts';
import type { CallConnection } from './call-connection.ts';

/** The state of things in words, only while there is something to say. */
export function stateWords({
  connection: { state, call, own, people },
  role,
}: {
  readonly connection: Pick<CallConnection, 'state' | 'call' | 'own' | 'people'>;
  readonly role: CallRole;
}): readonly string[] {
  const isAlone = !people.value.some(({ isHere }) => isHere);
  const { line } = own.value;
  const isHeld = call.value?.held === true;
  return [
    state.value === 'joining' ? t('calls.stateConnecting') : '',
    state.value === 'interrupted' ? t('calls.stateReconnecting') : '',
    isAlone && state.value !== 'joining' ? t('calls.stateWaiting') : '',
    isHeld ? t(role === 'official' ? 'calls.heldByMe' : 'calls.heldByOffice', { name: call.value.official.displayName }) : '',
    state.value === 'connected' && line === 'weak' ? t('calls.lineWeak') : '',
    state.value === 'connected' && line === 'bad' ? t('calls.lineBad') : '',
  ].filter((words) => words !== '');
}
