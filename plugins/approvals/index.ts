/** `action: require_approval`: tickets, holding, grants. People answer on channels that other plugins bring. */
import { cliCommand, commit, definePlugin, refusals } from '@gethelio/proxy/plugin';
import { auditField, redact } from '@gethelio/proxy/contracts/audit';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { policyRules, ruleAction, ruleField } from '@gethelio/proxy/contracts/policy';
import { documents } from '@gethelio/proxy/contracts/state';
import { approvalChannel, approvalDesk, askedAt, type ApprovalChannel } from './contract.ts';
import { describeSection, openChannels } from './channels.ts';
import { checkApprovals, type WrittenField } from './checks.ts';
import { approvalCommands } from './cli/commands.ts';
import { fieldSchema, sectionSchema, type Field } from './config.ts';
import { createDesk } from './desk.ts';
import { startRoom, stopRoom } from './life.ts';
import { lift } from './lift.ts';
import { approvalField, breakGlassFlag } from './record.ts';
import { reserve } from './reserve.ts';
import { createRoom } from './room.ts';

/** Beside the wait for a person, the tap waits for the store. */
const storeTimeMs = 30_000;

export const approvals = definePlugin({
  name: 'approvals',
  apiVersion: 1,
  summary: 'Holds calls until people approve them; durable tickets, single-use grants.',
  section: 'approval',
  config: sectionSchema,
  taps: ['onRequest', 'beforeForward', 'onDecision'],
  needs: { documents, commit, operatorAccess },
  wants: { policyRules, redact, refusals },
  owns: { approvalChannel },
  provides: { approvalDesk },
  register(api) {
    const { config, needs, wants, hooks } = api;
    const room = api.keep('room', () => createRoom(needs.documents, needs.commit));
    const fields: WrittenField[] = [];
    let channels: ReadonlyMap<string, ApprovalChannel> = new Map();
    const defaultChannels = (): readonly string[] => config.channel ?? [...channels.keys()];

    api.contribute(ruleAction, {
      name: 'require_approval',
      summary: 'A person must approve the call first.',
      speaks: {
        effect: 'hold',
        code: 'approval_required',
        reason: (rule) => `The rule "${rule.name}" wants a person's approval.`,
      },
    });
    api.contribute(ruleField, {
      key: 'approval',
      summary: 'Whom to ask, how long, how many must agree.',
      schema: fieldSchema,
      compile(field: Field, { rule, path }) {
        fields.push({ rule: rule.name, action: rule.action, field, path });
        return field;
      },
    });
    api.contribute(auditField, approvalField);
    api.contribute(auditField, breakGlassFlag);
    for (const command of approvalCommands) api.contribute(cliCommand, command);

    hooks.onRequest.tap({ stage: 'observe' }, ({ call, facts }) =>
      room.granted.askedAtMs(call, facts)?.then((atMs) => {
        if (atMs !== undefined) facts.set(askedAt, atMs);
      }),
    );
    hooks.beforeForward.tap({ stage: 'lift', timeoutMs: config.wait + storeTimeMs }, (ctx) => {
      if (ctx.decision.effect !== 'hold') return;
      const terms = { channels: defaultChannels(), timeoutMs: config.timeout, redact: wants.redact };
      return lift(ctx, {
        room,
        terms,
        // An adapter asks in one request and waits in others (`GET /approval/:id`): held here, its own timeout would end it.
        waitMs: ctx.call.arrival.door === 'sideband' ? 0 : config.wait,
        legs: config.legs,
        refusals: wants.refusals,
      });
    });
    hooks.beforeForward.tap({ stage: 'reserve' }, (ctx) =>
      ctx.decision.effect === 'hold' ? reserve(ctx, room) : undefined,
    );
    hooks.onDecision.tap(({ call }) => {
      if (call !== undefined) room.queue.leave(call.id);
    });

    api.onCheck(() => {
      const types = api.collect('approvalChannel');
      api.describe(describeSection(types));
      channels = openChannels(config, types, room, api);
      const asking = (wants.policyRules?.rules ?? []).flatMap(({ action }, i) =>
        action === 'require_approval' ? [['policies', 'rules', i, 'action']] : [],
      );
      const problems = checkApprovals({
        fields,
        asking,
        channels,
        defaultChannels: config.channel ?? [],
        defaultPath: [...api.configPath, 'channel'],
        secret: needs.operatorAccess.secret,
      });
      problems.forEach((problem) => api.report(problem));
    });
    api.onStart((signal) =>
      startRoom(room, { config, channels, log: api.log, nowMs: () => api.clock.nowMs(), emit: api.emit }, signal),
    );
    api.onStop((reason) => stopRoom(room, channels, reason));
    return { approvalDesk: createDesk(room) };
  },
});
export default approvals;
