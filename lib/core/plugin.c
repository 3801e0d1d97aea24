/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/place.h"

/* The path of a plugin, to be freed; NULL and why. */
static char *
find(const char *name, const char *what, struct why *why)
{
	char *file = xasprintf("plugin-%s.so", name);
	char **where = place_programs();
	char *path = place_find(where, file);
	struct buf looked = { 0 };

	if (path == NULL) {
		place_text(&looked, where);
		why_set(why, FAIL_FATAL,
		    "%s cannot be read: no %s in %s (Debian: mailferry-%s)",
		    what, file, buf_str(&looked), name);
	}
	buf_free(&looked);
	place_free(where);
	free(file);
	return path;
}

static const void *
load(const char *path, size_t size, struct why *why)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct plugin *p =
	    handle == NULL ? NULL : dlsym(handle, "ferry_plugin");

	if (p == NULL) {
		why_set(why, FAIL_FATAL, "%s", dlerror());
		return NULL;
	}
	if (strcmp(p->version, FERRY_VERSION) != 0 || p->size != size) {
		why_set(why, FAIL_FATAL,
		    "%s is of another mailferry (%s, and this is %s): install "
		    "both anew",
		    path, p->version, FERRY_VERSION);
		return NULL;
	}
	return p->table;
}

const void *
plugin_load(const char *name, const char *what, size_t size, struct why *why)
{
	char *path = find(name, what, why);
	const void *table = path == NULL ? NULL : load(path, size, why);

	free(path);
	return table;
}
