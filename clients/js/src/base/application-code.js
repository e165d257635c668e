/**
 * Shows a failure of the application's code: as the platform shows that of an event handler where it can, else on the console.
 * The client goes on.
 * @param {unknown} error
 */
export function report(error) {
  (globalThis.reportError ?? console.error)(error);
}

/**
 * Calls a listener of the application. What it throws is reported, and so is what the promise fails with that it may return.
 * @template Detail
 * @param {(detail: Detail) => unknown} listener
 * @param {Detail} detail
 */
export function call(listener, detail) {
  try {
    const outcome = listener(detail);
    if (outcome instanceof Object) Promise.resolve(outcome).catch(report);
  } catch (error) {
    report(error);
  }
}

/** @param {unknown} error whatever was thrown @returns {string} what it says */
export function textOf(error) {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'Unknown error';
  }
}
