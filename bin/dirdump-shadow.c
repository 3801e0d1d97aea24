/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump shadow: the users of a system, from passwd(5) and shadow(5). See
 * dirdump-shadow(1).
 */
#include <time.h>

#include "cli/main.h"
#include "source/passwd/shadow.h"
#include "source/run.h"

enum {
	DAY = 86400
};

static struct source_run run;
static const char *table; /* of virtual(5) */
static struct virtual_users users;
static struct shadow shadow = {
	.account = { .emit = &run.emit,
	    .default_scheme = "CRYPT",
	    .naming.bare_login = true },
	.min_uid = -1,
	.max_uid = -1,
};

static void
release(void)
{
	shadow_free(&shadow);
	virtual_users_free(&users);
}

static const struct opt options[] = {
	SOURCE_DOMAIN(&run),
	OPT_NUMBER(0, "min-uid", "N", "leave users below N out (1000)",
	    &shadow.min_uid, 0, UINT32_MAX),
	OPT_NUMBER(0, "max-uid", "N", "leave users above N out (60000)",
	    &shadow.max_uid, 0, UINT32_MAX),
	SOURCE_ROOT(&run),
	OPT_STRING(0, "virtual", "TABLE",
	    "a text of virtual(5) that leads addresses to users (Virtualmin)",
	    &table),
	SOURCE_COMMON(&run, "line"),
};

static int
dump(char **operands)
{
	struct why why = { 0 };

	if (run.domain.data == NULL && table == NULL) {
		why_set(&why, FAIL_FATAL,
		    "the domain of the addresses is not in these files: give "
		    "--domain");
		return source_refuse(&why);
	}
	source_begin(&run, &tool);
	if (!source_enter(&run))
		return source_finish(&run);
	shadow.account.naming.domain = run.domain.data;
	if (table != NULL) {
		users.aliases.domain = run.domain.data;
		virtual_users_read(&users, &run.emit, table);
		shadow.users = &users;
	}
	shadow.now = time(NULL);
	shadow.today = shadow.now / DAY;
	shadow.homes = operands[0] == NULL;
	if (operands[0] != NULL)
		shadow_read(&shadow, operands[0], operands[1]);
	else
		shadow_read(&shadow, "/etc/passwd", "/etc/shadow");
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_TOOL("shadow", "[passwd [shadow]]", 0, 2),
	.about =
	    "Lists the users of a system as mail accounts: of /etc/passwd and\n"
	    "/etc/shadow, or of the files named.\n",
	.status = "0 every line is listed; 1 a line could not be read; 2 the "
		  "run did not finish.",
	.options = options,
	.run = dump,
	.release = release,
};
