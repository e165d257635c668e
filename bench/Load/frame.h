// Frames as a client sends and sees them (RFC 6455 §5.2).
#ifndef LOAD_FRAME_H
#define LOAD_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum opcode { OPCODE_CONTINUATION = 0, OPCODE_TEXT = 1, OPCODE_BINARY = 2, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

enum { max_frame_header = 14 };

// Writes a masked frame whose payload is the three parts; returns its size.
size_t frame_write(char *to, enum opcode opcode, const char *const parts[3], const size_t lengths[3]);

typedef struct frame {
    enum opcode opcode;
    int is_final, is_compressed;
    const char *payload;
    size_t length;
} frame;

// Inflates a compressed payload (RFC 7692 §7.2.2) in place of the frame's own; returns 0 where it can't.
int frame_inflate(frame *f);

// Returns the size of the frame at the start of the data, 0 if it isn't complete, -1 if a server must not send it.
long frame_read(const char *data, size_t length, frame *f);

#endif
