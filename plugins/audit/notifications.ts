/** Notifications are counted per minute: one row a minute, not one each. */
import type { DecisionRecord } from '@gethelio/proxy/plugin';

const maxNames = 500;

export function createNotificationCount() {
  let counts = new Map<string, { upstream: string; method: string; count: number }>();
  let fromMs = 0;
  return {
    add(record: DecisionRecord, nowMs: number): void {
      if (counts.size === 0) fromMs = nowMs;
      const method = counts.size < maxNames ? (record.method ?? 'unknown') : 'other';
      const upstream = record.upstream ?? '';
      const key = `${upstream} ${method}`;
      const known = counts.get(key);
      if (known) known.count += 1;
      else counts.set(key, { upstream, method: method.slice(0, 200), count: 1 });
    },
    /** What a row of kind `notifications` says; undefined when there were none. */
    drain(nowMs: number) {
      if (counts.size === 0) return undefined;
      const data = {
        from: new Date(fromMs).toISOString(),
        to: new Date(nowMs).toISOString(),
        notifications: [...counts.values()],
      };
      counts = new Map();
      return data;
    },
  };
}
