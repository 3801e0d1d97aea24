/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* dirdump sogo: what owners keep in SOGo. See dirdump-sogo(1). */
#include "cli/main.h"
#include "source/webmail/sogo.h"
#include "source/webmail/webmail.h"

static struct webmail webmail;

static void
release(void)
{
	webmail_free(&webmail);
}

static const struct opt options[] = {
	OPT_STRING(0, "table", "NAME",
	    "the table of profiles (sogo_user_profile)",
	    &webmail.options.table),
	WEBMAIL_COMMON(&webmail),
};

static int
dump(char **operands)
{
	return webmail_run(&webmail, &tool, operands[0], sogo_dump);
}

const struct opt_tool tool = {
	SOURCE_TOOL("sogo", "URL", 1, 1),
	.about =
	    "Lists what owners keep in the database of SOGo: identities with\n"
	    "signatures, vacation messages, languages.\n",
	SOURCE_ASKS("a row", "server"),
	.options = options,
	.run = dump,
	.release = release,
};
