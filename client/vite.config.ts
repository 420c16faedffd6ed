import { defineConfig } from 'vite';
import { catalogues } from './build/catalogues.ts';
import { icons } from './build/icons.ts';
import { localePages } from './build/locale-pages.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [catalogues(), icons(), localePages()],
  css: { transformer: 'lightningcss' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'baseline-widely-available',
    // Files only: the content security policy has no room for inline scripts, styles or data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
});
