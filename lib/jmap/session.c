/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "jmap/session.h"

#include <string.h>

#include "core/alloc.h"
#include "jmap/member.h"

enum {
	CONCURRENT_MAX = 64 /* each holds a batch in memory */
};

char *
jmap_path_of(const char *url)
{
	const char *p = url == NULL ? NULL : strstr(url, "://");

	if (p != NULL)
		p = strchr(p + 3, '/');
	else if (url != NULL && *url == '/')
		p = url;
	return xstrdup(p == NULL ? "/jmap/" : p);
}

static size_t
limit_of(const json_t *core, const char *name, size_t otherwise)
{
	const json_t *v = json_object_get(core, name);

	return json_is_integer(v) && json_integer_value(v) > 0
		   ? (size_t)json_integer_value(v)
		   : otherwise;
}

static int
read_session(struct jmap *j, const json_t *s, struct why *why)
{
	const json_t *core = json_object_get(
	    json_object_get(s, "capabilities"), "urn:ietf:params:jmap:core");
	const char *user = jmap_text(s, "username"), *download, *key;
	json_t *account;

	if (!json_is_object(core) || user == NULL)
		return why_set(why, FAIL_FATAL,
		    "the server has no JMAP session: not a Stalwart server");
	/* Without credentials the server answers all the same. */
	if (*user == '\0')
		return why_set(why, FAIL_FATAL,
		    "not logged in: no credentials were given");
	j->username = xstrdup(user);
	j->api_path = jmap_path_of(jmap_text(s, "apiUrl"));
	download = jmap_text(s, "downloadUrl");
	if (download != NULL)
		j->download_path = jmap_path_of(download);
	j->max_set = limit_of(core, "maxObjectsInSet", 500);
	j->max_get = limit_of(core, "maxObjectsInGet", 500);
	j->max_size = limit_of(core, "maxSizeRequest", 10000000);
	j->max_calls = limit_of(core, "maxCallsInRequest", 16);
	j->max_concurrent = limit_of(core, "maxConcurrentRequests", 4);
	if (j->max_concurrent > CONCURRENT_MAX)
		j->max_concurrent = CONCURRENT_MAX;
	json_object_foreach (json_object_get(s, "accounts"), key, account)
		if (json_is_true(json_object_get(account, "isPersonal")) &&
		    j->account == NULL)
			j->account = xstrdup(key);
	return 0;
}

int
jmap_read_session(struct jmap *j, const struct buf *body, struct why *why)
{
	json_t *s =
	    json_loadb(buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL);
	int r = read_session(j, s, why);

	json_decref(s);
	return r;
}
