/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The account record, mailferry-record(5): one JSON object a line, what
 * readers of directories write and everything else reads.
 */
#ifndef FERRY_RECORD_RECORD_H
#define FERRY_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/ndjson.h"
#include "core/why.h"

/* A list of borrowed strings. */
struct strs {
	const char **v;
	size_t n, cap;
};
void strs_add(struct strs *list, const char *s);
bool strs_has(const struct strs *list, const char *s);

enum record_type {
	REC_OTHER, /* a type that this release does not know */
	REC_DOMAIN,
	REC_ACCOUNT,
	REC_ALIAS,
	REC_GROUP,
	REC_SETTINGS, /* more about an account of another record */
	REC_DKIM,     /* a signing key */
	REC_NOTE,     /* something that no record can say */
	REC_END
};

/*
 * Members that are objects, or lists of objects: their structs, below, one
 * after another. record_add appends one.
 */
struct parts {
	void *v;
	size_t n, cap;
};

struct record_vacation {
	bool active;
	const char *subject;
	const char *text;
	const char *html;
	const char *from;  /* RFC 3339, as until */
	const char *until; /* the first moment without it */
};

struct record_identity {
	const char *name;
	const char *address;
	const char *reply_to;
	const char *bcc;
	const char *text; /* the signature, as html is */
	const char *html;
	bool is_default;
};

struct record_script {
	const char *name;
	bool active;
	const char *text;
};

struct record_app_password {
	const char *name;
};

struct record_share {
	const char *folder; /* decoded, "/" between its levels */
	const char *with;   /* an address */
	const char *rights; /* RFC 4314 */
};

/* How many members of each kind a record has. */
enum {
	RECORD_TEXTS = 19,
	RECORD_NUMBERS = 5,
	RECORD_FLAGS = 4,
	RECORD_LISTS = 10,
	RECORD_PARTS = 5,
	RECORD_MEMBERS = RECORD_TEXTS + RECORD_NUMBERS + RECORD_FLAGS +
			 RECORD_LISTS + RECORD_PARTS
};

/*
 * The members are those of mailferry-record(5), by their names there. A member
 * that is absent is NULL, an empty list, -1 (numbers), or its default (active,
 * receive and keep: true). Strings are UTF-8 and borrowed: from the caller who
 * set them, or after record_parse from the record itself until the next one.
 * They stand by their kinds, so that all of a kind are done alike.
 */
struct record {
	enum record_type type;
	union {
		const char *texts[RECORD_TEXTS];
		struct {
			const char *domain;
			const char *address;
			const char *name;
			const char *secret; /* verbatim */
			const char *default_scheme;
			const char *otp;
			const char *home;
			const char *mail;
			const char *locale; /* BCP 47 */
			const char *time_zone;
			const char *admin;
			const char *selector;  /* of a DKIM key, as domain is */
			const char *algorithm; /* "rsa-sha256", ... */
			const char *key;       /* PEM; a secret */
			const char *origin;
			const char *source;
			const char *part; /* what a filter left; NULL: all */
			const char *what; /* the setting that a note is about */
			const char *note; /* "text": what is not carried */
		};
	};
	union {
		int64_t numbers[RECORD_NUMBERS];
		struct {
			int64_t quota; /* bytes */
			int64_t uid;
			int64_t gid;
			int64_t count;  /* of an end record, or a note */
			int64_t failed; /* what a reader could not read */
		};
	};
	union {
		bool flags[RECORD_FLAGS];
		struct {
			bool active;
			bool receive;
			bool keep;
			bool elsewhere; /* false where it is absent */
		};
	};
	union {
		struct strs lists[RECORD_LISTS];
		struct {
			struct strs logins;
			struct strs aliases;
			struct strs groups;
			struct strs acl_groups;   /* no mailboxes */
			struct strs acl_settings; /* "name=value" */
			struct strs targets;
			struct strs forward;
			struct strs disabled; /* protocols */
			struct strs allow_nets;
			struct strs send_as;
		};
	};
	union {
		struct parts parts[RECORD_PARTS];
		struct {
			struct parts vacation;      /* one at most */
			struct parts identities;    /* record_identity */
			struct parts scripts;       /* record_script */
			struct parts app_passwords; /* record_app_password */
			struct parts shares;        /* record_share */
		};
	};
	struct buf text; /* what record_parse's strings point into */
	/* What followed each member in the record before: record_parse tries that
	 * first. */
	unsigned char next[RECORD_MEMBERS + 1];
};

/* An empty record of a type; the storage of lists and text is kept. The first
 * call needs a zeroed record. */
void record_reset(struct record *r, enum record_type type);
/* Gives all storage back; the text is overwritten. */
void record_free(struct record *r);

/* Appends an object to a member of r that has them; its members are absent. The
 * pointer is good until the next one. */
void *record_add(struct record *r, struct parts *member);

/* The vacation of a record; NULL: it has none. */
const struct record_vacation *record_vacation(const struct record *r);

/*
 * Reads one line, which is not changed. Refused (FAIL_DATA, -1): what is not a
 * JSON object, a member given twice, "v" other than 1, a known member of a
 * wrong type or empty, a missing member that its type requires, an address
 * without "@". Unknown members and types are not an error; whoever passes
 * records on passes the line itself.
 */
int record_parse(
    struct record *r, const char *line, size_t len, struct why *why);

/*
 * Reads the next line and parses it: 1 a record, 0 the end, -1 and why; r is then
 * what could be read of it. The line stays in in->line.
 */
int record_next(struct ndjson *in, struct record *r, struct why *why);

/* The checks of record_parse, for a record that a source has built. */
int record_check(const struct record *r, struct why *why);

/* Appends the record as one line, newline included. */
void record_write(const struct record *r, struct buf *out);

/* Whose record it is: the address, or the domain; of a note what it is about,
 * where that is an address. NULL: everybody's. */
const char *record_owner(const struct record *r);

/* What names the record in messages: address, domain, or its type. */
const char *record_id(const struct record *r);

#endif
