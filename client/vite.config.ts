import { defineConfig } from 'vite';
import { catalogues } from './build/catalogues.ts';
import { icons } from './build/icons.ts';
import { localePages } from './build/locale-pages.ts';
import { serviceWorker } from './build/service-worker.ts';

/** Lit, the router, the elements, the language functions, the icons, and the HTTP calls. */
const frameModules =
  /node_modules\/(lit|@lit|@lit-labs|lit-html|lit-element|@messageformat)\/|client\/(ui|i18n)\/[\w-]+\.ts$|client\/net\/(observable|http|request-error)\.ts$|^\0icon:/;

export default defineConfig({
  root: import.meta.dirname,
  plugins: [catalogues(), icons(), localePages({ startPage: { module: '/offices/start-page.ts', area: 'offices' } }), serviceWorker()],
  css: { transformer: 'lightningcss' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'baseline-widely-available',
    // Files only: the content security policy has no room for inline scripts, styles or data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // libsodium alone is larger than the default limit; it is fetched only where something is sealed or opened.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What nearly every page uses travels as one file instead of thirty.
        codeSplitting: { groups: [{ name: 'frame', test: frameModules }] },
      },
    },
  },
  worker: { format: 'es' },
});
