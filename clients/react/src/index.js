export { useChannel } from './channel.js';
export { useMap } from './map.js';
export { usePresence } from './presence.js';
export { TidingsProvider, useTidings } from './provider.js';
export { useResource } from './resource.js';
export { useTask } from './task.js';
