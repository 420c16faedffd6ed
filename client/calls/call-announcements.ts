import type { AccountId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import type { CallConnectionState } from './call-connection.ts';
import type { SecurityState } from './people/security-line.ts';
import { securityText } from './people/security-line.ts';
import type { TilePerson } from './people/tile-person.ts';

export interface AnnouncedCall {
  readonly connection: CallConnectionState;
  readonly others: readonly TilePerson[];
  readonly security: SecurityState;
  readonly isHeld: boolean;
  readonly leader: { readonly accountId: AccountId; readonly name: string };
}

export interface CallAnnouncement {
  readonly text: string;
  readonly urgent: boolean;
}

/** What a screen reader hears of a call besides its text: fed with every state, it gives what changed, each change once. */
export class CallAnnouncements {
  #before: AnnouncedCall | null = null;
  #wasEncrypted = false;

  next(now: AnnouncedCall): readonly CallAnnouncement[] {
    const before = this.#before;
    this.#before = now;
    if (before === null) return [];
    const texts = [
      ...(now.connection === before.connection ? [] : connectionNews(now.connection, before.connection)),
      ...presenceNews(now, before),
      ...(now.isHeld === before.isHeld ? [] : [t(now.isHeld ? 'calls.announceHeld' : 'calls.announceResumed')]),
      ...(now.leader.accountId === before.leader.accountId ? [] : [t('calls.announceLeader', { name: now.leader.name })]),
    ];
    return [...texts.map((text) => ({ text, urgent: false })), ...this.#securityNews(now.security, before.security)];
  }

  /** Keys are agreed anew whenever somebody comes or goes: that it is encrypted is said once, that it is not each time. */
  #securityNews(now: SecurityState, before: SecurityState): readonly CallAnnouncement[] {
    if (now === before || (now !== 'alarm' && now !== 'encrypted')) return [];
    if (now === 'encrypted' && this.#wasEncrypted) return [];
    this.#wasEncrypted = now === 'encrypted';
    return [{ text: now === 'alarm' ? t('safety.alarmTitle') : securityText(now), urgent: now === 'alarm' }];
  }
}

function connectionNews(now: CallConnectionState, before: CallConnectionState): readonly string[] {
  if (now === 'interrupted') return [t('calls.stateReconnecting')];
  return now === 'connected' || (now === 'joined' && before === 'interrupted') ? [t('calls.stateConnected')] : [];
}

function presenceNews(now: AnnouncedCall, before: AnnouncedCall): readonly string[] {
  const wasHere = new Set(before.others.filter(({ isHere }) => isHere).map(({ accountId }) => accountId));
  const isHere = new Set(now.others.filter((person) => person.isHere).map(({ accountId }) => accountId));
  return [
    ...now.others
      .filter(({ accountId }) => isHere.has(accountId) && !wasHere.has(accountId))
      .map(({ name }) => t('calls.announceJoined', { name })),
    ...before.others
      .filter(({ accountId }) => wasHere.has(accountId) && !isHere.has(accountId))
      .map(({ name }) => t('calls.announceLeft', { name })),
  ];
}
