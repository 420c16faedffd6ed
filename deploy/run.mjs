// What `npm start` and `npm test` begin with. Plain JavaScript without dependencies, for the Node 20 a machine may have:
// it installs the dependencies, finds the Node 24 among them, and hands over.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const requiredNodeMajor = 24;
const root = fileURLToPath(new URL('..', import.meta.url));
const programs = { start: 'deploy/start.ts', test: 'deploy/test.ts' };

try {
  const [task, ...parameters] = process.argv.slice(2);
  if (!(task in programs)) throw new Error(`Usage: node deploy/run.mjs ${Object.keys(programs).join('|')}`);
  if (process.platform !== 'linux') throw new Error('Schalter runs on Linux. Elsewhere, run it in a Linux container or virtual machine.');
  if (!areDependenciesCurrent()) await installDependencies();
  process.exitCode = await handOver([programs[task], ...parameters]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Compares what npm says it installed with the lockfile; an interrupted installation has left no such list. */
function areDependenciesCurrent() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  const isCurrent = ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version;
  return Object.entries(wanted).every(isCurrent) && platformPackages().every((path) => installed[path]?.version === wanted[path]?.version);
}

/** The optional packages that this machine cannot do without. */
function platformPackages() {
  return Object.keys(readPackages('package-lock.json')).filter((path) => new RegExp(`linux-${process.arch}$`).test(path));
}

function readPackages(path) {
  const file = join(root, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

async function installDependencies() {
  const total = Object.values(readPackages('package-lock.json')).filter((entry) => entry.optional !== true).length;
  console.log(`installing ${total} dependencies`);
  const command = 'npm ci --ignore-scripts';
  const npm = spawn(`${command} --loglevel=http`, { cwd: root, shell: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const complaints = [];
  let fetched = 0;
  npm.stderr.setEncoding('utf8').on('data', (text) => {
    for (const line of text.split('\n')) {
      if (line.includes('http fetch') || line.includes('http cache')) fetched += 1;
      else if (/^npm (error|ERR!)/.test(line)) complaints.push(line);
    }
  });
  const started = Date.now();
  const ticker = setInterval(
    () => console.log(`installing dependencies: ${fetched} fetched, ${Math.round((Date.now() - started) / 1000)} s`),
    5_000,
  );
  const [code] = await ended(npm).finally(() => clearInterval(ticker));
  if (code !== 0) throw new Error(`The dependencies could not be installed. Run: ${command}\n${complaints.slice(0, 6).join('\n')}`);
}

function findNode() {
  const bundled = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  if (existsSync(bundled)) return bundled;
  if (Number.parseInt(process.versions.node, 10) >= requiredNodeMajor) return process.execPath;
  throw new Error(
    `There is no Node ${requiredNodeMajor} for ${process.arch} among the dependencies. Install Node ${requiredNodeMajor} and try again.`,
  );
}

/** Runs a program under Node 24, passes signals on, and answers with its exit code. */
async function handOver(parameters) {
  const child = spawn(findNode(), parameters, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await ended(child);
  return code ?? 128 + constants.signals[signal];
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${child.spawnfile} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => resolve([code, signal]));
  });
}
