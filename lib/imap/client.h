/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* One session with an IMAP server: a login, and the folders with their counts.
 */
#ifndef FERRY_IMAP_CLIENT_H
#define FERRY_IMAP_CLIENT_H

#include <stddef.h>

#include "core/why.h"
#include "imap/response.h"
#include "imap/sasl.h"
#include "imap/wire.h"
#include "mailbox/list.h"

/* What the server thinks of a login. */
enum imap_answer {
	IMAP_LET_IN,
	IMAP_REFUSED,   /* why says it, in our words; never the password */
	IMAP_FORBIDDEN, /* the password is right, the login not allowed */
	IMAP_ILL,       /* it fails at the login itself: why, TEMP */
	IMAP_FAILED     /* no answer about the login: why, TEMP or FATAL */
};

struct imap {
	struct wire wire;
	struct imap_response response;
	unsigned int capabilities;
	unsigned int tag;
};

/* Connects. 0, or -1 and why, as stream_open has it. */
int imap_open(struct imap *im, const char *url, const struct stream_options *o,
    struct why *why);
/* The zero value may be closed too. What was sent is overwritten. */
void imap_close(struct imap *im);

/* Once a session. By AUTHENTICATE PLAIN, or by LOGIN where the server has no
 * other way and no authzid is asked for. */
enum imap_answer imap_login(
    struct imap *im, const struct sasl_login *login, struct why *why);

/* What the session sees that is not the owner's. The zero value is empty. */
struct imap_foreign {
	struct buf
	    prefixes;   /* of namespaces of others and of all, as they are on
				the wire, each with its delimiter and a NUL */
	size_t folders; /* below them, that can be opened */
};
void imap_foreign_free(struct imap_foreign *f);

/*
 * All folders of the owner that can be opened, with the number of messages in
 * each; not those of others, nor shared ones (NAMESPACE), which are counted. In one
 * command where the server knows LIST-STATUS (RFC 5819), else one for each folder;
 * and one for each namespace of the owner that the list of all leaves out. 0, or -1
 * and why.
 */
int imap_folders(struct imap *im, struct mailboxes *to,
    struct imap_foreign *foreign, struct why *why);

enum imap_rights {
	IMAP_RIGHTS_UNKNOWN, /* the server has no access lists, or tells nothing */
	IMAP_RIGHTS_OWNER,
	IMAP_RIGHTS_FEWER
};
/* Whose rights the session has to the INBOX (RFC 4314, 3.5), after imap_folders: to
 * whom the server gives fewer than to an owner, it may not list all folders. 0, or -1
 * and why. */
int imap_rights(struct imap *im, enum imap_rights *rights, struct why *why);

#endif
