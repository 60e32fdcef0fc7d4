/** What the document of the interface shows, in more than one place. */

export const EXAMPLE_ID = 'req_H9E1MVPPHDGSTGX4ZTC0X9H5RK';

export const EXAMPLE_TAG = 'W/"JrVm9G2Kq3hP0sXbQ7yZ1A"';

export const EXAMPLE_WAIT = {
  reason: 'cool_down',
  since: '2026-11-23T17:50:41.449Z',
  until: '2026-11-23T17:51:01.449Z',
} as const;
