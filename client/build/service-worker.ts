import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { catalogues } from './catalogues.ts';

const entry = fileURLToPath(new URL('../notifications/service-worker.ts', import.meta.url));

/** Writes `service-worker.js`: one file, at the root, under a name that stays, as browsers want it. */
export function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: (_config, { command }) => command === 'build',
    async generateBundle() {
      const outputs = await build({
        configFile: false,
        logLevel: 'error',
        plugins: [catalogues()],
        build: { write: false, lib: { entry, formats: ['iife'], name: 'serviceWorker' } },
      });
      const [output] = Array.isArray(outputs) ? outputs : [];
      const [chunk] = output?.output ?? [];
      if (chunk?.type !== 'chunk') throw new Error('the service worker was not bundled');
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: chunk.code });
    },
  };
}
