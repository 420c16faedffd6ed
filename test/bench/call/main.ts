import { measureForwarding } from './forwarding.ts';

await measureForwarding();
