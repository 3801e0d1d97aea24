# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""BLAKE3 of 256 bits, unkeyed, as the specification of 2020 has it: slow, and
enough for the small blobs of a test archive.

usage: blake3.py [FILE ...]: as b3sum(1) prints it."""
import struct
import sys

IV = (0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
# The four words of the state that each step of a round mixes.
COLUMNS_AND_DIAGONALS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
BLOCK, CHUNK = 64, 1024
MASK = 0xffffffff


def turned(word, by):
    return (word >> by | word << (32 - by)) & MASK


def compress(value, block, counter, length, flags):
    """The first eight words that come out of the compression function."""
    words = struct.unpack('<16I', block.ljust(BLOCK, b'\0'))
    v = list(value) + list(IV[:4]) + [counter & MASK, counter >> 32, length,
                                      flags]
    for _ in range(7):
        for n, (a, b, c, d) in enumerate(COLUMNS_AND_DIAGONALS):
            for word, r1, r2 in ((words[2 * n], 16, 12),
                                 (words[2 * n + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & MASK
                v[d] = turned(v[d] ^ v[a], r1)
                v[c] = (v[c] + v[d]) & MASK
                v[b] = turned(v[b] ^ v[c], r2)
        words = tuple(words[i] for i in PERMUTATION)
    return tuple(v[i] ^ v[i + 8] for i in range(8))


def chunk(data, counter, root):
    """The chaining value of a chunk of at most 1,024 bytes."""
    value, flags = IV, CHUNK_START
    for at in range(0, max(len(data), 1), BLOCK):
        block = data[at:at + BLOCK]
        if at + BLOCK >= len(data):
            flags |= CHUNK_END | (ROOT if root else 0)
        value = compress(value, block, counter, len(block), flags)
        flags = 0
    return value


def tree(data, counter, root):
    """The chaining value of all of it; counter is its first chunk's number."""
    if len(data) <= CHUNK:
        return chunk(data, counter, root)
    # The left side is the largest power of two of chunks that leaves some.
    left = CHUNK << ((len(data) - 1) // CHUNK).bit_length() - 1
    both = tree(data[:left], counter, False) + \
        tree(data[left:], counter + left // CHUNK, False)
    return compress(IV, struct.pack('<16I', *both), 0, BLOCK,
                    PARENT | (ROOT if root else 0))


def digest(data):
    return struct.pack('<8I', *tree(data, 0, True))


if __name__ == '__main__':
    for name in sys.argv[1:]:
        with open(name, 'rb') as f:
            print('%s  %s' % (digest(f.read()).hex(), name))
