/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Systems that keep keys in folders of their own: docker-mailserver,
 * Mail-in-a-Box, Mailu, HestiaCP, cPanel. */
#include "source/dkim/folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "secret/signkey.h"
#include "source/dkim/keys.h"
#include "source/dkim/opendkim.h"
#include "source/dkim/rspamd.h"
#include "sql/sql.h"

/* A file as a data set of opendkim. */
static const char *
file_set(struct dkim *d, const char *path)
{
	struct buf b = { 0 };
	const char *result;

	buf_addf(&b, "file:%s", path);
	result = arena_add(&d->arena, b.data, b.len);
	buf_free(&b);
	return result;
}

/*
 * docker-mailserver: the tables of opendkim, or the configuration of rspamd,
 * both with the paths of the container (docker-mailserver,
 * target/bin/open-dkim and rspamd-dkim).
 */
void
dms_dkim_read(struct dkim *d, const char *folder)
{
	const char *keys = dkim_below(d, folder, "opendkim/KeyTable"),
		   *signing = dkim_below(d, folder, "opendkim/SigningTable"),
		   *rspamd = dkim_below(d, folder, "rspamd");
	bool opendkim = dkim_exists(d, keys), signs = dkim_exists(d, signing);

	d->moved[0].from = "/tmp/docker-mailserver/";
	d->moved[0].to = dkim_below(d, folder, "");
	d->moved[1].from = "/etc/opendkim/";
	d->moved[1].to = dkim_below(d, folder, "opendkim/");
	d->moved[2].from = "/var/lib/rspamd/";
	d->moved[2].to = dkim_below(d, folder, "rspamd/");
	if (opendkim)
		opendkim_tables(
		    d, file_set(d, keys), signs ? file_set(d, signing) : NULL);
	if (dkim_exists(d, rspamd))
		rspamd_read(d, rspamd);
	memset(d->moved, 0, sizeof d->moved);
}

/*
 * Mail-in-a-Box: one key signs for all domains, selector "mail"
 * (mailinabox, setup/dkim.sh and management/mail_config.py).
 */
void
miab_dkim_read(struct dkim *d, const char *folder)
{
	const char *key = dkim_below(d, folder, "mail/dkim/mail.private");
	struct sql_options o = { .kind = SQL_SQLITE,
		.standard = true,
		.database =
		    dkim_path(d, dkim_below(d, folder, "mail/users.sqlite")) };
	struct why why = { 0 };
	struct sql *db = sql_open(&o, &why);
	int n = -1;

	emit_file(d->emit, o.database);
	if (db != NULL &&
	    sql_query(db,
		"SELECT substr(email, instr(email, '@') + 1) FROM users UNION "
		"SELECT substr(source, instr(source, '@') + 1) FROM aliases",
		&why) == 0)
		while ((n = sql_next(db, &why)) == 1 && !emit_stop(d->emit)) {
			size_t len;
			const char *domain = sql_value(db, 0, &len);

			if (domain != NULL)
				dkim_file(d, domain, "mail", key);
		}
	if (n == -1)
		emit_fail(d->emit, NULL, &why);
	sql_close(db);
}

/* The names in a folder, but hidden ones; name may be changed. */
static void
each_name(struct dkim *d, const char *folder,
    void (*take)(struct dkim *d, char *name, const char *path))
{
	struct dirent **names;
	struct why why = { 0 };
	int n;

	emit_file(d->emit, dkim_path(d, folder));
	n = scandir(dkim_path(d, folder), &names, NULL, alphasort);
	if (n == -1) {
		why_errno(&why, FAIL_FATAL, "cannot be read");
		emit_fail(d->emit, NULL, &why);
		return;
	}
	for (int i = 0; i < n; i++) {
		char *name = names[i]->d_name;

		if (*name != '.')
			take(d, name, dkim_below(d, folder, name));
		free(names[i]);
	}
	free(names);
}

static void
mailu_file(struct dkim *d, char *name, const char *path)
{
	size_t len = strlen(name);
	char *dot;

	if (len <= 4 || strcmp(name + len - 4, ".key") != 0)
		return;
	name[len - 4] = '\0';
	dot = strrchr(name, '.');
	if (dot != NULL) {
		*dot = '\0';
		dkim_file(d, name, dot + 1, path);
	}
}

/*
 * Mailu: a file for each domain, DOMAIN.SELECTOR.key, in the folder dkim
 * (Mailu, core/admin/mailu/dkim.py, DKIM_PATH).
 */
void
mailu_dkim_read(struct dkim *d, const char *folder)
{
	const char *keys = dkim_below(d, folder, "dkim");

	each_name(d, dkim_exists(d, keys) ? keys : folder, mailu_file);
}

/* A folder for each domain, which is a link into its user's home: a copy of
 * another system may have it, though stat(2) does not find it. */
static void
hestia_domain(struct dkim *d, char *name, const char *path)
{
	struct buf text = { .max = SIGNKEY_FILE_MAX };
	const char *key = dkim_below(d, path, "dkim.pem");

	if (dkim_exists(d, key) || dkim_read(d, key, &text, NULL) == 0)
		dkim_file(d, name, "mail", key);
	else
		emit_note(d->emit, name, "a domain without a key", key);
	buf_wipe(&text);
}

/* HestiaCP: DOMAIN/dkim.pem in Exim's folder of domains, selector "mail"
 * (hestiacp, install/deb/exim/exim4.conf.template, DKIM_FILE). */
void
hestia_dkim_read(struct dkim *d, const char *folder)
{
	each_name(d, folder, hestia_domain);
}

static void
cpanel_file(struct dkim *d, char *name, const char *path)
{
	dkim_file(d, name, "default", path);
}

/* cPanel: a file for each domain, which has its name, selector "default" (its
 * exim.conf, dkim_private_key). */
void
cpanel_dkim_read(struct dkim *d, const char *folder)
{
	each_name(d, folder, cpanel_file);
}
