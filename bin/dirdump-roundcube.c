/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump roundcube: what owners keep in Roundcube. See dirdump-roundcube(1).
 */
#include "cli/main.h"
#include "core/num.h"
#include "source/webmail/roundcube-cards.h"
#include "source/webmail/roundcube.h"
#include "source/webmail/webmail.h"

static struct webmail webmail;
static const char *cards;

static void
release(void)
{
	webmail_free(&webmail);
}

static const struct opt options[] = {
	OPT_STRING(0, "vcards", "DIR",
	    "write the address books there instead, a folder for each owner",
	    &cards),
	OPT_STRING(0, "prefix", "TEXT",
	    "what the names of tables begin with (db_prefix)",
	    &webmail.options.prefix),
	WEBMAIL_COMMON(&webmail),
};

static void
write_cards(struct emit *e, const struct webmail_options *o)
{
	size_t n = 0;

	e->silent = true;
	roundcube_vcards(e, o, cards, &n);
	if (!e->quiet)
		tool_say(NULL, "%zu card%s written", n, plural(n));
}

static int
dump(char **operands)
{
	return webmail_run(&webmail, &tool, operands[0],
	    cards == NULL ? roundcube_dump : write_cards);
}

const struct opt_tool tool = {
	SOURCE_TOOL("roundcube", "URL", 1, 1),
	.about =
	    "Lists what owners keep in the database of Roundcube: identities "
	    "with\n"
	    "signatures, languages; and writes their address books.\n",
	SOURCE_ASKS("a row", "server"),
	.options = options,
	.run = dump,
	.release = release,
};
