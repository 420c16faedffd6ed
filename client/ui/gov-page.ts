import type { PropertyValues } from 'lit';
import { GovElement } from './gov-element.ts';
import { setPageTitle } from './page-title.ts';

/** A whole page: its h1 is the document's title, also when the heading changes after data arrived. */
export class GovPage extends GovElement {
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const heading = this.querySelector<HTMLElement>('h1');
    if (heading === null) return;
    // The shell moves the focus here when somebody arrives.
    heading.tabIndex = -1;
    setPageTitle(heading.textContent.trim());
  }
}
