import { html, nothing, type TemplateResult } from 'lit';
import circleAlert from 'lucide-static/icons/circle-alert.svg?icon';
import circleCheck from 'lucide-static/icons/circle-check.svg?icon';
import info from 'lucide-static/icons/info.svg?icon';
import triangleAlert from 'lucide-static/icons/triangle-alert.svg?icon';

const icons = { info, success: circleCheck, warning: triangleAlert, danger: circleAlert };

/**
 * A boxed message in the flow of the page; at most one before the h1. `outcome` is for the result of the person's own
 * act and is spoken at once; anything else is silent and gets a heading.
 */
export function notice({
  kind,
  heading,
  body,
  outcome = false,
}: {
  kind: keyof typeof icons;
  heading?: string;
  body?: unknown;
  outcome?: boolean;
}): TemplateResult {
  return html`<div class="notice notice-${kind}" role=${outcome ? 'alert' : nothing}>
    ${icons[kind]}
    <div class="notice-words">
      ${heading === undefined ? nothing : html`<h2 class="notice-heading">${heading}</h2>`}
      ${body === undefined ? nothing : html`<div>${body}</div>`}
    </div>
  </div>`;
}
