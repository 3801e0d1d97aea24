/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dirdump passwd-file: accounts from Dovecot's passwd-files, and from the files
 * of panels that are like them. See dirdump-passwd-file(1).
 */
#include "cli/main.h"
#include "source/passwd/cpanel.h"
#include "source/passwd/directadmin.h"
#include "source/passwd/hestia.h"
#include "source/passwd/passwd-file.h"
#include "source/passwd/plesk.h"
#include "source/run.h"

enum format {
	DOVECOT,
	HESTIA,
	CPANEL,
	DIRECTADMIN,
	PLESK,
};
static const char *const formats[] = {
	[DOVECOT] = "dovecot",
	[HESTIA] = "hestia",
	[CPANEL] = "cpanel",
	[DIRECTADMIN] = "directadmin",
	[PLESK] = "plesk",
};

static struct run {
	struct source_run source;
	struct passwd_file reader;
	unsigned int format;
	const char *valiases;
	struct opt_list deny, master; /* files of names */
} run;

static void
release(void)
{
	opt_list_free(&run.deny);
	opt_list_free(&run.master);
	passwd_file_free(&run.reader);
}

static const struct opt options[] = {
	SOURCE_DOMAIN(&run.source),
	SOURCE_SCHEME(&run.reader.account.default_scheme),
	OPT_LIST(0, "deny", "FILE", "accounts with these names may not log in",
	    &run.deny),
	OPT_LIST(0, "master", "FILE",
	    "accounts with these names are not mailboxes", &run.master),
	OPT_WORD(0, "format", "FORMAT", "how the files are laid out",
	    &run.format, formats),
	OPT_STRING(0, "valiases", "DIR",
	    "cPanel's aliases, a file for each domain", &run.valiases),
	SOURCE_ROOT(&run.source),
	SOURCE_COMMON(&run.source, "line"),
};

static void
read_one(const char *path)
{
	if (run.format == HESTIA)
		hestia_read(&run.reader, path);
	else if (run.format == CPANEL)
		cpanel_read(&run.reader, path, run.valiases);
	else if (run.format == DIRECTADMIN)
		directadmin_read(&run.reader, path);
	else if (run.format == PLESK)
		plesk_read(&run.reader, path);
	else if (passwd_file_is_pattern(path))
		passwd_file_pattern(&run.reader, path);
	else
		passwd_file_read(&run.reader, path);
}

static int
read_names(const struct opt_list *files, struct map *names, struct why *why)
{
	for (size_t i = 0; i < files->n; i++)
		if (passwd_file_names(
			&run.reader.account, files->v[i], names, why) == -1)
			return -1;
	return 0;
}

static int
dump(char **files)
{
	struct account *a = &run.reader.account;
	struct why why = { 0 };

	source_begin(&run.source, &tool);
	a->emit = &run.source.emit;
	if (!source_enter(&run.source))
		return source_finish(&run.source);
	if (read_names(&run.deny, &a->deny, &why) == -1 ||
	    read_names(&run.master, &a->master, &why) == -1)
		return source_refuse(&why);
	a->naming.domain = run.source.domain.data;
	a->naming.bare_login = a->naming.domain != NULL;
	a->naming.one_domain = run.format != DOVECOT && run.format != PLESK;
	a->shell_quota = run.format == HESTIA;
	/* install/common/dovecot/2.3/conf.d/auth-passwdfile.conf.ext */
	if (a->default_scheme == NULL)
		a->default_scheme =
		    run.format == HESTIA ? "MD5-CRYPT" : "CRYPT";
	for (; *files != NULL && !emit_stop(a->emit); files++)
		read_one(*files);
	passwd_file_end(&run.reader);
	return source_finish(&run.source);
}

const struct opt_tool tool = {
	SOURCE_TOOL("passwd-file", "file ...", 1, -1),
	.about = "Lists the accounts of Dovecot's passwd-files.\n",
	.notes = "In a path, %d is the domain: /etc/auth/%d/passwd. The file - "
		 "is\nstandard input.\n",
	.status = "0 every line is listed; 1 a line could not be read, or "
		  "something could not be carried; 2 the run did not finish.",
	.options = options,
	.run = dump,
	.release = release,
};
