import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';

/** From here on every step counts. */
const closePlace = 3;
const quietMs = 2 * 60_000;

/** Speaks the place: on joining, at each step when it is close, otherwise every two minutes at most. */
export class PlaceAnnouncer {
  #place: number | null = null;
  #saidAt = 0;

  moved(ticket: string, place: number): void {
    if (place === this.#place) return;
    const first = this.#place === null;
    this.#place = place;
    if (!first && place > closePlace && Date.now() - this.#saidAt < quietMs) return;
    this.#saidAt = Date.now();
    announcer().announce(first ? t('queue.announceJoined', { ticket, place }) : t('queue.announcePlace', { place }));
  }
}
