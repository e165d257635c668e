/**
 * Why a call failed. `code` is one of the server's (`bad_request`, `too_large`, `not_allowed`, `not_durable`, …: the protocol's table of errors)
 * or one of the client's own:
 * `queue_full`: too much is waiting already; nothing was sent.
 * `connection_lost`: the connection ended before the answer came, and sending again might do it twice; it may have been carried out or not.
 * `unavailable`: there is no connection, and it was not worth keeping (what is said in passing, pings).
 * `closed`: the client was closed, or stays away.
 * `slow`: an iteration fell so far behind that it was ended.
 */
export class TidingsError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {ReadonlyArray<{ field: string, message: string }>} [details] which fields are wrong
   */
  constructor(code, message, details) {
    super(message);
    this.name = 'TidingsError';
    this.code = code;
    this.details = details;
  }
}
