/** The test kit: what a plugin imports from `@gethelio/proxy/testing`. */
export { stateStoreContract, type MakeStore, type StoreUnderTest } from './state-store-contract.ts';
