import { html, nothing, type TemplateResult } from 'lit';
import type { RequestFunction } from '../net/request.ts';
import { Push } from '../notifications/push.ts';
import '../notifications/push-offer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Core } from './core.ts';

/** One a session, however often its page is opened. */
const pushes = new WeakMap<RequestFunction, Push>();

/** The offer of notices in the waiting room; on a device that is not the person's own there is none. Comes with the room, not with the shell. */
export class TellMe extends GovElement {
  static override properties = { core: { attribute: false } };
  declare core: Core;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.core.ownDevice]));
  }

  protected override render(): TemplateResult | typeof nothing {
    const { request, ownDevice } = this.core;
    if (ownDevice.value === 'passing') return nothing;
    const push = pushes.get(request) ?? new Push(request);
    pushes.set(request, push);
    return html`<gov-push-offer .push=${push}></gov-push-offer>`;
  }
}

customElements.define('gov-tell-me', TellMe);
