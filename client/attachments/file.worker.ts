import { createAttachmentTransfer } from '../net/attachment-transfer.ts';
import { createFileTasks, type TaskOptions } from './file-tasks.ts';
import { createPictures } from './pictures.ts';
import { blobStaging, openStaging, type Staging } from './staging.ts';
import { failureOf, passingName, type FromWorker, type ToWorker } from './worker-messages.ts';

/*
 * Files are read, sealed, opened and drawn here, so that a page goes on answering its person meanwhile, and so that a hundred megabytes
 * pass through a few that are used again and again.
 */
let staging: Promise<Staging> | undefined;
const tasks = createFileTasks({
  staging: async () => await (staging ??= self.name === passingName ? Promise.resolve(blobStaging()) : openStaging()),
  transfer: createAttachmentTransfer({ origin: location.origin, fetch: (...request) => fetch(...request) }),
  pictures: createPictures(),
});
const running = new Map<number, AbortController>();
const progressMs = 100;

globalThis.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.task === 'stop') running.get(data.id)?.abort();
  else void answer(data);
});

async function answer(message: Exclude<ToWorker, { task: 'stop' }>): Promise<void> {
  const { id } = message;
  const stop = new AbortController();
  running.set(id, stop);
  let toldAt = 0;
  const onProgress = (done: number): void => {
    const now = performance.now();
    if (now - toldAt < progressMs && done < 1) return;
    toldAt = now;
    tell({ id, kind: 'progress', done });
  };
  try {
    tell({ id, kind: 'done', result: await run(message, { signal: stop.signal, onProgress }) });
  } catch (error) {
    tell({ id, kind: 'failed', failure: failureOf(error, stop.signal.aborted) });
  } finally {
    running.delete(id);
  }
}

async function run(message: Exclude<ToWorker, { task: 'stop' }>, options: TaskOptions): Promise<unknown> {
  const { task, request } = message;
  if (task === 'seal') return await tasks.seal(request, options);
  if (task === 'upload') return await tasks.upload(request, options);
  if (task === 'download') return await tasks.download(request, options);
  if (task === 'preview') return await tasks.preview(request);
  if (task === 'discard') return await tasks.discard(request);
  if (task === 'release') return await tasks.release(request);
  return await tasks.tidy(request);
}

function tell(message: FromWorker): void {
  globalThis.postMessage(message, {});
}
