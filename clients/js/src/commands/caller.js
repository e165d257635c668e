/**
 * Methods of the application as methods here: `call.sum(1, 2)` beside `call('sum', [1, 2])`. Those that a function has already (`bind`, `name`, …) are called by name alone.
 * @template {(method: string, params?: unknown) => Promise<any>} Call
 * @param {Call} call
 * @returns {any}
 */
export function callerOf(call) {
  return new Proxy(call, {
    // A promise asks what it resolves with for `then`.
    get: (target, name) => (typeof name === 'symbol' || name in target || name === 'then' ? Reflect.get(target, name) : (/** @type {unknown[]} */ ...values) => call(name, paramsOf(values))),
  });
}

/**
 * By place; a single composed value is all there is to say, as for a handler with one such parameter.
 * @param {unknown[]} values
 */
function paramsOf(values) {
  const [first] = /** @type {any[]} */ (values);
  if (values.length === 1 && typeof first === 'object' && first && !first.toJSON) return first;
  while (values.length && values.at(-1) === undefined) values.pop();
  return values.length ? values : undefined;
}
