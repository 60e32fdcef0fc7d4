export * from '../fake-provider/index.ts';
export * from './conformance.ts';
export * from './fake-external-api-client.ts';
export type { ContractReply, ContractWork, ProviderContract, ReceivedCall } from './provider-contract.ts';
export { startTestStack, type TestStack, type TestStackOptions } from './test-stack.ts';
