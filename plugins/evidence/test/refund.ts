/** The refund rules of the mission, for the tests. */
export const policyTests = {
  simple: `
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      action: deny
      evidence: { requires: ['orders.lookup'] }
`,
  bound: `
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      evidence:
        requires:
          - name: orders.lookup
            where: { '$.order_id': { equals_input: '$.order_id' }, '$.total': { gte_input: '$.amount' } }
            max_age: 10m
            single_use: true
`,
  order: (id: string) => ({ order_id: id, total: 40, customer: { email: 'jane@example.com' } }),
};
