/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/dms.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "record/address.h"
#include "source/lines.h"
#include "source/passwd/dms-files.h"

struct dms {
	struct emit *emit;
	const char *dir;
	const char *login; /* of the account that is read, as the file has it */
	struct account account;
	struct aliases aliases;
	struct map quotas; /* address -> struct quota */
	struct arena arena;
	struct buf path;
};

struct quota {
	int64_t bytes;
};

static const char *
path_of(struct dms *d, const char *name)
{
	buf_reset(&d->path);
	buf_addf(&d->path, "%s/%s", d->dir, name);
	return d->path.data;
}

/*
 * "address:5G". The server itself searches the file for the address without
 * anchoring it, so that the quota of aa@x can go to a@x too (accounts.sh); what
 * was meant is the exact address.
 */
static void
read_quotas(struct dms *d)
{
	struct emit *e = d->emit;
	struct source_lines in;
	char *line;

	if (!source_lines_open(&in, e, path_of(d, "dovecot-quotas.cf"), false))
		return;
	while (source_lines_content(&in, &line)) {
		struct quota *q = arena_alloc(&d->arena, sizeof *q);
		struct buf address = { 0 };
		char *name = str_cut(&line, ':');
		bool added = true;

		if (line == NULL || !parse_size(str_trim(line), &q->bytes) ||
		    emit_address(str_trim(name), false, &address, NULL) == -1) {
			emit_bad(e, NULL, "not of the form address:size");
		} else {
			void **value = map_put(&d->quotas,
			    arena_adds(&d->arena, address.data), &added);

			if (added)
				*value = q;
			else
				emit_bad(e, address.data, "a second quota");
		}
		buf_free(&address);
	}
	source_lines_close(&in);
}

/* Files of which nothing goes into a record: says so for each line. */
static void
note_lines(struct dms *d, const char *name, const char *text, bool failed)
{
	struct source_lines in;
	char *line;

	if (!source_lines_open(&in, d->emit, path_of(d, name), false))
		return;
	while (source_lines_content(&in, &line)) {
		if (failed)
			emit_bad(d->emit, NULL, text);
		else
			emit_note_behind(d->emit, NULL, text, NULL);
	}
	source_lines_close(&in);
}

static void
drop_masters(struct dms *d)
{
	struct source_lines in;
	char *line;

	if (!source_lines_open(
		&in, d->emit, path_of(d, "dovecot-masters.cf"), false))
		return;
	while (source_lines_content(&in, &line))
		emit_drop(d->emit, NULL, "a master user");
	source_lines_close(&in);
}

/* "address|hash[|extra fields]". */
static void
read_account(struct dms *d, char *line)
{
	static char vmail[] = "5000"; /* user and group in the image */
	struct fields f = { .uid = vmail, .gid = vmail, .quota = -1 };
	struct buf home = { 0 }, mail = { 0 }, address = { 0 };
	const char *domain;
	int local;
	void **quota;

	f.name = str_trim(str_cut(&line, '|'));
	f.secret = str_cut(&line, '|');
	f.extra = line;
	if (f.secret == NULL ||
	    emit_address(f.name, false, &address, NULL) == -1) {
		emit_bad(d->emit, NULL, "not of the form address|hash");
	} else {
		quota = map_get(&d->quotas, address.data);
		if (quota != NULL)
			f.quota = ((struct quota *)*quota)->bytes;
		domain = address_domain(address.data);
		local = (int)(domain - 1 - address.data);
		buf_addf(&mail, "maildir:/var/mail/%s/%.*s", domain, local,
		    address.data);
		buf_addf(&home, "/var/mail/%s/%.*s/home", domain, local,
		    address.data);
		f.mail = mail.data;
		f.home = home.data;
		d->login = arena_adds(&d->arena, f.name);
		account_emit(&d->account, &f);
	}
	buf_free(&home);
	buf_free(&mail);
	buf_free(&address);
}

static void
add_script(void *ctx, struct emit *e, const char *address)
{
	const struct dms *d = ctx;

	dms_script(e, d->dir, d->login, address);
}

static void
read_accounts(struct dms *d)
{
	struct source_lines in;
	char *line;

	if (!source_lines_open(
		&in, d->emit, path_of(d, "postfix-accounts.cf"), true))
		return;
	while (source_lines_content(&in, &line))
		read_account(d, line + strspn(line, " \t"));
	source_lines_close(&in);
}

/* With SPOOF_PROTECTION, who gets the mail of an address may send as it; an
 * address of one account is its own. */
static void
emit_senders(const struct dms *d)
{
	struct emit *e = d->emit;
	struct record r = { 0 };

	for (size_t i = 0; i < d->aliases.n; i++) {
		const struct alias *alias = d->aliases.v[i];

		e->at = alias->at;
		for (size_t j = 0; j < alias->targets.n; j++) {
			const char *target = alias->targets.v[j];

			if (alias->targets.n == 1 || *alias->address == '@' ||
			    !emit_has_account(e, target))
				continue;
			record_reset(&r, REC_SETTINGS);
			r.address = target;
			strs_add(&r.send_as, alias->address);
			if (strcmp(target, alias->address) != 0)
				(void)emit_plain(e, &r);
		}
	}
	record_free(&r);
}

void
dms_read(struct emit *e, const char *dir, const char *domain)
{
	struct dms d = { .emit = e,
		.dir = dir,
		.account = { .emit = e, .default_scheme = "CRYPT" },
		.aliases = { .domain = domain } };

	d.account.aliases = &d.aliases;
	d.account.more = add_script;
	d.account.more_ctx = &d;
	read_quotas(&d);
	drop_masters(&d);
	(void)aliases_read(
	    &d.aliases, e, path_of(&d, "postfix-virtual.cf"), MAP_TABLE, false);
	(void)aliases_read(&d.aliases, e, path_of(&d, "postfix-aliases.cf"),
	    MAP_ALIASES, false);
	aliases_domains(&d.aliases, e);
	read_accounts(&d);
	aliases_emit(&d.aliases, e);
	emit_senders(&d);
	note_lines(&d, "postfix-regexp.cf",
	    "a regular expression cannot be listed as aliases", true);
	note_lines(&d, "postfix-send-access.cf",
	    "a rule of who may send is not carried", false);
	note_lines(&d, "postfix-receive-access.cf",
	    "a rule of who may receive is not carried", false);
	dms_notes(e, dir);
	map_free(&d.quotas);
	arena_free(&d.arena);
	buf_free(&d.path);
	aliases_free(&d.aliases);
	account_free(&d.account);
}
