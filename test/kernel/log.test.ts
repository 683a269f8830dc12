import { describe, expect, it } from 'vitest';
import { createScrub } from '../../kernel/config/mask.ts';
import { createLog, type LogOptions } from '../../kernel/log.ts';

function logging(options: LogOptions = {}) {
  const lines: string[] = [];
  const log = createLog({ env: {}, stream: { write: (text) => void lines.push(text) }, nowMs: () => 0, ...options });
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line)) };
}

describe('the log', () => {
  it('writes one JSON line per entry, with the name of the plugin', () => {
    const { log, entries } = logging();
    log.info('started', { port: 3000 });
    log.child('audit').warn('slow', { ms: 12 });
    expect(entries()).toEqual([
      { level: 'info', time: '1970-01-01T00:00:00.000Z', message: 'started', port: 3000 },
      { level: 'warn', time: '1970-01-01T00:00:00.000Z', message: 'slow', plugin: 'audit', ms: 12 },
    ]);
  });

  it('writes what its level asks for, and HELIO_LOG wins', () => {
    const quiet = logging();
    quiet.log.debug('no');
    quiet.log.setLevel('error');
    quiet.log.warn('no');
    quiet.log.setLevel('debug');
    quiet.log.debug('yes');
    expect(quiet.entries().map(({ message }) => message)).toEqual(['yes']);
    const loud = logging({ env: { HELIO_LOG: 'debug' }, level: 'error' });
    loud.log.setLevel('silent');
    loud.log.debug('yes');
    expect(loud.lines).toHaveLength(1);
  });

  it('writes a plain line for people', () => {
    const { log, lines } = logging({ plain: true });
    log.child('audit').warn('slow disk', { ms: 12, file: 'audit.db', words: 'two words' });
    expect(lines).toEqual(['00:00:00 warn  [audit] slow disk  ms=12  file=audit.db  words="two words"\n']);
  });

  it('one entry stays one line, and steers no terminal, whatever the values say', () => {
    for (const plain of [true, false]) {
      const { log, lines } = logging({ plain });
      log.info('a\nfake {"level":"error"}\u001b[2J\r\u202e', {
        'key\n': 'x\u001b]0;title\u0007\u2028y\u0085',
        list: ['\u009b31m'],
      });
      expect(lines).toHaveLength(1);
      expect(lines[0]!.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });

  it('lets no secret through: plain, in JSON, in a URL, in base64, without its scheme', () => {
    const secret = 'p@ss "word"/äö';
    const { log, lines } = logging();
    log.scrubWith(createScrub([secret, 'Bearer abcdefgh', 'abcdefghijkl']));
    log.info(`login with ${secret}`, {
      json: JSON.stringify({ secret }),
      url: `https://h/?k=${encodeURIComponent(secret)}`,
      basic: Buffer.from(secret).toString('base64'),
      header: 'token abcdefgh',
      longer: 'abcdefghijkl',
      nested: [{ deep: secret, [secret]: 1 }],
      error: new Error(secret) as never,
    });
    for (const trace of [
      'p@ss',
      'word',
      'abcdefgh',
      'ijkl',
      encodeURIComponent('p@ss'),
      Buffer.from(secret).toString('base64'),
    ]) {
      expect(lines[0]).not.toContain(trace);
    }
    expect(lines[0]).toContain('login with ***');
  });

  it('data cannot overwrite what the log itself says', () => {
    const { log, lines, entries } = logging();
    log.info('real', { level: 'error', message: 'fake', time: 'never', plugin: 'p' });
    expect(entries()[0]).toEqual({
      level: 'info',
      time: '1970-01-01T00:00:00.000Z',
      message: 'real',
      plugin: 'p',
      level_: 'error',
      message_: 'fake',
      time_: 'never',
    });
    expect(lines[0]!.match(/"message":/g)).toHaveLength(1);
  });

  it('survives a value that is no JSON, and cuts a long one', () => {
    const cycle: Record<string, unknown> = {
      get bad() {
        throw new Error('x');
      },
    };
    const ring: Record<string, unknown> = {};
    ring['ring'] = ring;
    const { log, lines, entries } = logging();
    log.info('odd', { cycle, ring, fn: () => 1, big: 1n, long: 'x'.repeat(1e6), many: Array(1e5).fill(0) } as never);
    expect(entries()[0]).toMatchObject({ message: 'odd', cycle: '(unreadable)', big: '1' });
    expect(lines[0]!.length).toBeLessThan(10_000);
  });
});
