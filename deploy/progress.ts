/** Says what begins, and again every five seconds how long it has taken: nobody should wonder whether anything happens. */
export async function showProgress<Result>(label: string, task: Promise<Result>): Promise<Result> {
  const startedAt = Date.now();
  console.log(label);
  const ticker = setInterval(() => console.log(`${label}: ${Math.round((Date.now() - startedAt) / 1000)} s`), 5_000);
  try {
    return await task;
  } finally {
    clearInterval(ticker);
  }
}
