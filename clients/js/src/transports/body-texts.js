/**
 * A response's body as text, in the pieces in which it comes.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<string, void>}
 */
export async function* textsOf(body) {
  const decoder = new TextDecoder();
  for (const reader = body.getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}
