import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import type { Fault } from './fault.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Switches one check of the product off while its source is loaded; the files stay as they are. */
export function plant(fault: Fault): Plugin {
  const path = join(root, fault.file);
  return {
    name: `fault ${fault.id}`,
    enforce: 'pre',
    transform: (code, id) => (id.split('?')[0] === path ? withFault(fault, code) : undefined),
  };
}

/** The source with the fault in it. Throws when the line it is planted in is there no more, or twice: then the fault must be looked at again. */
export function withFault({ id, file, search, replace }: Fault, source: string = readFileSync(join(root, file), 'utf8')): string {
  const found = source.split(search).length - 1;
  if (found !== 1) throw new Error(`fault ${id}: its line occurs ${found} times in ${file}, and must occur once: ${search}`);
  return source.replace(search, () => replace);
}
