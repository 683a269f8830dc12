/** What Helio promises to cost, beside what was measured. What was not measured is left out. */
import { median } from './median.mjs';

/** `rows` of the load, and what the pieces found, by name. */
export function checkTargets(rows, { start, memory, evidence, approvals, audit, 'policy-rules': policyRules }) {
  const find = (name) => rows.find((row) => row.name === name);
  const targets = [];
  const add = (what, measured, limit, isAtLeast, unit = '') => {
    if (typeof measured !== 'number' || Number.isNaN(measured)) return;
    const met = isAtLeast ? measured >= limit : measured <= limit;
    targets.push({ what, measured, target: `${isAtLeast ? '>=' : '<='} ${limit}${unit}`, met, unit });
  };
  const atLeast = (what, measured, limit, unit) => add(what, measured, limit, true, unit);
  const atMost = (what, measured, limit, unit) => add(what, measured, limit, false, unit);

  for (const [proxy, call, limits] of [
    ['relaxed', 'small', { 16: 1, 64: 1 }],
    ['strict', 'small', { 16: 0.85, 64: 0.85 }],
    ['fsync', 'small', { 16: 0.7, 64: 0.85 }],
    ['relaxed', 'large', { 16: 0.5, 64: 0.5 }],
    ['summary', 'large', { 16: 1, 64: 1 }],
    ['relaxed', 'denied', { 16: 1, 64: 1 }],
  ]) {
    for (const [c, limit] of Object.entries(limits))
      atLeast(`throughput: ${proxy}, ${call}, c=${c}`, find(`${proxy} ${call} c=${c}`)?.ratio, limit);
  }
  for (const c of [16, 64])
    atMost(`CPU per call, main thread, c=${c}`, find(`relaxed small c=${c}`)?.cpuRatio, 1.1, ' x');
  atMost('added median, relaxed, a read, c=1', find('relaxed read c=1')?.addedMs, 0.3, ' ms');
  atMost('added median, strict, a read, c=1', find('strict read c=1')?.addedMs, 1.5, ' ms');
  atMost('added median, strict, with reservations, c=1', find('strict small c=1')?.addedMs, 3, ' ms');
  atMost('p99 against the pass-through, c=16', find('relaxed small c=16')?.p99Ratio, 2, ' x');

  const [few, many] = ['rules10', 'rules1000'].map((name) => find(`${name} small c=16`));
  if (few && many)
    atMost(
      '1,000 rules against 10, time per call',
      median(few.perRound.map((rate, at) => rate / many.perRound[at])),
      1.1,
      ' x',
    );
  const judged = (count) => policyRules?.find(({ rules }) => rules === count)?.callNs;
  atMost('1,000 rules against 10, CPU per judgement', judged(1_000) / judged(10), 1.1, ' x');
  atMost(`audit insert at ${thousands(audit?.rows)} rows against an empty trail`, audit?.insertRatio, 1.2, ' x');
  for (const { sessions, bytesEach, ratio } of evidence ?? []) {
    const isMost = sessions === Math.max(...evidence.map((step) => step.sessions));
    if (isMost) atMost(`memory per session with evidence, ${thousands(sessions)} of them`, bytesEach, 1_024, ' B');
    atMost(`${thousands(sessions)} sessions with evidence against 100, time per call`, ratio, 1.2, ' x');
  }
  atMost(`${thousands(approvals?.pending)} pending approvals, time per other call`, approvals?.callUs.ratio, 1.1, ' x');
  atMost('memory, idle', memory?.idleMb, 130, ' MB');
  atMost(`memory growth over ${thousands(memory?.loadedCalls)} calls`, memory?.loadedMb - memory?.warmMb, 30, ' MB');
  atMost('start to first answer', start?.firstAnswerMs, 1_500, ' ms');
  atMost('helio --version', start?.versionMs, 150, ' ms');
  return targets;
}

export const thousands = (count) => count?.toLocaleString('en-GB');
