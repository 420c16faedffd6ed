import { ownScriptUrl } from '../net/script-url.ts';
import type { FileTasks, TaskOptions } from './file-tasks.ts';
// The bundler gives it, and knows no other export.
// oxlint-disable-next-line import/default
import workerUrl from './file.worker.ts?worker&url';
import {
  errorOf,
  passingName,
  type FromWorker,
  type TaskName,
  type TaskRequest,
  type TaskResult,
  type ToWorker,
} from './worker-messages.ts';

interface Running {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: (done: number) => void;
}

/** The tasks done by a worker, which is started with the first one. On a passing device nothing is left in the browser's files. */
export function createFileWorker({ isPassing }: { readonly isPassing: boolean }): FileTasks {
  const running = new Map<number, Running>();
  let worker: Worker | undefined;
  let lastId = 0;

  const start = (): Worker => {
    const started = new Worker(ownScriptUrl(workerUrl), { type: 'module', name: isPassing ? passingName : 'files' });
    started.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      const task = running.get(data.id);
      if (data.kind === 'progress') task?.onProgress(data.done);
      else running.delete(data.id);
      if (data.kind === 'done') task?.resolve(data.result);
      if (data.kind === 'failed') task?.reject(errorOf(data.failure));
    });
    // It could not be loaded, or broke: whatever it was doing is not done. The next task starts another one.
    started.addEventListener('error', () => {
      worker = undefined;
      for (const { reject } of running.values()) reject(new Error('the worker for files has ended'));
      running.clear();
    });
    return started;
  };

  const run = async <Name extends TaskName>(task: Name, request: TaskRequest<Name>, options?: TaskOptions): Promise<TaskResult<Name>> => {
    options?.signal.throwIfAborted();
    worker ??= start();
    const to = worker;
    lastId += 1;
    const id = lastId;
    const stop = (): void => to.postMessage({ id, task: 'stop' } satisfies ToWorker, []);
    options?.signal.addEventListener('abort', stop, { once: true });
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        running.set(id, { resolve, reject, onProgress: options?.onProgress ?? (() => {}) });
        to.postMessage({ id, task, request }, []);
      });
      // The worker is this program too: what it answers has the type of what was asked.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return result as TaskResult<Name>;
    } finally {
      options?.signal.removeEventListener('abort', stop);
    }
  };

  return {
    seal: async (request, options) => await run('seal', request, options),
    upload: async (request, options) => await run('upload', request, options),
    download: async (request, options) => await run('download', request, options),
    preview: async (request) => await run('preview', request),
    discard: async (request) => await run('discard', request),
    release: async (request) => await run('release', request),
    tidy: async (request) => await run('tidy', request),
  };
}
