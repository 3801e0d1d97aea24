/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump dkim: the keys that the mail system of this machine signs with. See
 * dirdump-dkim(1).
 */
#include "cli/main.h"
#include "core/alloc.h"
#include "source/dkim/dkim.h"
#include "source/run.h"

static struct source_run run;
static struct dkim_options dkim = { .redis = "redis-cli" };
static struct opt_list domains;
static char *password;
static bool as_dns;

static const struct opt options[] = {
	OPT_WORD(0, "from", "SYSTEM", "the system whose keys are read",
	    &dkim.system, dkim_system_words),
	OPT_LIST(0, "sender-domain", "DOMAIN",
	    "list a key that signs the mail of any domain for this one; can be "
	    "given many times",
	    &domains),
	OPT_SET(0, "dns", "the public parts, as lines of a zone file", &as_dns),
	OPT_STRING(0, "root", "DIR",
	    "what / is in the system's files: a copy of its disk", &dkim.root),
	OPT_STRING(0, "redis-cli", "PROGRAM",
	    "the program that asks Redis (redis-cli)", &dkim.redis),
	OPT_PASSWORD("the password of the database", &password),
	SOURCE_COMMON(&run, "key"),
};

static int
dump(char **operands)
{
	struct buf dns = { 0 };
	struct why why = { 0 };
	int status;

	source_begin(&run, &tool);
	dkim.place = operands[0];
	dkim.password = password;
	dkim.domains = domains.v;
	dkim.n_domains = domains.n;
	dkim.dns = as_dns ? &dns : NULL;
	run.emit.silent = as_dns;
	if (dkim_dump(&run.emit, &dkim, &why) == -1)
		emit_fail_at(&run.emit, NULL, NULL, &why);
	(void)tool_write(buf_str(&dns), dns.len);
	status = source_finish(&run);
	buf_free(&dns);
	free_secret(password);
	opt_list_free(&domains);
	return status;
}

const struct opt_tool tool = {
	SOURCE_SERVER_TOOL("dkim", "[place]", 0, 1, "a key", "database"),
	.about =
	    "Lists the keys that mail is signed with (DKIM), so that it stays\n"
	    "signed as DNS says.\n",
	.options = options,
	.run = dump,
};
