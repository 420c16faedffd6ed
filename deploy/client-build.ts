import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lastLines, packageProgram, root, runCommand } from './command.ts';
import { showProgress } from './progress.ts';

const stamp = join(root, 'node_modules/.cache/schalter/client-build');

/** Builds client/dist, unless it is there and nothing that goes into it has changed. */
export async function buildClient(): Promise<void> {
  const inputs = await hashInputs();
  if ((await read(join(root, 'client/dist/index.html'))) !== '' && (await read(stamp)) === inputs) return;
  const vite = [packageProgram('vite/bin/vite.js'), 'build', '--config', 'client/vite.config.ts'];
  const { ok, output } = await showProgress('building the pages', runCommand(process.execPath, vite));
  if (!ok) throw new Error(`${lastLines(output, 12)}\nThe pages could not be built. Try: npx vite build --config client/vite.config.ts`);
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, inputs);
}

async function hashInputs(): Promise<string> {
  const files = (await Promise.all(['client', 'server/protocol'].map(listFiles))).flat();
  const hash = createHash('sha256');
  for (const file of [...files, 'package-lock.json'].sort()) hash.update(`${file}\0`).update(await readFile(join(root, file)));
  return hash.digest('hex');
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(join(root, directory), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  return files.filter((file) => !file.startsWith('client/dist/'));
}

async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
