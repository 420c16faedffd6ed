import { Command } from 'commander';
import { cryptoReady } from '../server/protocol/sodium.ts';
import { registryCommand } from './registry/commands.ts';

const schalter = new Command('schalter').description('Tools for those who run Schalter').addCommand(registryCommand());

try {
  await cryptoReady;
  await schalter.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
