import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../contract/names.ts';
import type { ProcessRequestArgs } from '../contract/request.ts';
import type { Attention } from '../contract/values.ts';

const attentionKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.attention, 'KEYWORD');

/** Marks the request for a person, or unmarks it. An event each: only off the normal path. */
export function setAttention({ searchAttributes }: ProcessRequestArgs, value: Attention | null): void {
  if (searchAttributes) upsertSearchAttributes([{ key: attentionKey, value }]);
}
