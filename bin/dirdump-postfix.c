/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump postfix: the aliases, domains and mailboxes in the tables of a
 * Postfix. See dirdump-postfix(1).
 */
#include "cli/main.h"
#include "source/postfix/vmailbox.h"
#include "source/run.h"

struct tables {
	struct strs aliases, mailboxes, locals;
};

static void
read_tables(struct vmailbox *v, struct emit *e, struct tables *t)
{
	if (t->aliases.n + t->mailboxes.n + t->locals.n == 0) {
		vmailbox_read(v, e);
		return;
	}
	strs_add(&t->aliases, NULL);
	strs_add(&t->mailboxes, NULL);
	strs_add(&t->locals, NULL);
	vmailbox_files(v, e, t->aliases.v, t->mailboxes.v, t->locals.v);
}

static struct source_run run;
static struct vmailbox v;
static struct opt_list locals, mailboxes;

static void
release(void)
{
	opt_list_free(&locals);
	opt_list_free(&mailboxes);
	vmailbox_free(&v);
}

static const struct opt options[] = {
	OPT_LIST(0, "aliases", "TABLE",
	    "also an aliases(5) file, or hash:FILE of one", &locals),
	OPT_STRING(0, "base", "DIR", "the folder above the mailboxes", &v.base),
	OPT_STRING('c', "config", "DIR", "the configuration folder of Postfix",
	    &v.postfix.config.dir),
	SOURCE_DOMAIN(&run),
	SOURCE_HOST_MAP,
	OPT_LIST(
	    0, "mailboxes", "TABLE", "also a table of mailboxes", &mailboxes),
	SOURCE_ROOT(&run),
	SOURCE_COMMON(&run, "line"),
};

static void
add_all(struct strs *to, char *const *from)
{
	for (; from != NULL && *from != NULL; from++)
		strs_add(to, *from);
}

static int
dump(char **operands)
{
	static struct tables tables;

	source_begin(&run, &tool);
	if (!source_enter(&run))
		return source_finish(&run);
	add_all(&tables.aliases, operands);
	add_all(&tables.locals, locals.v);
	add_all(&tables.mailboxes, mailboxes.v);
	v.postfix.aliases.domain = run.domain.data;
	read_tables(&v, &run.emit, &tables);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_TOOL("postfix", "[table ...]", 0, -1),
	.about =
	    "Lists the aliases, domains and mailboxes in the tables of a "
	    "Postfix.\n"
	    "Without a table, postconf(1) is asked for those that are in use. "
	    "A table\n"
	    "is TYPE:NAME, which postmap(1) lists, or the path of a text.\n",
	.status = "0 everything is listed; 1 an entry or a table could not be "
		  "listed; 2 the run did not finish; 75 a database could "
		  "not be reached: run it again.",
	.options = options,
	.run = dump,
	.release = release,
};
