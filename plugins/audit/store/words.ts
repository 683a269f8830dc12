/** The text index over tool, rule, reason, arguments and answers, filled behind the writer. */
import type { Database } from '@gethelio/proxy/plugin';
import { answerText } from './answer.ts';
import type { StoredRow } from './row.ts';

const rowsPerStep = 100;
/** More of an answer is not indexed: the index would grow beside the rows. */
export const indexedAnswerCharacters = 8_192;
export const wordsMark = 'words';

/** Each call indexes the next rows for about so long; false: all are indexed. */
export function createIndexer(database: Database): (budgetMs?: number) => boolean {
  const readMark = database.prepare("SELECT value FROM marks WHERE name = 'words'");
  const moveMark = database.prepare("INSERT OR REPLACE INTO marks (name, value) VALUES ('words', ?)");
  const next = database.prepare(
    'SELECT seq, tool, rule, arguments, detail, error, answer_encoding, answer FROM rows WHERE seq > ? ORDER BY seq LIMIT ?',
  );
  const add = database.prepare(
    'INSERT INTO words (rowid, tool, rule, reason, arguments, answer) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const last = database.prepare('SELECT max(seq) AS seq FROM rows');
  let known = -1;
  return function index(budgetMs = 5) {
    const end = last.get<{ seq: number | null }>()!.seq ?? 0;
    if (end <= known) return false;
    return database.transaction(() => {
      const mark = readMark.get<{ value: number }>()?.value ?? 0; // another process may index too
      const rows = next.all<StoredRow>(mark, rowsPerStep);
      const untilMs = performance.now() + budgetMs;
      let done = 0;
      for (const row of rows) {
        const answer = answerText(row)?.slice(0, indexedAnswerCharacters) ?? '';
        add.run(row.seq, row.tool ?? '', row.rule ?? '', reasonOf(row), row.arguments ?? '', answer);
        done += 1;
        if (performance.now() > untilMs) break;
      }
      known = rows[done - 1]?.seq ?? end;
      if (rows.length > 0) moveMark.run(known);
      return done < rows.length || rows.length === rowsPerStep;
    });
  };
}

function reasonOf(row: StoredRow): string {
  try {
    const { reason, data } = JSON.parse(row.detail) as { reason?: string; data?: unknown };
    return [reason, row.error, data === undefined ? undefined : JSON.stringify(data)].filter(Boolean).join('\n');
  } catch {
    return row.error ?? '';
  }
}
