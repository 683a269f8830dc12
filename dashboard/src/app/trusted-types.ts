/**
 * The policy names are fixed by the Content-Security-Policy, and a name can be taken once. A panel that brings its own
 * copy of Lit asks for `lit-html` again: it gets the policy that is there. Must run before Lit loads.
 */
interface PolicyFactory {
  createPolicy(name: string, rules: unknown): unknown;
}
const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
if (factory !== undefined) {
  const create = factory.createPolicy.bind(factory);
  const made = new Map<string, unknown>();
  factory.createPolicy = (name, rules) => {
    const policy = made.get(name) ?? create(name, rules);
    made.set(name, policy);
    return policy;
  };
}
