/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/dms-files.h"

#include <string.h>
#include <sys/stat.h>

#include "core/str.h"
#include "source/conf-file.h"
#include "source/host.h"
#include "source/lines.h"
#include "source/postfix-effects.h"

enum {
	SCRIPT_MAX = 512 * 1024 /* in a record, whose line has an end */
};

static const char script_end[] = ".dovecot.sieve";
static const char fetching[] =
    "fetching mail from another server is not carried";
static const char filter[] = "rules of the spam filter are not carried";
static const char called[] =
    "a program that Sieve scripts may call is not carried";

/* Files of which nothing goes into a record. (docker-mailserver:
 * docs/content/config/advanced/optional-config.md, target/scripts/startup.) */
static const struct {
	const char *pattern, *text;
} left[] = {
	{ "before.dovecot.sieve",
	    "the Sieve script that comes before those of all owners is not "
	    "carried" },
	{ "after.dovecot.sieve",
	    "the Sieve script that comes after those of all owners is not "
	    "carried" },
	{ "sieve-filter/*", called },
	{ "sieve-pipe/*", called },
	{ "fetchmail.cf", fetching },
	{ "getmail-*.cf", fetching },
	{ "postfix-relaymap.cf", "relay hosts for sent mail are not carried" },
	{ "postfix-sasl-password.cf",
	    "passwords for relay hosts are not carried" },
	{ "ldap-*.cf", "the query of a directory is not read" },
	{ "dovecot.cf", "settings of Dovecot are not read" },
	{ "user-patches.sh",
	    "the script that changes the container is not read" },
	{ "amavis.cf", filter },
	{ "spamassassin-rules.cf", filter },
	{ "whitelist_clients.local", filter },
	{ "rspamd/*", filter },
};

/* --- Sieve scripts --- */

/* False: it is empty, or not carried, which is reported. */
static bool
read_script(
    struct emit *e, const char *path, const char *address, struct buf *text)
{
	struct why why = { 0 };

	emit_file(e, path);
	if (host_read_file(path, text, &why) == -1)
		emit_fail(e, address, &why);
	else if (!utf8_text(buf_str(text), text->len))
		emit_bad(e, address,
		    "a Sieve script that is not UTF-8 is not carried");
	else
		return text->len > 0;
	return false;
}

void
dms_script(
    struct emit *e, const char *dir, const char *login, const char *address)
{
	struct buf path = { 0 }, text = { .max = SCRIPT_MAX };
	struct place before = e->at;
	struct record r = { 0 };

	buf_addf(&path, "%s/%s%s", dir, login, script_end);
	if (host_has(path.data) && read_script(e, path.data, address, &text)) {
		struct record_script *s;

		record_reset(&r, REC_SETTINGS);
		r.address = address;
		s = record_add(&r, &r.scripts);
		*s = (struct record_script){ .name = "docker-mailserver",
			.text = text.data,
			.active = true };
		(void)emit_plain(e, &r);
	}
	record_free(&r);
	e->at = before;
	buf_free(&text);
	buf_free(&path);
}

/* --- files --- */

/* Calls found for each file that is not empty. */
static void
each_file(struct emit *e, const char *dir, const char *pattern,
    void (*found)(
	struct emit *e, const char *path, const char *name, const char *text),
    const char *text)
{
	struct buf path = { 0 };
	glob_t files = { 0 };
	struct stat st;

	buf_addf(&path, "%s/%s", dir, pattern);
	if (host_glob(path.data, 0, &files) == 0)
		for (size_t i = 0; i < files.gl_pathc; i++)
			if (host_stat(files.gl_pathv[i], &st) == 0 &&
			    S_ISREG(st.st_mode) && st.st_size > 0)
				found(e, files.gl_pathv[i],
				    files.gl_pathv[i] + strlen(dir) + 1, text);
	globfree(&files);
	buf_free(&path);
}

static void
note_file(struct emit *e, const char *path, const char *name, const char *text)
{
	emit_file(e, path);
	emit_note_behind(e, name, text, NULL);
}

/* The container looks for the files of its accounts alone. */
static void
drop_script(
    struct emit *e, const char *path, const char *name, const char *text)
{
	struct buf address = { 0 };
	char *login;

	buf_add(&address, name, strlen(name) - strlen(script_end));
	login = str_lower(address.data);
	if (strchr(login, '@') != NULL && !emit_has_account(e, login)) {
		emit_file(e, path);
		emit_drop(e, name, text);
	}
	buf_free(&address);
}

/* --- Postfix --- */

static void
note_parameter(
    struct emit *e, const char *name, const char *value, const char *otherwise)
{
	const struct postfix_effect *f = postfix_effect(name, value);
	struct buf text = { 0 };

	if (f == NULL)
		return;
	if (otherwise == NULL)
		buf_addf(&text, "%s; not carried",
		    f->text == NULL ? "changes who gets which mail" : f->text);
	postfix_effect_note(
	    e, name, value, otherwise == NULL ? text.data : otherwise);
	buf_free(&text);
}

/* "NAME = VALUE" lines that are added to main.cf. */
static void
note_main(struct emit *e, const char *path, const char *name, const char *text)
{
	struct setting top = { 0 };
	struct arena arena = { 0 };
	struct why why = { 0 };

	(void)name;
	emit_file(e, path);
	if (conf_read_table(&top, &arena, path, &why) == -1)
		emit_fail(e, NULL, &why);
	for (const struct setting *s = top.child; s != NULL; s = s->next) {
		e->at.line = (uint32_t)s->line;
		note_parameter(e, s->key, s->value, text);
	}
	arena_free(&arena);
}

/* "smtp/inet/NAME=VALUE" lines, as of postconf -P. */
static void
note_master(
    struct emit *e, const char *path, const char *name, const char *text)
{
	struct source_lines in;
	char *line;

	(void)name;
	if (!source_lines_open(&in, e, path, false))
		return;
	while (source_lines_content(&in, &line)) {
		char *value = line, *service = str_cut(&value, '=');
		char *parameter = strrchr(service, '/');

		if (value != NULL && parameter != NULL)
			note_parameter(
			    e, str_trim(parameter + 1), str_trim(value), text);
	}
	source_lines_close(&in);
}

void
dms_notes(struct emit *e, const char *dir)
{
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		each_file(e, dir, left[i].pattern, note_file, left[i].text);
	each_file(e, dir, "*.dovecot.sieve", drop_script,
	    "the Sieve script of nobody who has an account");
	each_file(e, dir, "postfix-main.cf", note_main, NULL);
	each_file(e, dir, "postfix-master.cf", note_master,
	    "of one service of Postfix alone; not carried");
}
