/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/answer.h"

#include <string.h>

#include "core/buf.h"
#include "source/dovecot/userdb.h"

/* A password that never has a scheme of its own. */
static char *
without_scheme(struct arena *arena, const struct userdb *db, const char *value)
{
	struct buf out = { 0 };
	char *secret;

	if (*value == '{')
		buf_addf(&out, "{%s}", db->scheme);
	buf_adds(&out, value);
	secret = arena_adds(arena, buf_str(&out));
	buf_wipe(&out);
	return secret;
}

void
answer_add(struct answer *a, const struct userdb *db, struct arena *arena,
    const char *key, const char *value)
{
	bool bare = strcmp(key, "password_noscheme") == 0;

	if (!db->is_passdb || (!bare && strcmp(key, "password") != 0)) {
		pairs_add(&a->fields, arena, key, value);
		return;
	}
	if (a->secret != NULL)
		return; /* the server takes the first, and says so */
	a->secret =
	    bare ? without_scheme(arena, db, value) : arena_adds(arena, value);
	a->scheme = db->scheme;
}

bool
answer_same_secret(const struct answer *a, const struct answer *b)
{
	if (a == b)
		return true;
	return a != NULL && b != NULL && a->secret != NULL &&
	       b->secret != NULL && *a->secret != '\0' &&
	       strcmp(a->secret, b->secret) == 0 &&
	       (*a->secret == '{' || (a->scheme != NULL && b->scheme != NULL &&
					 strcmp(a->scheme, b->scheme) == 0));
}
