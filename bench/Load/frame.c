#include "frame.h"

#include <string.h>
#include <zlib.h>

static uint32_t next_mask(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static void mask(char *data, size_t length, uint32_t key) {
    uint64_t key64 = (uint64_t)key << 32 | key, word;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        memcpy(&word, data + i, 8);
        word ^= key64;
        memcpy(data + i, &word, 8);
    }
    for (; i < length; i++) data[i] ^= (char)(key >> 8 * (i & 3));
}

size_t frame_write(char *to, enum opcode opcode, const char *const parts[3], const size_t lengths[3]) {
    size_t length = lengths[0] + lengths[1] + lengths[2];
    char *at = to;
    *at++ = (char)(0x80 | opcode);
    if (length < 126) {
        *at++ = (char)(0x80 | length);
    } else if (length < 65536) {
        *at++ = (char)(0x80 | 126);
        *at++ = (char)(length >> 8);
        *at++ = (char)length;
    } else {
        *at++ = (char)(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8) *at++ = (char)(length >> shift);
    }
    uint32_t key = next_mask();
    memcpy(at, &key, 4);
    at += 4;
    char *payload = at;
    for (int i = 0; i < 3; i++) {
        memcpy(at, parts[i], lengths[i]);
        at += lengths[i];
    }
    mask(payload, length, key);
    return (size_t)(at - to);
}

long frame_read(const char *data, size_t length, frame *f) {
    const uint8_t *head = (const uint8_t *)data;
    if (length < 2) return 0;
    if (head[1] & 0x80 || head[0] & 0x30) return -1;   // masked, or an extension that there is none of
    size_t header = 2, payload = head[1];
    if (payload == 126) {
        header = 4;
        if (length < header) return 0;
        payload = (size_t)head[2] << 8 | head[3];
    } else if (payload == 127) {
        header = 10;
        if (length < header) return 0;
        payload = 0;
        for (int i = 2; i < 10; i++) payload = payload << 8 | head[i];
    }
    if (payload > 1 << 26) return -1;
    *f = (frame){.opcode = (enum opcode)(head[0] & 15), .is_final = head[0] >> 7, .is_compressed = head[0] >> 6 & 1, .payload = data + header, .length = payload};
    return length < header + payload ? 0 : (long)(header + payload);
}

int frame_inflate(frame *f) {
    static z_stream stream;
    static char text[1 << 17], whole[1 << 17];
    static int begun;
    if (f->length + 4 > sizeof whole) return 0;
    if (!begun) begun = inflateInit2(&stream, -15) == Z_OK;
    memcpy(whole, f->payload, f->length);
    memcpy(whole + f->length, "\x00\x00\xff\xff", 4);
    inflateReset(&stream);
    stream.next_in = (Bytef *)whole;
    stream.avail_in = (uInt)f->length + 4;
    stream.next_out = (Bytef *)text;
    stream.avail_out = sizeof text;
    int status = inflate(&stream, Z_SYNC_FLUSH);
    if ((status != Z_OK && status != Z_BUF_ERROR) || stream.avail_in) return 0;
    f->payload = text;
    f->length = sizeof text - stream.avail_out;
    return 1;
}
