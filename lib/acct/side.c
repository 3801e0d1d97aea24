/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/side.h"

#include <stdlib.h>
#include <string.h>

#include "acct/doveconf.h"
#include "core/alloc.h"
#include "core/str.h"
#include "core/workers.h"
#include "http/status.h"
#include "imap/client.h"

enum {
	/* Requests at a time that a server takes of one account
	 * (maxConcurrentRequests of Stalwart). */
	SESSIONS_MAX = 4,
	TEMP_IN_A_ROW = 5, /* so many failures: the server is gone */
	/* So many accounts, and none before: the master user is refused, not
	 * they. */
	MASTER_REFUSED_MAX = 3
};

/* What one thread has. */
struct side_worker {
	struct http *http; /* the administrator's, with its session */
	struct jmap jmap;
	struct http *owner; /* for the logins of owners */
	struct http_reply reply;
};

const char *
login_name(enum side_login l)
{
	static const char *const names[] = { [LOGIN_UNKNOWN] = "unknown",
		[LOGIN_OK] = "ok",
		[LOGIN_REFUSED] = "refused",
		[LOGIN_FORBIDDEN] = "forbidden",
		[LOGIN_SECOND_FACTOR] = "second-factor",
		[LOGIN_SKIPPED] = "skipped",
		[LOGIN_FAILED] = "failed" };

	return names[l];
}

void
side_account_free(struct side_account *a)
{
	jmap_account_free(&a->data);
	imap_foreign_free(&a->foreign);
}

/* --- opening --- */

static bool
is_jmap(const char *url)
{
	return str_starts_nocase(url, "http://") ||
	       str_starts_nocase(url, "https://");
}

static struct http_options
http_settings(const struct side_options *o)
{
	return (struct http_options){ .user = o->user,
		.password = o->password,
		.token = o->token,
		.cacert = o->cacert,
		.insecure_tls = o->insecure_tls,
		.insecure_http = o->insecure,
		.stop = o->stop };
}

int
side_check(const struct side_options *o, struct why *why)
{
	struct http_options http = http_settings(o);
	struct http *h;

	if (!is_jmap(o->url))
		return stream_check(o->url, "imap", why) == -1 ||
			       (o->sieve != NULL &&
				   stream_check(o->sieve, "sieve", why) == -1)
			   ? -1
			   : 0;
	h = http_new(o->url, &http, why);
	http_free(h);
	return h == NULL ? -1 : 0;
}

static int
open_worker(struct side *s, struct side_worker *w, struct why *why)
{
	struct http_options http = http_settings(&s->options), owner = http;

	w->http = http_new(s->options.url, &http, why);
	owner.user = owner.password = owner.token = NULL;
	w->owner = http_new(s->options.url, &owner, why);
	if (w->http == NULL || w->owner == NULL)
		return -1;
	w->jmap.retry.stop = s->options.stop;
	w->jmap.retry.waiting = s->options.waiting;
	return jmap_open(&w->jmap, w->http, s->options.budget, why);
}

int
side_open(struct side *s, const struct side_options *o, size_t workers,
    struct why *why)
{
	*s = (struct side){ .options = *o, .is_jmap = is_jmap(o->url) };
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_mutex_init(&s->probe, NULL);
	s->workers = workers;
	if (!s->is_jmap) {
		scripts_server_init(&s->scripts, o->sieve, o->url);
		s->limits_masters = o->user != NULL && doveconf_knows(o->url) &&
				    doveconf_limits_masters();
		return 0;
	}
	s->each = xcalloc(workers, sizeof *s->each);
	/* One after another: a wrong password is tried by the first alone. */
	for (size_t i = 0; i < workers; i++)
		if (open_worker(s, &s->each[i], why) == -1)
			return -1;
	return 0;
}

void
side_close(struct side *s)
{
	for (size_t i = 0; s->each != NULL && i < s->workers; i++) {
		jmap_close(&s->each[i].jmap);
		http_free(s->each[i].http);
		http_free(s->each[i].owner);
		http_reply_free(&s->each[i].reply);
	}
	free(s->each);
	jmap_domains_free(&s->domains);
	scripts_server_free(&s->scripts);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_mutex_destroy(&s->probe);
	*s = (struct side){ 0 };
}

/* --- giving up --- */

static void
stop(struct side *s, const struct why *why)
{
	(void)pthread_mutex_lock(&s->lock);
	if (!atomic_load(&s->stopped))
		s->why = *why;
	atomic_store(&s->stopped, true);
	(void)pthread_mutex_unlock(&s->lock);
}

bool
side_stopped(struct side *s, struct why *why)
{
	bool stopped = atomic_load(&s->stopped);

	(void)pthread_mutex_lock(&s->lock);
	if (stopped)
		*why = s->why;
	(void)pthread_mutex_unlock(&s->lock);
	return stopped;
}

