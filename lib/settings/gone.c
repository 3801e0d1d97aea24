/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/gone.h"

#include <stdlib.h>

#include "core/alloc.h"

bool
owner_unproven(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name)
{
	char *note;

	if (o->want.part == NULL)
		return false;
	note = xasprintf("%s: what is here stays, since nobody knows whether "
			 "it is gone there",
	    o->want.part);
	owner_exists(run, o, kind, name, note);
	free(note);
	return true;
}

bool
owner_goes(const struct owner_run *run, const struct holder *o,
    enum item_kind kind, const char *name, bool untouched, const char *undo)
{
	char *note;

	if (owner_unproven(run, o, kind, name))
		return false;
	if (untouched && run->update)
		return true;
	note = xasprintf("the directory does not have it any more%s: it "
			 "stays%s%s%s",
	    untouched ? "" : ", and the owner has changed it",
	    untouched ? " (-u " : "", untouched ? undo : "",
	    untouched ? ")" : "");
	owner_exists(run, o, kind, name, note);
	free(note);
	return false;
}
