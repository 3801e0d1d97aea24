/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* dirdump acl: the shared folders of a Dovecot. See dirdump-acl(1). */
#include "cli/main.h"
#include "core/alloc.h"
#include "core/ndjson.h"
#include "source/acl/acl.h"
#include "source/acl/settings.h"
#include "source/run.h"

static struct source_run run;
static struct acl_options acl = { .mail = "maildir:~/Maildir" };
static struct people people;
static struct shared_dict dict;
static struct acl_settings settings;
static const char *dict_place, *config, *global;
static bool inbox_defaults;
static char *password;

static const struct opt options[] = {
	OPT_STRING('c', "config", "FILE",
	    "a dovecot.conf, or a saved output of \"doveconf -n\"", &config),
	OPT_STRING(0, "mail", "LOCATION",
	    "where the mail of accounts is whose record does not say it "
	    "(maildir:~/Maildir)",
	    &acl.mail),
	OPT_STRING(
	    0, "global", "FILE", "the access list for all folders", &global),
	OPT_STRING(0, "shared-prefix", "TEXT",
	    "the namespace of an owner's folders for others, instead of that "
	    "of the settings",
	    &acl.prefix),
	OPT_SET(0, "inbox-defaults",
	    "whom a folder's list does not name has INBOX's "
	    "(acl_defaults_from_inbox)",
	    &inbox_defaults),
	OPT_STRING(0, "shared-dict", "PLACE",
	    "the dictionary of who shares, a file or the URL of a database",
	    &dict_place),
	OPT_PASSWORD("the password of that database", &password),
	SOURCE_COMMON(&run, "line"),
};

static void
release(void)
{
	people_free(&people);
	acl_settings_free(&settings);
	shared_dict_free(&dict);
	free_secret(password);
}

static void
read_accounts(char **files)
{
	struct record r = { 0 };
	struct why why = { 0 };
	struct ndjson in;
	int n;

	ndjson_init(&in, files, RECORD_LINE_MAX);
	while (!emit_stop(&run.emit) && !run.tally.fatal &&
	       (n = record_next(&in, &r, &why)) != 0) {
		if (n == -1)
			tally_fail(
			    &run.tally, ndjson_where(&in), NULL, NULL, &why);
		else if (r.type == REC_ACCOUNT)
			people_add(&people, &r);
	}
	ndjson_free(&in);
	record_free(&r);
}

/* Without --config the mail may be that of a Dovecot which is not on this machine
 * any more. */
static void
read_settings(void)
{
	struct why why = { 0 };

	acl.settings = &settings;
	if (acl_settings_read(&settings, &run.emit, config, &why) == -1) {
		if (config != NULL)
			emit_fail(&run.emit, NULL, &why);
		else
			emit_note(&run.emit, NULL,
			    "the settings of Dovecot cannot be asked: rights "
			    "that are in them are not known (--config)",
			    why.text);
	}
	if (global != NULL)
		settings.scope.global = global;
	settings.scope.inbox_defaults |= inbox_defaults;
	if (acl.prefix == NULL)
		acl.prefix = settings.prefix;
	if (acl.prefix == NULL)
		acl.prefix = "shared/%u/";
}

static int
dump(char **operands)
{
	struct why why = { 0 };

	if (dict_place != NULL) {
		if (shared_dict_read(&dict, dict_place, password, &why) == -1)
			return source_refuse(&why);
		acl.dict = &dict;
	}
	source_begin(&run, &tool);
	read_settings();
	if (!run.tally.fatal)
		read_accounts(operands);
	if (!run.tally.fatal)
		acl_dump(&run.emit, &people, &acl);
	return source_finish(&run);
}

const struct opt_tool tool = {
	SOURCE_TOOL("acl", "[file ...]", 0, -1),
	.about =
	    "Lists the shared folders of the accounts of a dump: Dovecot's "
	    "access\n"
	    "lists become shares with persons.\n",
	SOURCE_ASKS("a line", "database"),
	.options = options,
	.run = dump,
	.release = release,
};
