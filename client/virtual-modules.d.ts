declare module 'virtual:catalogues' {
  type Message = (values: Readonly<Record<string, string | number>>) => string;
  /** By "locale/area"; each loads one or more areas of messages. */
  const loaders: Readonly<Record<string, () => Promise<Readonly<Record<string, Readonly<Record<string, Message>>>>>>>;
  export default loaders;
}

declare module '*.svg?icon' {
  import type { TemplateResult } from 'lit';
  const icon: TemplateResult;
  export default icon;
}

// The package has the types, under another name.
declare module '@messageformat/core/compile-module.js' {
  export { default } from '@messageformat/core/lib/compile-module.js';
}

declare module 'virtual:catalogue/*/notices' {
  const messages: Readonly<
    Record<'turnTitle' | 'turnText' | 'messageTitle' | 'messageText', (values: Readonly<Record<string, string>>) => string>
  >;
  export default messages;
}
