/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dkim/dkim.h"

#include "source/dkim/amavis.h"
#include "source/dkim/database.h"
#include "source/dkim/dkim-internal.h"
#include "source/dkim/folder.h"
#include "source/dkim/keys.h"
#include "source/dkim/opendkim.h"
#include "source/dkim/redis.h"
#include "source/dkim/rspamd.h"

const char *const dkim_system_words[] = {
	[DKIM_ANY] = "any",
	[DKIM_OPENDKIM] = "opendkim",
	[DKIM_RSPAMD] = "rspamd",
	[DKIM_DMS] = "dms",
	[DKIM_MAILCOW] = "mailcow",
	[DKIM_MAIL_IN_A_BOX] = "mail-in-a-box",
	[DKIM_IREDMAIL] = "iredmail",
	[DKIM_MAILU] = "mailu",
	[DKIM_MODOBOA] = "modoboa",
	[DKIM_ISPCONFIG] = "ispconfig",
	[DKIM_HESTIA] = "hestiacp",
	[DKIM_CPANEL] = "cpanel",
};

/* How each is read, where it usually is, and what shows that it is there: one of
 * these files. */
static const struct {
	void (*read)(struct dkim *d, const char *place);
	const char *usual;
	const char *signs[4];
} systems[] = {
	[DKIM_OPENDKIM] = { opendkim_read, "/etc/opendkim.conf",
	    { "/etc/opendkim.conf" } },
	[DKIM_RSPAMD] = { rspamd_read, "/etc/rspamd",
	    { "/etc/rspamd/local.d/dkim_signing.conf",
		"/etc/rspamd/override.d/dkim_signing.conf",
		"/var/lib/rspamd/dkim" } },
	[DKIM_DMS] = { dms_dkim_read, NULL, { NULL } },
	[DKIM_MAILCOW] = { mailcow_dkim_read, "/opt/mailcow-dockerized",
	    { "/opt/mailcow-dockerized/mailcow.conf" } },
	[DKIM_MAIL_IN_A_BOX] = { miab_dkim_read, "/home/user-data",
	    { "/home/user-data/mail/dkim/mail.private" } },
	[DKIM_IREDMAIL] = { amavis_read, NULL,
	    { "/etc/amavis/conf.d/50-user", "/etc/amavisd/amavisd.conf",
		"/usr/local/etc/amavisd.conf", "/etc/amavisd.conf" } },
	[DKIM_MAILU] = { mailu_dkim_read, "/mailu", { "/mailu/dkim" } },
	[DKIM_MODOBOA] = { database_read, NULL, { NULL } },
	[DKIM_ISPCONFIG] = { database_read, NULL, { NULL } },
	[DKIM_HESTIA] = { hestia_dkim_read, "/etc/exim4/domains",
	    { "/usr/local/hestia/conf/hestia.conf" } },
	[DKIM_CPANEL] = { cpanel_dkim_read, "/var/cpanel/domain_keys/private",
	    { "/var/cpanel/domain_keys/private" } },
};

static bool
is_there(struct dkim *d, size_t system)
{
	for (size_t i = 0; i < sizeof systems->signs / sizeof *systems->signs;
	     i++)
		if (systems[system].signs[i] != NULL &&
		    dkim_exists(d, systems[system].signs[i]))
			return true;
	return false;
}

/* All that are there; how many. */
static size_t
read_any(struct dkim *d)
{
	size_t n = 0;

	for (size_t i = DKIM_OPENDKIM; i < sizeof systems / sizeof *systems;
	     i++) {
		if (emit_stop(d->emit) || !is_there(d, i))
			continue;
		systems[i].read(d, systems[i].usual);
		n++;
	}
	return n;
}

static int
read_one(struct dkim *d, struct why *why)
{
	enum dkim_system system = d->options->system;
	const char *place = d->options->place;

	if (place == NULL && systems[system].usual == NULL &&
	    system != DKIM_IREDMAIL)
		return why_set(why, FAIL_FATAL, "--from=%s needs a place: %s",
		    dkim_system_words[system],
		    system == DKIM_DMS ? "the configuration folder"
				       : "the URL of the database");
	systems[system].read(d, place == NULL ? systems[system].usual : place);
	return 0;
}

int
dkim_dump(
    struct emit *emit, const struct dkim_options *options, struct why *why)
{
	struct dkim d = { .emit = emit, .options = options };
	int r = 0;

	if (options->system != DKIM_ANY)
		r = read_one(&d, why);
	else if (options->place != NULL)
		r = why_set(why, FAIL_FATAL,
		    "a place without --from: say which system it is of");
	else if (read_any(&d) == 0)
		r = why_set(why, FAIL_FATAL,
		    "no signer is in its usual place: name it with --from");
	if (r == 0 && d.found == 0 && emit->tally->failed == 0 &&
	    !emit->tally->fatal)
		emit_note(emit, NULL, "no key was found", NULL);
	map_free(&d.seen);
	arena_free(&d.arena);
	return r;
}
