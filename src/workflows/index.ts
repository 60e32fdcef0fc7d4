export { deliverResult } from './deliver-result.ts';
export { invalidateAnswers } from './invalidation.ts';
export { processRequest } from './process-request.ts';
