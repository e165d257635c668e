/** @typedef {string | (() => string | undefined | Promise<string | undefined>)} TokenOption  A token, or what gets one. */

/** Who the user is, kept until the server will not have it any longer: a crowd that reconnects asks nobody for tokens. */
export class TokenSource {
  #option;
  /** @type {string | undefined} */
  #token;

  /** @param {TokenOption | undefined} option */
  constructor(option) {
    this.#option = option;
  }

  /** Whether there is a way to another token than the last. */
  get renewable() {
    return typeof this.#option === 'function';
  }

  /**
   * @param {boolean} renew whether the last one is of no use any more
   * @returns {Promise<string | undefined>} undefined for who comes without
   */
  async get(renew) {
    if (renew) this.#token = undefined;
    const token = this.#token ?? (typeof this.#option === 'function' ? await this.#option() : this.#option) ?? undefined;
    if (token !== undefined && typeof token !== 'string') throw new TypeError('A token is a string.');
    return (this.#token = token);
  }
}
