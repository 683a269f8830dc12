/** The test kit: what a plugin imports from `@gethelio/proxy/testing`. */
export { stateStoreContract, type MakeStore, type StoreUnderTest } from './state-store-contract.ts';
export { testPlugin, Refused, type PluginTest, type TestOptions } from './test-plugin.ts';
export { type TestCall, type Told } from './test-call.ts';
export { PluginTester, type Row, type Table } from './plugin-tester.ts';
export { notSent, rpcError, text, unknown, type FakeUpstream, type Script } from './fake-upstream.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { approvalChannelContract, type ChannelUnderTest } from './approval-channel-contract.ts';
export { auditSinkContract, type SinkUnderTest } from './audit-sink-contract.ts';
