export { invalidateAnswers } from './invalidate-answers.ts';
export { processRequest } from './process-request.ts';
