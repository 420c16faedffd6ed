import { loadavg } from 'node:os';
import { measureForwarding } from './forwarding.ts';
import { measureJoining } from './joining.ts';

/** `npm run bench -- call [joining|forwarding]`; without a word both. */
const parts = { joining: measureJoining, forwarding: measureForwarding };
const [, wanted] = process.argv.slice(2);
console.log(`load of the machine at the start: ${loadavg()[0]?.toFixed(1)}`);
for (const [name, measure] of Object.entries(parts)) if (wanted === undefined || wanted === name) await measure();
