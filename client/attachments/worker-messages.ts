import { isRetryable, type ErrorCode } from '../../server/protocol/errors.ts';
import { RequestError } from '../net/request-error.ts';
import { FileError, type FileProblem } from './file-error.ts';
import type { FileTasks } from './file-tasks.ts';

/** The name of a worker that keeps nothing: the account is on somebody else's device. */
export const passingName = 'passing';

export type TaskName = keyof FileTasks;
export type TaskRequest<Name extends TaskName> = Parameters<FileTasks[Name]>[0];
export type TaskResult<Name extends TaskName> = Awaited<ReturnType<FileTasks[Name]>>;

/** To the worker: do this, or stop doing it. */
export type ToWorker =
  | { readonly [Name in TaskName]: { readonly id: number; readonly task: Name; readonly request: TaskRequest<Name> } }[TaskName]
  | { readonly id: number; readonly task: 'stop' };

/** From the worker, any number of `progress` before one of the others. */
export type FromWorker =
  | { readonly id: number; readonly kind: 'progress'; readonly done: number }
  | { readonly id: number; readonly kind: 'done'; readonly result: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly failure: TaskFailure };

/** Errors do not travel between threads with what they are; this does. */
export type TaskFailure =
  | { readonly kind: 'request'; readonly code: ErrorCode; readonly ref: string | null; readonly retryAfterMs: number | null }
  | { readonly kind: 'file'; readonly problem: FileProblem }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'other'; readonly text: string };

export function failureOf(error: unknown, isStopped: boolean): TaskFailure {
  if (isStopped) return { kind: 'stopped' };
  if (error instanceof RequestError) return { kind: 'request', code: error.code, ref: error.ref, retryAfterMs: error.retryAfterMs };
  if (error instanceof FileError) return { kind: 'file', problem: error.problem };
  return { kind: 'other', text: error instanceof Error ? error.message : 'unknown' };
}

export function errorOf(failure: TaskFailure): Error {
  if (failure.kind === 'file') return new FileError(failure.problem);
  if (failure.kind === 'stopped') return new DOMException('stopped', 'AbortError');
  if (failure.kind === 'other') return new Error(failure.text);
  const { code, ref, retryAfterMs } = failure;
  return new RequestError({ code, ref, retryable: isRetryable(code), ...(retryAfterMs === null ? {} : { retryAfterMs }) });
}
