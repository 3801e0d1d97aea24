/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/server-tree.h"

#include <stdlib.h>
#include <string.h>

#include "dav/discover.h"
#include "dav/object.h"

/* A collection while it is listed. */
struct reading {
	struct dav_tree *t;
	enum dav_kind kind;
	dav_bad_fn *bad;
	void *arg;
};

static void
on_object(void *arg, const char *uid, const char *href, unsigned int components)
{
	struct reading *r = arg;

	dav_tree_add_item(r->t, href, uid, components);
}

static void
on_odd(void *arg, const char *href, const struct why *why)
{
	struct reading *r = arg;

	r->bad(r->arg, r->kind, href, why);
}

int
dav_server_tree_open(struct dav_tree *t, struct dav *server, dav_bad_fn *bad,
    void *arg, struct why *why)
{
	struct dav_places places = { .list = NULL };
	const bool both[] = { true, true };
	int result;

	*t = (struct dav_tree){ .fd = -1, .server = server };
	result = dav_discover(server, both, &places, why);
	for (size_t i = 0; result == 0 && i < places.n; i++) {
		const struct dav_place *place = &places.list[i];
		struct reading r = { t, place->kind, bad, arg };
		const struct dav_lister lister = { on_object, on_odd, &r };

		dav_tree_add(t, place->kind, place->name);
		result = dav_list(server, place, &lister, why);
	}
	dav_places_free(&places);
	return result;
}

static int
read_text(const struct dav_tree *t, const struct dav_item *item,
    struct buf *out, struct why *why)
{
	int r;

	if (t->server == NULL)
		return dav_tree_read(t, item, out, why);
	r = dav_get(t->server, item->file, out, why);
	if (r == 0)
		(void)why_set(why, FAIL_DATA, "it is not there any more");
	return r == 1 ? 0 : -1;
}

int
dav_item_read(const struct dav_tree *t, const struct dav_item *item,
    struct buf *out, struct why *why)
{
	enum dav_kind kind = t->collections[item->collection].kind;
	int result = -1;
	char *uid;

	if (read_text(t, item, out, why) == -1 ||
	    dav_text_check(buf_str(out), out->len, why) == -1)
		return -1;
	/* Under the UID that was looked for, nothing else is put. */
	uid = dav_uid(buf_str(out), out->len, kind, NULL, why);
	if (uid != NULL && strcmp(uid, item->uid) != 0)
		(void)why_set(why, FAIL_DATA,
		    "it is another object than when it was listed");
	else if (uid != NULL)
		result = 0;
	free(uid);
	return result;
}
