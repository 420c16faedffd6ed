import { html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import { GovElement } from './gov-element.ts';
import './qr-code.css';

/** Modules of white around a code (ISO/IEC 18004 §6.3.8). */
const quietZone = 4;

/** A text as a QR code, dark on white in every colour scheme. What draws it is loaded when the first one is shown. */
export class QrCode extends GovElement {
  static override properties = { text: { attribute: false }, label: { attribute: false }, modules: { state: true } };
  declare text: string;
  /** What a screen reader says in its place. */
  declare label: string;
  declare modules: readonly (readonly boolean[])[];

  constructor() {
    super();
    this.text = '';
    this.label = '';
    this.modules = [];
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('text')) void this.#encode(this.text);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { length } = this.modules;
    if (length === 0) return nothing;
    return html`<svg class="qr-code" role="img" aria-label=${this.label} viewBox="0 0 ${length} ${length}" shape-rendering="crispEdges">
      ${svg`<rect class="qr-code-paper" width=${length} height=${length}></rect><path class="qr-code-ink" d=${pathOf(this.modules)}></path>`}
    </svg>`;
  }

  async #encode(text: string): Promise<void> {
    const { default: encodeQr } = await import('qr');
    if (text === this.text) this.modules = encodeQr(text, 'raw', { ecc: 'medium', border: quietZone });
  }
}

/** One box for each dark module. */
function pathOf(modules: readonly (readonly boolean[])[]): string {
  return modules
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
    .filter((part) => part !== '')
    .join('');
}

customElements.define('gov-qr-code', QrCode);
