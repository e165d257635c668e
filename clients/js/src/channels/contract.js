// What applications give to subscriptions and get from them.

/**
 * @typedef {import('../base/position.js').StreamPosition} StreamPosition
 * @typedef {import('../base/position.js').Gap} Gap
 */

/**
 * @typedef {object} SubscribeOptions
 * @property {StreamPosition} [since] where to go on from, as `position` said it earlier
 * @property {number} [last]          how many of the newest messages to begin with; 0, as without it, for none. Not beside `since`
 * @property {boolean} [presence]     joins, leaves and updates of members too
 * @property {boolean} [occupancy]    tells by `occupancy` how many subscribe, at most once a second (not over polls)
 * @property {any} [info]             what others are shown of this client's member, where the channel's kind has `PresenceInfo`: JSON of at most 4 KB; `track` changes it
 * @property {string | ((channel: string) => string | undefined | Promise<string | undefined>)} [token] a token that grants this subscription, or what gets one; it is asked for another before the last one ends
 * @property {boolean} [state]        the channel's state, too; `Tidings.map` has it in a form that is easier to use
 * @property {boolean} [conflate]     a reader that lags needs only the newest message of each key (over WebSocket, and where all subscriptions of the channel say so)
 */

/**
 * @template [T=any] its data
 * @typedef {object} Message
 * @property {string} channel
 * @property {number} [offset]  missing in what is said in passing
 * @property {T} data         missing with `remove`, and of a binary payload
 * @property {Uint8Array} [bytes]  the binary payload, whichever way it came
 * @property {string} [event]   the name of the event that it is
 * @property {string} [from]    the user who published it
 * @property {string} [connection]  the connection that published it, where the channel's kind tells
 * @property {string} [key]
 * @property {number} time      Unix milliseconds
 * @property {true} [remove]    the key was taken out of the channel's state
 * @property {true} [removed]   in a history: it was erased, and the offset is all there is of it
 * @property {true} [own]       this client published it; missing in the messages of others, and in what is said in passing
 */

/**
 * Somebody who is there: a user with all connections, or, where the channel's kind says so, one `connection`. `info` is what a token or hook says; with `PresenceInfo`
 * what the member's clients say, and `user_info` what a token or hook says.
 * @typedef {{ user: string, connections?: number, connection?: string, info?: any, user_info?: any }} Member
 */

/**
 * @typedef {object} Subscribed
 * @property {string} channel
 * @property {string} epoch
 * @property {number} offset       messages follow after it
 * @property {boolean} [recovered] only after coming back: whether nothing is missing
 * @property {{ members: Member[], count: number }} [presence]
 */

/** @typedef {{ channel: string, member: Member }} MemberChange */

/**
 * `event:paid` tells the messages whose event is `paid`, after `message`.
 * @template [T=any] what its messages are
 * @typedef {SubscriptionEventMap<T> & Record<`event:${string}`, Message<T>>} SubscriptionEvents
 */

/**
 * @template [T=any]
 * @typedef {object} SubscriptionEventMap
 * @property {Message<T>} message
 * @property {Subscribed} subscribed  at the beginning, and each time it is back
 * @property {Gap} gap
 * @property {{ channel: string, offset: number }} removed  a message was erased: what was kept of it is to go
 * @property {import('./keyed-state.js').Change<T>} change  of the state
 * @property {{}} state  it is whole
 * @property {MemberChange} join
 * @property {MemberChange} leave
 * @property {{ channel: string, subscribers: number }} occupancy  how many subscribe, on all nodes
 * @property {MemberChange} update  a member says something else of itself
 * @property {{ channel: string, code?: string, reason?: string }} unsubscribed  refused, or ended by the server: it will not come back by itself
 * @property {{ channel: string, code: string, error: string }} error  could not be subscribed now; tried again
 */

/**
 * @typedef {object} PublishOptions
 * @property {string} [key]             of several messages with one key, readers that conflate get the newest
 * @property {string} [idempotencyKey]  without it a random one is drawn for each call
 * @property {boolean} [durable]        refused where a crash of the server's store could lose it
 * @property {string} [event]           the name of the event that the message is, as `paid`: 1 to 200 bytes of printable text
 * @property {boolean} [except]         this client does not get it live; it has its offset and is kept all the same
 * @property {boolean} [ephemeral]      said in passing: not kept, has no offset, and fails at once where there is no connection
 *
 * @typedef {{ channel: string, epoch?: string, offset?: number }} Published  Without a position: in passing, or dropped by the application.
 * @typedef {{ since?: StreamPosition, last?: number, before?: StreamPosition, limit?: number }} HistoryOptions  One of `since` (the messages after it), `before` (those just before it, in ascending order) and `last`; `limit` 0 asks for the position alone
 * @typedef {{ members: Member[], count: number }} Presence
 */

/**
 * @template [T=any]
 * @typedef {{ epoch: string, offset: number, messages: Omit<Message<T>, 'channel'>[], recovered?: boolean }} History
 */

export {};
