export { processRequest } from './process-request.ts';
