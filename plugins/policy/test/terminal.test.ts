import { expect, test } from 'vitest';
import { answerText } from '../cli.ts';
import type { ExplainAnswer } from '../explain.ts';

const reason =
  'The rule "payments-above-a-thousand" wants a person\'s approval, and the pot "ads" has 12 of 10,000 GBP left.';
const answer = {
  tool: 'create_payment',
  withoutUpstream: false,
  decision: {
    effect: 'hold',
    verdicts: [
      { effect: 'hold', plugin: 'policy', code: 'approval_required', reason, rule: { name: 'pay', line: 14 } },
    ],
  },
  trace: {
    rules: 30,
    tried: [
      {
        rule: 'payments-above-a-thousand',
        line: 14,
        result: 'matched',
        says: 'hold',
        why: [`${reason} ${reason}`],
        mode: 'enforce',
        ended: false,
      },
    ],
    notTried: ['one-rule', 'another-rule', 'a-third-rule', 'a-fourth-rule', 'a-fifth-rule', 'a-sixth-rule'],
    change: undefined,
  },
} as unknown as ExplainAnswer;

test('an explanation stands within the terminal, and is broken nowhere in a pipe', () => {
  const shown = answerText(answer, true, 80);
  for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(shown.replace(/\n {11}/g, ' ')).toContain(`${reason} (line 14)`);
  expect(answerText(answer, true).split('\n')).toContain(`      ${reason} ${reason}`);
});
