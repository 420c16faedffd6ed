import { cryptoReady } from '../../server/protocol/sodium.ts';
import { frozen } from '../vectors/frozen.ts';
import { published } from '../vectors/published.ts';
import { type Outcome, run } from '../vectors/suite.ts';

declare global {
  var runVectors: (() => Promise<readonly Outcome[]>) | undefined;
}

await cryptoReady;
globalThis.runVectors = () => run([...published, ...frozen]);
