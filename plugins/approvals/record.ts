/** What the audit keeps of an approval beside the call it let go: who, when, how wide. */
import type { AuditField } from '@gethelio/proxy/contracts/audit';
import { grant as grantFact, ticket as ticketFact } from './contract.ts';

export const approvalField: AuditField = {
  key: 'approval',
  value({ facts }) {
    const ticket = facts.get(ticketFact);
    const grant = facts.get(grantFact);
    if (ticket === undefined && grant === undefined) return undefined;
    return {
      ticket: grant?.ticket ?? ticket?.id ?? null,
      digest: ticket?.digest ?? null,
      ...(grant && {
        by: [...grant.by],
        scope: grant.scope,
        break_glass: grant.breakGlass,
        asked_at: new Date(grant.askedAtMs).toISOString(),
        given_at: new Date(grant.givenAtMs).toISOString(),
      }),
    };
  },
};

export const breakGlassFlag: AuditField = {
  key: 'flags',
  value: ({ facts }) => (facts.get(grantFact)?.breakGlass ? ['break_glass'] : undefined),
};
