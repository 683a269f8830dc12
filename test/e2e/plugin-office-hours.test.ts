/** The office hours as installed from npm, on the built product: a real call is refused on a holiday and runs on a workday. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, startHelio, toolCall } from '../fixtures/helio.ts';
import { installExample, type Installed } from '../fixtures/published-plugin.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

let installed: Installed;
let upstream: RecordingUpstream;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  installed = await installExample('plugin-office-hours');
});
afterAll(async () => {
  await installed?.remove();
  await upstream.stop();
});

const yamlWith = (section: string): string => `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
plugins: [policy, feedback, { use: helio-plugin-office-hours }]
office-hours: ${section}
policies:
  default: allow
  rules:
    - match: { tool: create_payment, office_hours: false }
      action: deny
      feedback: { message: 'Payments run while the office is open' }
`;

/** Yesterday, today and tomorrow: whatever the hour, and should midnight pass meanwhile. */
const aroundToday = (): string =>
  JSON.stringify([-1, 0, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)));

async function payUnder(section: string) {
  upstream.forget();
  const helio = await startHelio(yamlWith(section), { folder: await installed.place() });
  try {
    const { json } = await post(helio.mcp, toolCall('create_payment', { amount: 5 }));
    const other = await post(helio.mcp, toolCall('echo'));
    expect(other.json.result.isError ?? false).toBe(false);
    return json.result;
  } finally {
    await helio.stop();
  }
}
const paid = (): number => upstream.calls().filter(({ message }) => message.params.name === 'create_payment').length;

describe('a payment', () => {
  it('runs while the office is open', async () => {
    const result = await payUnder("{ zone: UTC, days: mon-sun, hours: '00:00-24:00' }");
    expect(result.isError ?? false).toBe(false);
    expect(paid()).toBe(1);
  });

  it('is refused on a holiday, with the words of the rule, and never reaches the upstream', async () => {
    const result = await payUnder(`{ zone: UTC, days: mon-sun, hours: '00:00-24:00', holidays: ${aroundToday()} }`);
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain('Payments run while the office is open');
    expect(result._meta['com.gethelio/feedback']).toMatchObject({ reason: 'policy_denied', rule: 'create_payment#1' });
    expect(paid()).toBe(0);
  });

  it('is refused when nobody looked up the holidays', async () => {
    const section = "{ zone: UTC, days: mon-sun, hours: '00:00-24:00', holidays_until: '2020-12-31' }";
    expect((await payUnder(section)).isError).toBe(true);
    expect(paid()).toBe(0);
  });
});

describe('helio', () => {
  const london = "{ zone: Europe/London, holidays: ['2026-04-03'], short_days: { '12-24': '09:00-12:00' } }";
  async function place(section = london): Promise<string> {
    const folder = await installed.place();
    await writeFile(join(folder, 'helio.yaml'), yamlWith(section));
    return folder;
  }

  it.each([
    ['2026-03-02T16:59:00Z', 'ALLOWED', 'mon 2026-03-02 16:59 in Europe/London: open'],
    ['2026-03-30T16:00:00Z', 'DENIED', 'mon 2026-03-30 17:00 in Europe/London: closed'],
    ['2026-04-03T10:00:00Z', 'DENIED', 'a holiday'],
    ['2026-12-24T12:30:00Z', 'DENIED', 'a short day: closed, hours are 09:00-12:00'],
  ])('explain says of %s: %s', async (now, effect, why) => {
    const { stdout } = await installed.helio(await place(), ['explain', 'create_payment', '--now', now]);
    expect(stdout).toContain(`create_payment: ${effect}`);
    expect(stdout).toContain(why);
  });

  it('plugins check passes without advice', async () => {
    const check = await installed.helio(await place(), ['plugins', 'check']);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('office-hours 0.1.0 (package)') });
    expect(check.stderr).not.toContain('advice');
  });

  it('plugins docs writes the table that stands in the README', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../examples/plugin-office-hours/README.md'), 'utf8');
    const { stdout } = await installed.helio(await place(), ['plugins', 'docs', 'office-hours']);
    expect(stdout).toContain('| `holidays_until` |');
    expect(readme).toContain(stdout.trim());
  });

  it('validate names the mistake with its line, and warns of a list that has ended', async () => {
    const wrong = await installed.helio(await place('{ zone: Europe/Londn }'), ['validate']);
    expect(wrong.code).toBe(3);
    expect(wrong.stdout + wrong.stderr).toMatch(/helio\.yaml:5:\d+[\s\S]*no time zone/);
    const ended = await installed.helio(await place("{ zone: UTC, holidays_until: '2020-12-31' }"), [
      'validate',
      '--json',
    ]);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).warnings).toMatchObject([{ code: 'HELIO_OFFICE_HOURS_OUTDATED', line: 5 }]);
  });
});