/* Whether the other accounts are worth asking for after this. */
static void
look_at(struct side *s, const struct why *why)
{
	bool gone = false;

	if (why->kind == FAIL_TEMP)
		gone = atomic_fetch_add(&s->temps, 1) + 1 >= TEMP_IN_A_ROW;
	else
		atomic_store(&s->temps, 0);
	if (gone || why->kind == FAIL_FATAL)
		stop(s, why);
}

/* An owner's password was refused. The server counts them too, and blocks an
 * address after a hundred (Stalwart), or makes it wait (Dovecot). */
static void
count_refusal(struct side *s)
{
	(void)atomic_fetch_add(&s->refused, 1);
}

static bool
may_try(const struct side *s)
{
	return atomic_load(&s->refused) < s->options.refused_max;
}

/* --- IMAP --- */

static struct stream_options
stream_settings(const struct side_options *o)
{
	return (struct stream_options){ .stop = o->stop,
		.cacert = o->cacert,
		.insecure_tls = o->insecure_tls,
		.insecure = o->insecure,
		.starttls = o->starttls };
}

/* Counts the scripts, by the login that has opened the mail. */
static void
ask_scripts(struct side *s, const struct sasl_login *l, struct side_account *a)
{
	struct stream_options o = stream_settings(&s->options);
	struct buf active = { 0 };
	struct why why = { 0 };

	switch (scripts_count(
	    &s->scripts, &o, l, &a->data.counts[DATA_SCRIPTS], &active, &why)) {
	case SCRIPTS_COUNTED:
		a->known[DATA_SCRIPTS] = true;
		if (active.len != 0)
			a->data.active_script = xstrdup(active.data);
		break;
	case SCRIPTS_NONE:
		a->no_scripts = why;
		break;
	case SCRIPTS_REFUSED:
		a->scripts_refused = why;
		break;
	case SCRIPTS_FAILED:
		a->data.why = why;
	}
	buf_free(&active);
}

/* What a login sees; a failure is the account's. */
static void
imap_look(
    const struct side *s, struct imap *im, bool master, struct side_account *a)
{
	enum imap_rights rights;

	if (imap_folders(im, &a->data.mailboxes, &a->foreign, &a->data.why) ==
		-1 ||
	    !master || imap_rights(im, &rights, &a->data.why) == -1)
		return;
	a->fewer = rights == IMAP_RIGHTS_FEWER ||
		   (rights == IMAP_RIGHTS_UNKNOWN && s->limits_masters);
}

/* One login, of the owner or of the master user, and what it sees. */
static enum imap_answer
imap_ask(struct side *s, const struct sasl_login *l, bool master,
    struct side_account *a, struct why *why)
{
	struct stream_options o = stream_settings(&s->options);
	struct imap im = { 0 };
	enum imap_answer answer = IMAP_FAILED;

	if (imap_open(&im, s->options.url, &o, why) == 0)
		answer = imap_login(&im, l, why);
	if (answer == IMAP_LET_IN && a->data.mailboxes.n == 0)
		imap_look(s, &im, master, a);
	imap_close(&im);
	if (answer == IMAP_LET_IN && a->data.why.kind == FAIL_NONE &&
	    s->options.counted[DATA_SCRIPTS])
		ask_scripts(s, l, a);
	return answer;
}

/* With the owner's own password, by each name until one is let in. */
static void
imap_as_owner(struct side *s, struct side_account *a)
{
	static const enum side_login logins[] = { [IMAP_LET_IN] = LOGIN_OK,
		[IMAP_REFUSED] = LOGIN_REFUSED,
		[IMAP_FORBIDDEN] = LOGIN_FORBIDDEN,
		[IMAP_ILL] = LOGIN_FAILED,
		[IMAP_FAILED] = LOGIN_FAILED };
	enum imap_answer answer = IMAP_REFUSED;

	for (size_t i = 0; answer == IMAP_REFUSED && a->names[i] != NULL; i++) {
		struct sasl_login l = { .user = a->names[i],
			.password = a->password };

		if (!may_try(s)) {
			a->login = LOGIN_SKIPPED;
			return;
		}
		a->login_why = (struct why){ 0 };
		answer = imap_ask(s, &l, false, a, &a->login_why);
		if (answer == IMAP_REFUSED)
			count_refusal(s);
	}
	a->login = logins[answer];
	if (a->login == LOGIN_FAILED)
		a->data.why = a->login_why;
}

static enum imap_answer
imap_by(
    struct side *s, struct side_account *a, const char *name, char separator)
{
	const struct side_options *o = &s->options;
	struct sasl_login l = { .user = o->user, .password = o->password };
	struct why why = { 0 };
	char *joined = NULL;
	enum imap_answer answer;

