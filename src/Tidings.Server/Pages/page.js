// The start page: a room to talk in, the channel behind it, the frames as they are, the echo route, and command lines to try.
//
// Tests and scripts may rely on these ids:
//   #room #name #connect     the room's name, an optional name put before what one says, and the button that connects,
//                            disconnects, or joins the other room that #room names (its text says which)
//   #message #send           what to say (Enter sends, Shift+Enter is a new line); #send is disabled unless open
//   #messages                one <li class="said"> a message (`p.text`), one <li class="notice" data-kind="note|error"> a notice;
//                            a notice that repeats is counted in its text's data-count
//   #state[data-state]       closed, connecting, open or reconnecting, with the words for it
//   #drop #retry             cut the connection as if the network had; in its place while reconnecting: come back at once
//   #pings                   how many pings have come
//   #frames                  one <li data-direction="in|out" data-kind="text|binary|ping|close"> a frame, with `code`;
//                            #frames-pause and #frames-clear beside it
//   #echo-input #echo-send   text to the echo route; #echo-bytes and #echo-send-bytes: hexadecimal bytes
//   #echo-output             one <li data-kind="text|binary|error"> an answer, with `.text`
//   #tab-room #tab-channel #tab-frames    the tabs; on wide windows the frames stand beside, without a tab
//   #vital-transport #vital-state[data-state] #vital-latency #vital-position
//                            the connection to /connect: data-state is the client's state
//   #channel #channel-transport #channel-follow   the channel's name (room:<room> until somebody writes another), how to reach it, and the button
//   #channel-messages        one <li class="said"> a message, with `.offset` and `p.text`, one <li class="notice"> a notice
//   #channel-message #channel-publish #channel-drop #channel-retry
//   #tab-tasks #task-files #task-start #tasks-clear #tasks-note    the tasks panel
//   #tasks                   one <li class="task" data-id data-status> a task, with a <progress> and a button that cancels it
//   #try-curl #try-python #try-talk    the command lines
//
// The page joins a room by itself: the one of its address (`#room=name`), else the one in #room.

import { Channel } from './channel.js';
import { byId } from './dom.js';
import { Echo } from './echo.js';
import { FramesLog } from './frames-log.js';
import { Room } from './room.js';
import { pageUrl, roomInAddress } from './routes.js';
import { Tabs } from './tabs.js';
import { Tasks } from './tasks.js';
import { TryThis } from './try-this.js';
import { Wire } from './wire.js';

const frames = new FramesLog();
const wire = new Wire();
const tryThis = new TryThis();
const secondWindow = byId('second-window', HTMLAnchorElement);

/** @param {import('./frames-log.js').Frame} frame */
function record(frame) {
  frames.add(frame);
  wire.add(frame);
}

new Tabs('tabs');
const channel = new Channel(record);
const room = new Room(record, (name) => {
  channel.roomJoined(name);
  tryThis.show(name);
  secondWindow.href = pageUrl(name);
  document.title = `${name} · Tidings`;
  history.replaceState(null, '', pageUrl(name));
});
new Echo(record);
new Tasks(record);

addEventListener('hashchange', () => room.join(roomInAddress() || 'lobby'));
room.join(roomInAddress() || byId('room', HTMLInputElement).value);
