import { html, nothing, type TemplateResult } from 'lit';
import type { InboxId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { BoxAudit } from './box-audit.ts';

/** Says in words that nothing may be sealed to the inbox, as long as it is so. */
export class AuditNotice extends GovElement {
  static override properties = { audit: { attribute: false }, inboxId: { attribute: false } };
  declare audit: BoxAudit;
  declare inboxId: InboxId;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.audit.state(this.inboxId)]));
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.audit.state(this.inboxId).value !== 'failed') return nothing;
    return notice({ kind: 'danger', heading: t('team.auditFailedTitle'), body: html`<p>${t('team.auditFailedText')}</p>` });
  }
}

customElements.define('gov-audit-notice', AuditNotice);