	if (separator == 0)
		l.authzid = name;
	else
		l.user = joined = xasprintf("%s%c%s", name, separator, o->user);
	a->data.why = (struct why){ 0 };
	answer = imap_ask(s, &l, true, a, &why);
	free(joined);
	/* Seen with Dovecot 2.3: the master user is let in, and then there is
	 * no such user. */
	if (answer == IMAP_ILL)
		why_set(&a->data.why, FAIL_TEMP,
		    "%s; or it has no such account, and a master passdb "
		    "without pass = yes",
		    why.text);
	else if (answer != IMAP_LET_IN)
		a->data.why = why;
	return answer;
}

/* By each separator, until the server knows the master user by one, which is then
 * its own. One thread at a time: logins that are refused are counted. */
static enum imap_answer
imap_probe(struct side *s, struct side_account *a, const char *name)
{
	const char *c = s->options.separators;
	enum imap_answer answer = IMAP_REFUSED;

	(void)pthread_mutex_lock(&s->probe);
	if (atomic_load(&s->separator) != 0)
		answer = imap_by(s, a, name, atomic_load(&s->separator));
	else
		for (; answer == IMAP_REFUSED && *c != '\0'; c++) {
			answer = imap_by(s, a, name, *c);
			if (answer == IMAP_LET_IN || answer == IMAP_FORBIDDEN)
				atomic_store(&s->separator, *c);
		}
	(void)pthread_mutex_unlock(&s->probe);
	return answer;
}

static enum imap_answer
imap_by_name(struct side *s, struct side_account *a, const char *name)
{
	char separator = atomic_load(&s->separator);

	if (!s->options.authzid && separator == 0)
		return imap_probe(s, a, name);
	return imap_by(s, a, name, s->options.authzid ? 0 : separator);
}

/* By each name until one is let in. Dovecot forbids the master user an account that
 * it does not have, or fails (imap_by), and may have it by the next name. */
static enum imap_answer
imap_by_names(struct side *s, struct side_account *a)
{
	enum imap_answer answer = IMAP_REFUSED;
	struct why ill = { 0 };

	for (size_t i = 0; a->names[i] != NULL && answer != IMAP_LET_IN &&
			   answer != IMAP_FAILED;
	     i++) {
		answer = imap_by_name(s, a, a->names[i]);
		if (answer == IMAP_ILL)
			ill = a->data.why;
	}
	if (ill.kind == FAIL_NONE || answer == IMAP_LET_IN)
		return answer;
	a->data.why = ill;
	return IMAP_ILL;
}

/* As the master user; the account is absent where no name is let in. */
static void
imap_as_master(struct side *s, struct side_account *a)
{
	enum imap_answer answer = imap_by_names(s, a);

	a->master = answer == IMAP_LET_IN;
	a->absent = answer == IMAP_REFUSED || answer == IMAP_FORBIDDEN;
	if (answer == IMAP_LET_IN || answer == IMAP_FORBIDDEN)
		atomic_store(&s->master_let_in, true);
	else if (a->absent && !atomic_load(&s->master_let_in) &&
		 atomic_fetch_add(&s->master_refused, 1) + 1 >=
		     MASTER_REFUSED_MAX) {
		struct why why;

		why_set(&why, FAIL_FATAL,
		    "the master user was refused for all of the first %d "
		    "accounts, by each separator of \"%s\": a wrong "
		    "password, or another separator (%s)",
		    MASTER_REFUSED_MAX, s->options.separators,
		    s->options.option);
		stop(s, &why);
	}
}

static void
imap_one(struct side *s, struct side_account *a)
{
	if (a->password != NULL)
		imap_as_owner(s, a);
	if (a->login == LOGIN_OK || a->data.why.kind != FAIL_NONE)
		return;
	if (s->options.user != NULL)
		imap_as_master(s, a);
	else if (a->login == LOGIN_UNKNOWN)
		why_set(&a->data.why, FAIL_DATA,
		    "no password given for it, and no master user");
	else if (a->login == LOGIN_SKIPPED)
		why_set(&a->data.why, FAIL_DATA,
		    "not tried: too many logins were refused before");
	else
		a->data.why = a->login_why;
}

/* --- JMAP --- */

/* One request of a chunk. */
struct batches {
	struct side *side;
	struct side_account **accounts; /* with ids */
	size_t n, each;
};

static void
spread(const struct why *why, struct side_account *const *accounts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (accounts[i]->data.why.kind == FAIL_NONE)
			accounts[i]->data.why = *why;
}

