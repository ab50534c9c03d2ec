/** @file What the server takes as the text of a message, said before it is sent. */

/** The server's limit, in bytes of UTF-8. */
const MAX_CONTENT_BYTES = 8 * 1024;

/** @returns {string} what is wrong with it, empty if nothing is */
export function contentFault(content) {
  const tooLong = new TextEncoder().encode(content).length > MAX_CONTENT_BYTES;
  return tooLong ? 'This message is too long. Please send it in parts.' : '';
}
