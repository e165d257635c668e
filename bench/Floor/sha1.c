// SHA-1 and base64, only as much as the WebSocket handshake needs: one short input, one digest.
#include "sha1.h"

#include <stdint.h>
#include <string.h>

static uint32_t rotate(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

static void sha1_block(uint32_t state[5], const uint8_t block[64]) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; i++) {
        uint32_t mix, constant;
        if (i < 20)      { mix = (b & c) | (~b & d);          constant = 0x5A827999; }
        else if (i < 40) { mix = b ^ c ^ d;                   constant = 0x6ED9EBA1; }
        else if (i < 60) { mix = (b & c) | (b & d) | (c & d); constant = 0x8F1BBCDC; }
        else             { mix = b ^ c ^ d;                   constant = 0xCA62C1D6; }
        uint32_t next = rotate(a, 5) + mix + e + constant + w[i];
        e = d; d = c; c = rotate(b, 30); b = a; a = next;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e;
}

static void sha1(const uint8_t *data, int length, uint8_t digest[20]) {
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    int rest = length;
    for (; rest >= 64; rest -= 64, data += 64) sha1_block(state, data);

    uint8_t tail[128] = {0};
    memcpy(tail, data, rest);
    tail[rest] = 0x80;
    int blocks = rest < 56 ? 1 : 2;
    uint64_t bits = (uint64_t)length * 8;
    for (int i = 0; i < 8; i++) tail[64 * blocks - 1 - i] = (uint8_t)(bits >> 8 * i);
    for (int i = 0; i < blocks; i++) sha1_block(state, tail + 64 * i);
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void websocket_accept(const char *key, int key_length, char accept[29]) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t input[128], digest[21] = {0};
    if (key_length > 64) key_length = 64;
    memcpy(input, key, key_length);
    memcpy(input + key_length, guid, sizeof guid - 1);
    sha1(input, key_length + (int)sizeof guid - 1, digest);

    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++) accept[4 * i + j] = alphabet[three >> (18 - 6 * j) & 63];
    }
    accept[27] = '=';   // 20 bytes are 27 characters and one of padding
    accept[28] = 0;
}
