/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/file.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/place.h"
#include "core/str.h"
#include "source/fieldmap/parse.h"

enum {
	MAP_SIZE_MAX = 1 << 20
};

/* The path of a map, to be freed; NULL and why. */
static char *
find(const char *name, struct why *why)
{
	struct buf looked = { 0 };
	char **where, *path;

	if (strchr(name, '/') != NULL)
		return xstrdup(name);
	where = place_data("fieldmap");
	path = place_find(where, name);
	if (path == NULL) {
		place_text(&looked, where);
		why_set(why, FAIL_FATAL,
		    "no field map \"%s\" in %s; give a path with a \"/\" for a "
		    "file of your own",
		    name, buf_str(&looked));
	}
	buf_free(&looked);
	place_free(where);
	return path;
}

int
fieldmap_read(struct fieldmap *map, const char *name, struct why *why)
{
	struct buf text = { .max = MAP_SIZE_MAX };
	char *path = find(name, why);
	int r = -1;

	if (path == NULL)
		return -1;
	if (read_file(path, &text, why) == -1) {
		why->kind = FAIL_FATAL;
	} else if (strlen(buf_str(&text)) != text.len ||
		   !utf8_valid(buf_str(&text), text.len)) {
		why_set(why, FAIL_FATAL, "%s: not UTF-8 text", path);
	} else {
		buf_addc(&text, '\n');
		r = fieldmap_parse(map, path, text.data, why);
	}
	buf_free(&text);
	free(path);
	return r;
}
