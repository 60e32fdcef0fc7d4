export * from '../fake-provider/index.ts';
export * from './fake-external-api-client.ts';
export { startTestStack, type TestStack, type TestStackOptions } from './test-stack.ts';
