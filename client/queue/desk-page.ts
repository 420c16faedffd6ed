import { html, type TemplateResult } from 'lit';
import type { CallId, OfficeId } from '../../server/protocol/ids.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { GovPage } from '../ui/gov-page.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Desk } from './desk.ts';
import './desk-bar.ts';
import { todayTable } from './today-table.ts';
import { parkedTable, waitingTable } from './waiting-table.ts';

/** The line as the official sees it: who waits, and who has an appointment today. */
export class DeskPage extends GovPage {
  static override properties = {
    desk: { attribute: false },
    offices: { attribute: false },
    officeId: { attribute: false },
    callPath: { attribute: false },
  };
  declare desk: Desk;
  declare offices: Observable<KnownOffices>;
  declare officeId: OfficeId | null;
  declare callPath: (callId: CallId) => string;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.desk.state, this.offices]));
  }

  protected override render(): TemplateResult {
    const { desk, callPath } = this;
    const offices = this.offices.value;
    return html`<div class="frame desk-page">
      <div class="desk-head">
        <h1>${t('inbox.lineTitle')}</h1>
        <gov-desk-bar .desk=${desk} .offices=${this.offices} .officeId=${this.officeId} .callPath=${callPath}></gov-desk-bar>
      </div>
      <section aria-labelledby="who-waits">
        <h2 id="who-waits">${t('inbox.whoWaits')}</h2>
        ${waitingTable({ desk, offices, callPath })}
      </section>
      ${parkedTable({ desk, offices, callPath })}
      <section aria-labelledby="today">
        <h2 id="today">${t('inbox.todayTitle')}</h2>
        ${todayTable(desk.state.value.appointments, offices)}
      </section>
    </div>`;
  }
}

customElements.define('gov-desk-page', DeskPage);
