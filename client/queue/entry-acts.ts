import type { CallId, ServiceId } from '../../server/protocol/ids.ts';
import { priorityReasons, type PriorityReason, type WaitingEntry } from '../../server/protocol/queue.ts';
import { findService, serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { navigate } from '../ui/navigate.ts';
import { askChoice } from './ask-choice.ts';
import { type Desk, mayCall } from './desk.ts';
import { reasonText } from './entry-facts.ts';

/** What an official does with one entry of the line; each says what came of it. */
export interface EntryActs {
  readonly call: (entry: WaitingEntry) => Promise<void>;
  readonly callAgain: (entry: WaitingEntry) => Promise<void>;
  readonly markMissed: (entry: WaitingEntry) => Promise<void>;
  readonly park: (entry: WaitingEntry) => Promise<void>;
  readonly prioritise: (entry: WaitingEntry) => Promise<void>;
  readonly redirect: (entry: WaitingEntry) => Promise<void>;
}

export function entryActs({
  desk,
  offices,
  callPath,
}: {
  readonly desk: Desk;
  readonly offices: KnownOffices;
  readonly callPath: (callId: CallId) => string;
}): EntryActs {
  return {
    async call({ entryId, servable }) {
      if (!servable || !mayCall(desk.state.value)) return;
      const callId = await desk.accept(entryId);
      if (callId !== null) navigate(callPath(callId));
    },
    async callAgain({ entryId, ticketNumber }) {
      say(await desk.callAgain(entryId), t('inbox.calledAgain', { ticket: ticketNumber }));
    },
    // That he did not come is told to everybody whose call it was, however that was found out.
    async markMissed({ entryId }) {
      await desk.markMissed(entryId);
    },
    async park({ entryId, ticketNumber }) {
      say(await desk.park(entryId), t('inbox.parkedNow', { ticket: ticketNumber }));
    },
    async prioritise({ entryId, ticketNumber, priority }) {
      if (priority !== null) {
        say(await desk.prioritise(entryId, null), t('inbox.firstNoMore', { ticket: ticketNumber }));
        return;
      }
      const reason = await askChoice<PriorityReason>({
        heading: t('inbox.firstTitle', { ticket: ticketNumber }),
        text: t('inbox.firstText'),
        legend: t('inbox.firstReason'),
        choices: priorityReasons.map((value) => ({ value, words: reasonText(value) })),
        confirm: t('inbox.first'),
      });
      if (reason !== null) say(await desk.prioritise(entryId, reason), t('inbox.firstNow', { ticket: ticketNumber }));
    },
    async redirect({ entryId, ticketNumber, serviceId }) {
      const others = findService(offices.offices, serviceId)?.office.services.filter((service) => service.serviceId !== serviceId) ?? [];
      const chosen = await askChoice<ServiceId>({
        heading: t('inbox.redirectTitle', { ticket: ticketNumber }),
        text: t('inbox.redirectText'),
        legend: t('inbox.service'),
        choices: others.map((service) => ({ value: service.serviceId, words: service.name[locale()] })),
        confirm: t('inbox.redirect'),
      });
      if (chosen === null) return;
      const name = serviceName(offices.offices, chosen);
      say(await desk.redirect(entryId, chosen), t('inbox.redirected', { ticket: ticketNumber, service: name }));
    },
  };
}

function say(isDone: boolean, text: string): void {
  if (isDone) announcer().announce(text);
}
