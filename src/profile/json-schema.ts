import { z } from 'zod';
import { profileSchema } from './schema.ts';

/** A profile as an editor checks and completes it: draft 7, which the language servers for YAML know. */
export function profileJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-7' });
  return { $schema, title: 'A provider profile of durable-external-api', ...schema };
}
