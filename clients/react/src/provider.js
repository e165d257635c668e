import { createContext, createElement, useContext } from 'react';

/** @typedef {import('tidings-client/channels').ChannelClient<any>} AnyClient */

const Client = createContext(/** @type {AnyClient | undefined} */ (undefined));

/**
 * Gives a client to all components in it. Make the client once, outside of components: `const tidings = new Tidings('/connect')`. It connects as soon as something is asked for.
 * @param {{ client: AnyClient, children?: import('react').ReactNode }} props
 */
export function TidingsProvider({ client, children }) {
  return createElement(Client.Provider, { value: client }, children);
}

/**
 * The client that the nearest TidingsProvider gives: for `publish`, `call`, `send` and all else.
 * @template [App=import('tidings-client').Register]
 * @returns {import('tidings-client').Tidings<App>} or that of `tidings-client/channels`, where the provider has one
 */
export function useTidings() {
  const client = useContext(Client);
  if (!client) throw new Error('useTidings needs a <TidingsProvider client={…}> around the component.');
  return /** @type {any} */ (client);
}