static void
fetch_batch(void *arg, size_t worker, size_t item)
{
	struct batches *b = arg;
	struct side *s = b->side;
	size_t from = item * b->each,
	       n = b->n - from < b->each ? b->n - from : b->each;
	struct jmap_account **data = xcalloc(n, sizeof *data);
	struct why why = { 0 };

	for (size_t i = 0; i < n; i++)
		data[i] = &b->accounts[from + i]->data;
	if (!atomic_load(&s->stopped) &&
	    jmap_fetch_accounts(
		&s->each[worker].jmap, data, n, s->options.counted, &why) == -1)
		spread(&why, b->accounts + from, n);
	/* A failure of a request has waited for the server already. */
	if (why.kind != FAIL_NONE)
		stop(s, &why);
	free(data);
}

static int
find_ids(struct side *s, struct side_account *const *accounts, size_t n,
    struct why *why)
{
	struct jmap_account **data = xcalloc(n + 1, sizeof *data);
	int r;

	for (size_t i = 0; i < n; i++)
		data[i] = &accounts[i]->data;
	r = jmap_find_accounts(&s->each[0].jmap, &s->domains, data, n, why);
	free(data);
	return r;
}

void
side_ask_many(struct side *s, struct side_account *const *accounts, size_t n)
{
	struct batches b = { .side = s };
	struct why why = { 0 };

	if (!s->is_jmap || atomic_load(&s->stopped))
		return;
	if (find_ids(s, accounts, n, &why) == -1) {
		spread(&why, accounts, n);
		stop(s, &why);
		return;
	}
	b.accounts = xcalloc(n + 1, sizeof *b.accounts);
	for (size_t i = 0; i < n; i++) {
		if (accounts[i]->data.why.kind != FAIL_NONE)
			continue;
		accounts[i]->absent = *accounts[i]->data.id == '\0';
		if (!accounts[i]->absent)
			b.accounts[b.n++] = accounts[i];
	}
	b.each = jmap_fetch_max(&s->each[0].jmap, s->options.counted);
	workers_run(s->workers < SESSIONS_MAX ? s->workers : SESSIONS_MAX,
	    (b.n + b.each - 1) / b.each, fetch_batch, &b);
	for (size_t i = 0; i < b.n; i++)
		if (b.accounts[i]->data.why.kind == FAIL_NONE)
			memcpy(b.accounts[i]->known, s->options.counted,
			    sizeof b.accounts[i]->known);
	free(b.accounts);
}

/* What a session with the owner's password says (Stalwart: 402 and 403 with the
 * right password only). */
static enum side_login
judge_session(
    struct side *s, const struct http_reply *reply, struct side_account *a)
{
	switch (reply->status) {
	case 200:
		if (jmap_read_owner(
			&reply->body, a->data.address, &a->login_why) == 0)
			return LOGIN_OK;
		return a->login_why.kind == FAIL_TEMP ? LOGIN_FAILED
						      : LOGIN_REFUSED;
	case 401:
		count_refusal(s);
		why_set(&a->login_why, FAIL_DATA, "wrong user or password");
		return LOGIN_REFUSED;
	case 402:
		return LOGIN_SECOND_FACTOR;
	case 403:
		why_set(&a->login_why, FAIL_DATA,
		    "the password is right, but the login is not allowed");
		return LOGIN_FORBIDDEN;
	case 429:
		why_set(&a->login_why, FAIL_TEMP,
		    "the server asks to wait (429): it may have blocked this "
		    "address after refused logins");
		stop(s, &a->login_why);
		return LOGIN_FAILED;
	default:
		(void)http_status_why(NULL, reply, NULL, &a->login_why);
		a->login_why.kind = FAIL_TEMP;
		return LOGIN_FAILED;
	}
}

static void
jmap_one(struct side *s, struct side_worker *w, struct side_account *a)
{
	bool unsure;

	if (a->password == NULL || a->absent)
		return;
	if (!may_try(s)) {
		a->login = LOGIN_SKIPPED;
		return;
	}
	http_login(w->owner, a->data.address, a->password);
	if (http_send(w->owner, "GET", "/jmap/session", NULL, NULL, 0,
		&w->reply, &unsure, &a->login_why) == -1)
		a->login = LOGIN_FAILED;
	else
		a->login = judge_session(s, &w->reply, a);
	http_login(w->owner, NULL, NULL);
}

void
side_ask_one(struct side *s, size_t worker, struct side_account *a)
{
	if (atomic_load(&s->stopped) && a->data.why.kind == FAIL_NONE)
		return;
	a->done = true;
	if (a->data.why.kind != FAIL_NONE)
		return;
	if (s->is_jmap)
		jmap_one(s, &s->each[worker], a);
	else
		imap_one(s, a);
	look_at(s, a->login == LOGIN_FAILED ? &a->login_why : &a->data.why);
}
