export { actionAfter } from './close-codes.js';
export { decodePosition, encodePosition } from './position.js';
export { ReconnectingWebSocket } from './reconnecting-web-socket.js';
export { Subscription } from './subscription.js';
export { Tidings } from './tidings.js';
export { TidingsError } from './tidings-error.js';
