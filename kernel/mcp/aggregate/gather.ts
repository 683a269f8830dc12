/** Waits for several answers, but not long for the slow ones once a first is there. */

export interface Job<T> {
  readonly key: string;
  /** How long it is waited for after the first good answer. */
  readonly graceMs: number;
  /** Never rejects. */
  readonly done: Promise<T>;
}

/** What came in time, by key. */
export function gather<T>(jobs: readonly Job<T>[], isGood: (answer: T) => boolean): Promise<ReadonlyMap<string, T>> {
  return new Promise((resolve) => {
    const found = new Map<string, T>();
    let firstAtMs: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      resolve(new Map(found));
    };
    if (jobs.length === 0) return finish();
    for (const { key, done } of jobs) {
      void done.then((answer) => {
        found.set(key, answer);
        if (found.size === jobs.length) return finish();
        if (isGood(answer)) firstAtMs ??= Date.now();
        if (firstAtMs === undefined) return;
        const graceMs = Math.max(...jobs.filter((job) => !found.has(job.key)).map((job) => job.graceMs));
        clearTimeout(timer);
        timer = setTimeout(finish, Math.max(0, firstAtMs + graceMs - Date.now()));
      });
    }
  });
}
