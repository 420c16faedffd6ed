// What `npm start` and `npm test` begin with. Plain JavaScript without dependencies, for the Node 20 a machine may have:
// it installs the dependencies, finds the Node 24 among them, and hands over.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const requiredNodeMajor = 24;
const root = fileURLToPath(new URL('..', import.meta.url));
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const programs = {
  start: 'deploy/start.ts',
  test: 'deploy/test.ts',
  evil: 'deploy/evil.ts',
  fuzz: 'deploy/fuzz.ts',
  schalter: 'deploy/schalter.ts',
  bench: 'test/bench/main.ts',
};

try {
  const [task, ...parameters] = process.argv.slice(2);
  if (!(task in programs)) throw new Error(`Usage: node deploy/run.mjs ${Object.keys(programs).join('|')}`);
  if (process.platform !== 'linux') throw new Error('Schalter runs on Linux. Elsewhere, run it in a Linux container or virtual machine.');
  if (!areDependenciesCurrent()) await installDependencies();
  process.exitCode = await exitCodeOf(
    spawn(findNode(), [join(root, programs[task]), ...parameters], { cwd: task === 'schalter' ? process.cwd() : root, stdio: 'inherit' }),
  );
} catch (error) {
  console.error(error.message);
  if (process.argv[2] === 'test') console.log('0 passed, 1 failed');
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
  const wanted = Object.entries(readPackages('package-lock.json')).flatMap(([path, { optional }]) => (path && !optional ? [path] : []));
  console.log(`installing ${wanted.length} dependencies`);
  const parameters = 'ci --ignore-scripts --include=dev --include=optional --loglevel=http --fetch-retry-maxtimeout=20000'.split(' ');
  const npm = spawn('npm', parameters, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = [];
  npm.stderr.setEncoding('utf8').on('data', (text) => lines.push(...text.split('\n')));
  const started = Date.now();
  const ticker = setInterval(() => {
    const presentCount = wanted.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    const answer = /attempt \d+ failed/.test(lines.at(-2)) ? ', no answer from the registry, trying again' : '';
    const elapsed = Math.round((Date.now() - started) / 1000);
    console.log(`installing dependencies: ${presentCount} of ${wanted.length}${answer}, ${elapsed} s`);
  }, 5_000);
  const code = await exitCodeOf(npm).finally(() => clearInterval(ticker));
  if (code > 128) process.exit(code);
  if (code !== 0) throw new Error(`The dependencies could not be installed${reasonAmong(lines)}`);
}

/** The line of npm's complaint that says something to somebody who does not know npm, and what to do. */
function reasonAmong(lines) {
  const reason = lines.flatMap((line) => /^npm (?:error|ERR!) (?!code |syscall |errno |path |\s)(.+)/.exec(line)?.[1] ?? [])[0];
  const isNetwork = lines.some((line) => /attempt \d+ failed/.test(line));
  const advice = isNetwork ? "Check the network and npm's proxy settings, then run" : 'Run';
  return `${reason ? `: ${reason}` : '.'}\n${advice}: npm ci --ignore-scripts`;
}

function findNode() {
  const bundled = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  if (existsSync(bundled)) return bundled;
  if (Number.parseInt(process.versions.node, 10) >= requiredNodeMajor) return process.execPath;
  throw new Error(
    `There is no Node ${requiredNodeMajor} for ${process.arch} among the dependencies. Install Node ${requiredNodeMajor} and try again.`,
  );
}

/** Waits for the end of a program, passes signals on to it meanwhile, and answers with its exit code. */
async function exitCodeOf(child) {
  const passOn = (signal) => child.kill(signal);
  for (const signal of stopSignals) process.on(signal, passOn);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${child.spawnfile} could not be started: ${error.message}`)));
    child.on('close', (...end) => resolve(end));
  });
  for (const name of stopSignals) process.off(name, passOn);
  return code ?? 128 + constants.signals[signal];
}
