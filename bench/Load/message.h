// A message is found by its marker wherever a server's framing puts it, so that any protocol counts alike:
//   ~#~ room(6) sequence(8) time(16) sum(8) filler…        all hexadecimal, times in ns of the monotonic clock
// No character of it is changed by HTML or JSON escaping.
#ifndef LOAD_MESSAGE_H
#define LOAD_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum { message_head_size = 41, max_message_size = 1 << 20, max_outstanding = 1024 };

typedef struct message {
    uint32_t room, sequence;
    int64_t time;
} message;

// Every message of a run has the same size.
void message_init(size_t size);

void message_write(char *to, message m);

enum found { FOUND_NONE, FOUND_MESSAGE, FOUND_DAMAGED };

// Looks for the next message in *text; moves *text and *length behind it.
enum found message_next(const char **text, size_t *length, message *m);

#endif
