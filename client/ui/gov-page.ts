import type { PropertyValues } from 'lit';
import { GovElement } from './gov-element.ts';
import { adoptHeading } from './page-title.ts';

/** A whole page: its h1 is the document's title, also when the heading changes after data arrived. */
export class GovPage extends GovElement {
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    adoptHeading(this);
  }
}
