import type { TemplateResult } from 'lit';
import type { Area } from '../i18n/areas.ts';

/** A page: its address without the language, what it needs, and its element. */
export interface Route {
  /** A URLPattern pathname: "/conversations/:conversationId". */
  readonly path: string;
  /** Catalogues it uses besides the common ones (errors, shell, time, ui). */
  readonly areas: readonly Area[];
  /** Whether the page takes the whole window's width: workspaces of officials. */
  readonly wide?: boolean;
  /** Brings the element's module. */
  readonly load: () => Promise<unknown>;
  readonly render: (params: Readonly<Record<string, string | undefined>>) => TemplateResult;
}
