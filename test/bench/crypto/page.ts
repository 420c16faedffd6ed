import { type Figure, measure } from './suite.ts';

declare global {
  var measure: (() => Promise<readonly Figure[]>) | undefined;
}

globalThis.measure = measure;
