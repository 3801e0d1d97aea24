/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * One owner's settings: what a record wants, what the server has, and what is
 * to be done. The server is not asked here.
 *
 * An account has one active script. Where an owner has a forward and filters, or
 * a vacation message with either, the active one is a wrapper of ours that
 * includes them, so that neither switches the other off. Nothing that exists is
 * changed, and nothing that was put in once (the ledger) is put in again: the
 * owner may have taken it away. What the directory has otherwise since is named,
 * and changed where that is asked for and the server still has what was put in.
 * The ledger is about one account, not about its address.
 */
#ifndef FERRY_SETTINGS_OWNER_H
#define FERRY_SETTINGS_OWNER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "record/record.h"
#include "settings/ledger.h"

/* What the server is asked before anything is decided. */
enum owner_ask {
	ASK_SCRIPTS,
	ASK_VACATION,
	ASK_IDENTITIES,
	ASK_APP_PASSWORDS,
	ASK_MAILBOXES,
	ASKS
};

enum item_kind {
	ITEM_VACATION,
	ITEM_SCRIPT, /* one that stays inactive for now */
	ITEM_ACTIVE, /* a script, made and activated, or activated alone */
	ITEM_IDENTITY,
	ITEM_SHARE, /* of a folder, with all persons */
	ITEM_APP_PASSWORD,
	/* In the ledger only: what a wrapper includes; an app password that the
	 * server was asked for; the script that was activated; the identity
	 * that the server has under an id. */
	ITEM_FILTERS,
	ITEM_ASKED_PASSWORD,
	ITEM_ACTIVATED,
	ITEM_IDENTITY_ID,
	/* And which filters the directory had active when they were activated. */
	ITEM_WANTED_FILTERS,
	/* That a script was active, whoever has activated it. */
	ITEM_SEEN,
	ITEM_KINDS
};

/* The digest of what a record wants, or of what the server has, as a text. */
enum {
	OWNER_DIGEST = 33
};

/* One thing to be done. */
struct owner_item {
	enum item_kind kind;
	char *name;   /* of the script, identity or app password */
	char *text;   /* of a script that is made, or gets another text */
	char *id;     /* of what exists already; NULL: it is made */
	json_t *body; /* what is sent of the rest */
	/* Of an active script, for the ledger: what it does, the owner's
	 * filters that it includes, and those among what it does that the record
	 * has active; NULL: none. */
	char *key, *filters, *wanted;
	/* What the record wants, and, if that is known before, what the server
	 * has then; "": it is not kept. */
	char wish[OWNER_DIGEST], there[OWNER_DIGEST];
	char *note; /* for the result; NULL: nothing to say */
	/* Of a share: the rights, as the ledger has them; NULL: none. */
	json_t *given;
	/* Of the request that it is in; look: what reads it back, 0: nothing. */
	size_t call, upload, look;
	/* Another run has made one like it before: id, which is ours, goes. */
	bool twin;
	char made[48]; /* the creation id */
	bool sent;
};

struct holder {
	struct holder *next;
	char *id; /* of the account; NULL: it is only planned */
	char *address;
	/* Its id and when it was made: an account of the same address that was
	 * there before it, or is on another server, is another one. */
	char *identity;
	char *description; /* of the account; NULL: none */
	const struct settings_line *line;
	struct record want;
	json_t *has[ASKS]; /* lists; NULL: not asked */
	size_t ask[ASKS];  /* call of the request */
	bool sent;         /* once, and the answer was lost */
	json_t *changing;  /* names of scripts that were to be changed then */
	struct owner_item *items;
	size_t n, cap;
};

enum setting_status {
	SET_EXISTS,
	SET_CREATED,
	SET_UPDATED,
	SET_PLANNED, /* a dry run: it would be made or changed */
	SET_FAILED
};

/* What decisions need, and where outcomes go. */
struct owner_run {
	bool dry_run;
	bool update; /* what was put in follows the record */
	/* Address, identity, what, name; what the record wanted, what the server
	 * had then. */
	struct ledger *done;
	struct ledger *passwords; /* address, name; NULL: none are made */
	/* The text of a script that is there; NULL: nobody can read it. -1 and
	 * why where it cannot be had. */
	int (*read_script)(void *arg, const struct holder *o, const char *blob,
	    struct buf *text, struct why *why);
	/* The id of the account of an address; NULL: there is none, or why says
	 * for what reason that is not known. Where it is NULL, nobody can be
	 * shared with. */
	const char *(*account_id)(
	    void *arg, const char *address, struct why *why);
	/* differs: an array of names; NULL: none. */
	void (*report)(void *arg, const struct holder *o, enum item_kind kind,
	    enum setting_status status, const char *name, const char *note,
	    const json_t *differs, const struct why *why);
	void *arg;
};

/* Whether the record needs this answer. */
bool owner_asks(
    const struct owner_run *run, const struct holder *o, enum owner_ask ask);

/* What the server says of the account itself (x:Account/get with createdAt; NULL:
 * nothing): whether the ledger is about it follows. */
void owner_identify(struct holder *o, const json_t *account);

/* Fills in items; what exists, is only planned, or cannot be done is reported.
 * Everything is reported as planned where the account has no id. */
void owner_decide(const struct owner_run *run, struct holder *o);

/* Writes into the ledger, before a request is sent, what it asks for and whose
 * answer nobody can have again: app passwords. 0, or -1 and why. */
int owner_asking(
    const struct owner_run *run, const struct holder *o, struct why *why);

/* Writes into the ledger that a thing is there. there: what the server has now,
 * where the item does not say it; id: what the server calls it; each NULL: not
 * known. 0, or -1 and why. */
int owner_done(const struct owner_run *run, const struct holder *o,
    const struct owner_item *i, const char *there, const char *id,
    struct why *why);

/* Forgets one item; and all of them, with the answers, after an answer was lost:
 * what is there has to be asked again. */
void owner_forget(struct holder *o, size_t n);
void owner_lost(struct holder *o);
/* Frees it, with all that it holds. */
void owner_free(struct holder *o);

#endif
