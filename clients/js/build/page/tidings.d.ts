// What the start page imports as ../tidings.js.
export * from '../../src/tidings-client.js';
