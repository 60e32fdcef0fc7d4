export { invalidateAnswers } from './invalidation.ts';
export { processRequest } from './process-request.ts';
