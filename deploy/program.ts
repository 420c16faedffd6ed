import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { lastLines, root } from './command.ts';

const stopTimeoutMs = 15_000;
const logLine = z.object({ msg: z.string(), err: z.object({ message: z.string() }).optional() });

/** A program of ours that keeps running, with its log in a file. */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  /** Resolves when it has ended, however it ended. */
  readonly ended: Promise<void>;

  constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name;
    this.#child = child;
    this.#logFile = logFile;
    this.ended = new Promise((resolve) => {
      child.on('error', () => resolve());
      child.on('exit', () => resolve());
    });
  }

  /** Asks it to stop, waits, and insists after a while. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), stopTimeoutMs);
    await this.ended;
    clearTimeout(insist);
  }

  /** What to tell when it ended by itself. */
  async describeEnd(): Promise<string> {
    const { exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `exit code ${exitCode}` : signalCode;
    const log = await readFile(this.#logFile, 'utf8').catch(() => '');
    return `The ${this.name} ended by itself (${how}). The last lines of ${this.#logFile}:\n${lastLines(log.split('\n').map(readLogLine).join('\n'), 12)}`;
  }
}

/** Our programs write one JSON object a line; a person wants its words. What else a program writes is left as it is. */
function readLogLine(line: string): string {
  try {
    const { msg, err } = logLine.parse(JSON.parse(line));
    return err ? `${msg}: ${err.message}` : msg;
  } catch {
    return line;
  }
}

/** Starts one of our TypeScript programs; the log of the time before is kept as `….previous`. */
export async function startProgram(options: {
  name: string;
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
}): Promise<Program> {
  await rename(options.logFile, `${options.logFile}.previous`).catch(() => undefined);
  const log = await open(options.logFile, 'a', 0o600);
  try {
    // In a process group of its own, so that Ctrl-C reaches only us and we can stop everything in order.
    const child = spawn(process.execPath, [options.file, ...options.args], {
      cwd: root,
      env: options.env,
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    const program = new Program(options.name, child, options.logFile);
    await Promise.race([once(child, 'spawn'), program.ended]);
    return program;
  } finally {
    await log.close();
  }
}
