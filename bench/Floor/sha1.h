#ifndef FLOOR_SHA1_H
#define FLOOR_SHA1_H

// Writes the 28 characters of Sec-WebSocket-Accept (RFC 6455 §4.2.2) and a terminating zero.
void websocket_accept(const char *key, int key_length, char accept[29]);

#endif
