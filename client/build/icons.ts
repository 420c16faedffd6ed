import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const suffix = '.svg?icon';

/** `import send from 'lucide-static/icons/send.svg?icon'` gives a Lit template: no network, and nothing Trusted Types would stop. */
export function icons(): Plugin {
  return {
    name: 'icons',
    enforce: 'pre',
    resolveId: (id) => (id.endsWith(suffix) ? `\0icon:${id.slice(0, -'.svg?icon'.length)}` : undefined),
    async load(id) {
      if (!id.startsWith('\0icon:')) return undefined;
      const file = fileURLToPath(import.meta.resolve(`${id.slice('\0icon:'.length)}.svg`));
      const shapes = (await readFile(file, 'utf8')).replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, '').replaceAll(/\s*\n\s*/g, '');
      return `import { html } from 'lit';\nexport default html\`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${shapes}</svg>\`;`;
    },
  };
}
