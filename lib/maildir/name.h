/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The file name of a message in a Maildir: BASE[:2,FLAGS[,EXTRA]]. The base is
 * the message's identity inside one folder; Dovecot takes everything before the
 * first colon for it, and reads the information after the last one.
 */
#ifndef FERRY_MAILDIR_NAME_H
#define FERRY_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* The flags, in the order in which a name carries them. */
enum mdflag {
	MD_DRAFT = 1 << 0,   /* D */
	MD_FLAGGED = 1 << 1, /* F */
	MD_PASSED = 1 << 2,  /* P: forwarded; Dovecot keeps it unread */
	MD_REPLIED = 1 << 3, /* R */
	MD_SEEN = 1 << 4,    /* S */
	MD_TRASHED = 1 << 5, /* T */
	MD_FLAGS = (1 << 6) - 1
};

/* A size in a name (,S= or ,W=) that is absent, or that is not a number. */
enum {
	MD_SIZE_NONE = -1,
	MD_SIZE_BAD = -2
};

struct mdname {
	const char *name;
	size_t base_len;
	unsigned int flags;   /* of enum mdflag */
	unsigned int letters; /* bit 0 for the keyword letter a, ... z */
	const char *extra;    /* after the flags: "", or ",..." */
	int64_t size;         /* ,S=: what Dovecot takes for the file's size */
	int64_t vsize;        /* ,W=: the same with every line end as CRLF */
	int64_t seconds;      /* the number at the start; 0 if there is none */
};

/* Takes a name apart. Everything points into it. */
void mdname_parse(struct mdname *n, const char *name);

/* The flags alone. */
unsigned int mdname_flags(const char *name);

/* True for what is not a message: names that begin with a dot, and names with a
 * CR or LF, which Dovecot passes over. */
bool mdname_ignored(const char *name);

/* Appends ":2," and the flags and keyword letters, in ASCII order. */
void mdname_put_info(struct buf *out, unsigned int flags, unsigned int letters);

/*
 * Counts the bytes of a message, and how many line feeds have no carriage
 * return before them: its size in the file, and as IMAP sends it. The zero
 * value is a message without bytes.
 */
struct msgsize {
	uint64_t bytes;
	uint64_t bare_lf;
	bool after_cr;
};
void msgsize_add(struct msgsize *s, const char *p, size_t len);
uint64_t msgsize_crlf(const struct msgsize *s);

enum {
	MD_DIGEST_LEN = 16
};

/*
 * Appends a base that depends on nothing but its arguments: the internal date
 * in seconds (Dovecot hands out UIDs in the order of that number, then of the
 * digits after M), bits of a digest of the content, and which copy of the
 * message in its folder it is, from 0. The sizes follow as ,S= and ,W=.
 */
void mdname_put_base(struct buf *out, int64_t seconds,
    const unsigned char digest[MD_DIGEST_LEN], unsigned int copy,
    const struct msgsize *size);

/* The same with the last 32 bits of a run's number: no two runs give a file one
 * name. */
void mdname_put_run_base(struct buf *out, int64_t seconds,
    const unsigned char digest[MD_DIGEST_LEN], unsigned int copy, uint64_t run,
    const struct msgsize *size);

/* The flag that an IMAP or JMAP keyword stands for ("$seen", "\\Seen",
 * "$Forwarded"), in any case; 0 if it has none. */
unsigned int mdflag_of_keyword(const char *keyword);

/* The name of one flag as JMAP has it: "$seen". */
const char *mdflag_keyword(enum mdflag flag);

#endif
