/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * One of the two servers of a comparison, asked over IMAP or JMAP: whether an
 * owner can log in, and which folders the account has.
 */
#ifndef FERRY_ACCT_SIDE_H
#define FERRY_ACCT_SIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "acct/scripts.h"
#include "core/why.h"
#include "http/http.h"
#include "http/stream.h"
#include "imap/client.h"
#include "jmap/mailboxes.h"

/* What became of a login with the owner's own password. */
enum side_login {
	LOGIN_UNKNOWN, /* no password of it is known */
	LOGIN_OK,
	LOGIN_REFUSED,       /* wrong user or password */
	LOGIN_FORBIDDEN,     /* the password is right, the login not allowed */
	LOGIN_SECOND_FACTOR, /* the server wants a code too */
	LOGIN_SKIPPED,       /* too many were refused before */
	LOGIN_FAILED         /* no answer about it */
};
/* "refused" */
const char *login_name(enum side_login l);

/* An account, and what a side says of it. */
struct side_account {
	const char *const *names;    /* login names to try, NULL at the end */
	const char *password;        /* the owner's, or NULL */
	struct jmap_account data;    /* address, id, mailboxes, counts, why */
	bool absent;                 /* the server has no such account */
	struct imap_foreign foreign; /* IMAP: what is not the owner's */
	bool known[DATA_KINDS];      /* which counts in data are told */
	/* Why those of scripts are not: there is no ManageSieve, or it does not
	 * tell of this account. */
	struct why no_scripts, scripts_refused;
	bool master; /* the folders were read as the master user */
	bool fewer; /* who has not the rights of the owner, and may see fewer */
	enum side_login login;
	struct why login_why;
	bool done; /* false: the run stopped before */
};
void side_account_free(struct side_account *a);

struct side_options {
	const char *url;
	const char *user; /* the master user or administrator; or NULL */
	const char *password;
	const char *token;      /* JMAP: instead of both */
	const char *separators; /* IMAP: "alice" SEPARATOR "master"; of several
				   the one by which the master is let in */
	const char *option;     /* that says which: "--source-separator" */
	const char *sieve;      /* IMAP: where scripts are counted, a URL of
			      ManageSieve; NULL: beside it, if it has that */
	bool authzid; /* IMAP: by the authorization identity instead */
	const char *cacert;
	bool insecure_tls;
	bool insecure; /* clear text to others than loopback */
	bool starttls;
	long budget;        /* JMAP: seconds that may be spent on waiting */
	size_t refused_max; /* owners' logins that may be refused */
	bool counted[DATA_KINDS];
	bool (*stop)(void); /* SIGINT; may be NULL */
	/* JMAP: before a wait; may be NULL. */
	void (*waiting)(double seconds, const struct why *why);
};

struct side {
	struct side_options options;
	bool is_jmap;
	size_t workers;
	struct side_worker *each; /* one for each thread */
	struct jmap_domains domains;
	struct scripts_server scripts;
	bool limits_masters;   /* doveconf says so */
	atomic_size_t refused; /* owners' logins */
	atomic_size_t master_refused;
	atomic_bool master_let_in;
	atomic_char separator; /* 0: not found yet */
	pthread_mutex_t probe; /* held while it is looked for */
	atomic_uint temps;     /* failures in a row */
	atomic_bool stopped;
	pthread_mutex_t lock;
	struct why why; /* under lock: why it stopped */
};

/* Whether the URLs are ones that side_open takes: https:// and http:// is JMAP,
 * imaps:// and imap:// IMAP. 0, or -1 and why (FATAL). */
int side_check(const struct side_options *o, struct why *why);

/* Opens the sessions of an administrator, for so many threads; everything in
 * options is borrowed. A wrong password is tried once. 0, or -1 and why. */
int side_open(struct side *s, const struct side_options *o, size_t workers,
    struct why *why);
void side_close(struct side *s);

/*
 * Asks for n accounts: first all that is done many at a time (JMAP), by the
 * calling thread and others; then side_ask_one does the rest of one account,
 * by any thread with its number.
 */
void side_ask_many(
    struct side *s, struct side_account *const *accounts, size_t n);
void side_ask_one(struct side *s, size_t worker, struct side_account *a);

/* Whether the side gave up, and why. */
bool side_stopped(struct side *s, struct why *why);

#endif
