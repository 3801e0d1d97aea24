/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/scripts.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "managesieve/client.h"

/* "sieve://HOST" of "imaps://HOST:993": the port is another service's. */
static char *
beside(const char *imap)
{
	const char *host = strstr(imap, "://") + 3;
	size_t len = strcspn(host, *host == '[' ? "]" : ":/");

	return xasprintf(
	    "sieve://%.*s%s", (int)len, host, host[len] == ']' ? "]" : "");
}

void
scripts_server_init(struct scripts_server *s, const char *url, const char *imap)
{
	*s = (struct scripts_server){ .url = url };
	if (url == NULL)
		s->url = s->guess = beside(imap);
	(void)pthread_mutex_init(&s->lock, NULL);
}

void
scripts_server_free(struct scripts_server *s)
{
	if (s->url == NULL)
		return;
	free(s->guess);
	(void)pthread_mutex_destroy(&s->lock);
	*s = (struct scripts_server){ 0 };
}

/* Whether it was found out that there is none. */
static bool
is_none(struct scripts_server *s, struct why *why)
{
	bool none;

	(void)pthread_mutex_lock(&s->lock);
	none = s->none.kind != FAIL_NONE;
	if (none)
		*why = s->none;
	(void)pthread_mutex_unlock(&s->lock);
	return none;
}

/* It did not greet. A server that nobody named, and that never answered, is not
 * there; true then. */
static bool
learn_none(struct scripts_server *s, struct why *why)
{
	bool none;

	(void)pthread_mutex_lock(&s->lock);
	none = s->guess != NULL && !s->there && why->kind == FAIL_TEMP;
	if (none) {
		why_set(&s->none, FAIL_DATA, "no ManageSieve at %s (%s)",
		    s->url, why->text);
		*why = s->none;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return none;
}

static void
learn_there(struct scripts_server *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->there = true;
	(void)pthread_mutex_unlock(&s->lock);
}

static enum scripts_answer
ask(struct scripts_server *s, struct managesieve *m,
    const struct stream_options *o, const struct sasl_login *l, int64_t *n,
    struct buf *active, struct why *why)
{
	size_t count;

	if (managesieve_open(m, s->url, o, why) == -1)
		return learn_none(s, why) ? SCRIPTS_NONE : SCRIPTS_FAILED;
	learn_there(s);
	if (managesieve_login(m, l, why) == -1 ||
	    managesieve_scripts(m, &count, active, why) == -1)
		return why->kind == FAIL_DATA ? SCRIPTS_REFUSED
					      : SCRIPTS_FAILED;
	*n = (int64_t)count;
	return SCRIPTS_COUNTED;
}

enum scripts_answer
scripts_count(struct scripts_server *s, const struct stream_options *o,
    const struct sasl_login *l, int64_t *n, struct buf *active, struct why *why)
{
	struct managesieve m = { 0 };
	struct why failed = { 0 };
	enum scripts_answer answer;

	if (is_none(s, why))
		return SCRIPTS_NONE;
	answer = ask(s, &m, o, l, n, active, &failed);
	managesieve_close(&m);
	if (answer == SCRIPTS_NONE)
		*why = failed;
	else if (answer != SCRIPTS_COUNTED)
		why_set(why, failed.kind, "ManageSieve: %s", failed.text);
	return answer;
}
