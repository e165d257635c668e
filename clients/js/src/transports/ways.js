import { openEventStream } from './event-stream.js';
import { openPolling } from './polling.js';
import { openWebSocket } from './web-socket.js';

/** @typedef {import('./transport.js').Way} Way */

/** Costs least. @type {Way} */
export const webSocket = { kind: 'websocket', open: openWebSocket };

/** Server-Sent Events, where a proxy cuts upgrades. @type {Way} */
export const eventStream = { kind: 'sse', open: openEventStream };

/** Where a proxy also holds streams back. @type {Way} */
export const polling = { kind: 'polling', open: openPolling };
