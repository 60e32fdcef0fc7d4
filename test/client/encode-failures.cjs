// The failure converter of a service that encrypts: messages are encoded, too. The Temporal SDK loads it by its path.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
