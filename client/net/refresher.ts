/**
 * Brings something up to date, one run at a time, so that no older answer comes over a younger one. Whoever asks while it runs is served
 * by one more run. The returned function resolves, or rejects, with the last run of all who asked together.
 */
export function refresher(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let isAsked = false;
  const runAll = async (): Promise<void> => {
    try {
      while (isAsked) {
        isAsked = false;
        try {
          await run();
        } catch (error) {
          // What was refused before may be allowed by now.
          if (!isAsked) throw error;
        }
      }
    } finally {
      running = null;
    }
  };
  return async () => {
    isAsked = true;
    running ??= runAll();
    await running;
  };
}
