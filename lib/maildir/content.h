/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What makes two copies of a message the same: its Message-ID, and a digest of
 * what does not change when servers hand it on. Received, Delivered-To, spam
 * marks and the like are not part of it; line ends and blank lines at the end
 * of the body do not count.
 */
#ifndef FERRY_MAILDIR_CONTENT_H
#define FERRY_MAILDIR_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/why.h"
#include "maildir/name.h"

enum {
	DIGEST_LEN = 16, /* SHA-256, cut */
	/* Of a digest of content: what is after that is of the field Bcc, and
	 * zero where there is none. */
	CONTENT_LEN = DIGEST_LEN - 2,
	RAW_DIGEST_LEN = SHA256_LEN,
	/* Longer headers are not searched for a Message-ID: the message is
	 * known by its content then. */
	HEADER_MAX = 32 << 20
};

/* The two reasons why a message in a file cannot be told from another. */
enum store_form {
	STORE_PLAIN,
	STORE_COMPRESSED, /* Dovecot's zlib plugin */
	STORE_ENCRYPTED   /* Dovecot's mail_crypt plugin */
};
enum store_form store_form(const char *p, size_t len);

/* Storage that is used again from message to message; one per thread. The zero
 * value is ready. */
struct reader {
	struct buf head; /* the first bytes of the file */
	struct buf text;
	struct buf raw; /* the Message-ID as it is written, if want_raw */
	bool want_raw;
	struct digest md;
};
void reader_free(struct reader *r);

/* SHA-256 of some bytes, the first DIGEST_LEN bytes of it. */
void digest_bytes(
    struct reader *r, const void *p, size_t len, unsigned char out[DIGEST_LEN]);

/* Counts all bytes of fd, which is read to its end. 0, or -1 and why (DATA). */
int read_size(int fd, struct msgsize *size, struct why *why);

/* SHA-256 of all bytes of fd. 0, or -1 and why (DATA). */
int read_raw_digest(int fd, unsigned char sha[RAW_DIGEST_LEN], struct why *why);

/*
 * Reads as much of fd as the search for the Message-ID needs. 1: *id holds the
 * digest of its canonical form; its text is in r->text. 0: there is none that
 * could be used. -1 and why (DATA): the file cannot be read or is not plain.
 */
int read_msgid(
    struct reader *r, int fd, unsigned char id[DIGEST_LEN], struct why *why);

/* The same of the text of a field Message-ID, as it is written. */
bool msgid_of_field(struct reader *r, const char *value, size_t len,
    unsigned char id[DIGEST_LEN]);

/*
 * Reads all of fd for the digest of the content: Date, From, To, Cc, Subject,
 * Content-Type, Content-Transfer-Encoding and the body, and Bcc (CONTENT_LEN);
 * NUL bytes count as the 0x80 that IMAP servers send in their place. Where fewer than
 * two of the first five are there, the size as IMAP counts it takes part, and where
 * there is no body either, all of the header. 0, or -1 and why (DATA).
 */
int read_content(struct reader *r, int fd, unsigned char digest[DIGEST_LEN],
    struct why *why);

#endif
