import { html, type TemplateResult } from 'lit';
import type { MessageKey } from '../i18n/areas.ts';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';

interface TextPageContent {
  readonly title: MessageKey;
  readonly lead: MessageKey;
  readonly sections: readonly { readonly heading: MessageKey; readonly text: MessageKey }[];
}

const contents = {
  help: {
    title: 'shell.help',
    lead: 'help.helpLead',
    sections: [
      { heading: 'help.passkeyTitle', text: 'help.passkeyText' },
      { heading: 'help.signInTitle', text: 'help.signInText' },
      { heading: 'help.callTitle', text: 'help.callText' },
      { heading: 'help.staffKeysTitle', text: 'help.staffKeysText' },
      { heading: 'help.personTitle', text: 'help.personText' },
    ],
  },
  privacy: {
    title: 'shell.privacy',
    lead: 'help.privacyLead',
    sections: [
      { heading: 'help.cookieTitle', text: 'help.cookieText' },
      { heading: 'help.keysTitle', text: 'help.keysText' },
      { heading: 'help.unsentTitle', text: 'help.unsentText' },
      { heading: 'help.serverTitle', text: 'help.serverText' },
      { heading: 'help.deleteTitle', text: 'help.deleteText' },
    ],
  },
  accessibility: {
    title: 'shell.accessibility',
    lead: 'help.accessibilityLead',
    sections: [
      { heading: 'help.accessibleTitle', text: 'help.accessibleText' },
      { heading: 'help.gapsTitle', text: 'help.gapsText' },
      { heading: 'help.feedbackTitle', text: 'help.feedbackText' },
      { heading: 'help.complaintTitle', text: 'help.complaintText' },
    ],
  },
  administration: {
    title: 'help.adminTitle',
    lead: 'help.adminLead',
    sections: [
      { heading: 'help.adminNowTitle', text: 'help.adminNowText' },
      { heading: 'help.adminReadTitle', text: 'help.adminReadText' },
    ],
  },
} as const satisfies Record<string, TextPageContent>;

/** A page of plain text: help, what is kept on the device, the accessibility statement. */
export class TextPage extends GovElement {
  static override properties = { page: { attribute: false } };
  declare page: keyof typeof contents;

  protected override render(): TemplateResult {
    const { title, lead, sections } = contents[this.page];
    return html`<div class="prose">
      <h1>${t(title)}</h1>
      <p class="lead">${t(lead)}</p>
      ${sections.map(({ heading, text }) => html`<h2>${t(heading)}</h2><p>${t(text)}</p>`)}
    </div>`;
  }
}

customElements.define('gov-text-page', TextPage);
