/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/notes.h"

#include <string.h>

#include "core/str.h"
#include "source/postfix-effects.h"
#include "source/postfix/transport.h"

/* "NAME=VALUE", or "NAME = VALUE" where it was in braces; it is changed. */
static void
note_override(struct emit *e, const char *service, char *setting)
{
	char *name = str_trim(str_cut(&setting, '='));
	const char *value = setting == NULL ? "" : str_trim(setting);
	struct buf what = { 0 };

	if (postfix_effect(name, value) != NULL) {
		buf_addf(&what,
		    "of the service %s in master.cf alone; not read", service);
		postfix_effect_note(e, name, value, what.data);
	}
	buf_free(&what);
}

/* The settings after each "-o" of a line, which is changed. */
static void
read_overrides(struct emit *e, const char *service, char *line)
{
	bool option = false;

	while (*(line += strspn(line, " \t")) != '\0') {
		bool braces = *line == '{';
		char *word = line + braces;

		line = word + strcspn(word, braces ? "}" : " \t");
		if (*line != '\0')
			*line++ = '\0';
		if (option)
			note_override(e, service, word);
		option = !option && strcmp(word, "-o") == 0;
	}
}

/* A service's line goes on in those that begin with a blank. (master(5).) */
static void
read_services(struct emit *e, char *text)
{
	const char *service = "";
	char *line;

	while ((line = str_cut(&text, '\n')) != NULL) {
		e->at.line++;
		if (line[strspn(line, " \t")] == '#')
			continue;
		if (*line != ' ' && *line != '\t') {
			service = line;
			line += strcspn(line, " \t");
			if (*line != '\0')
				*line++ = '\0';
		}
		read_overrides(e, service, line);
	}
}

static void
note_overrides(struct postfix_config *c, struct emit *e)
{
	struct buf path = { 0 }, text = { 0 };
	struct place before = e->at;
	bool has = postfix_master(c, &path, &text);

	emit_file(e, buf_str(&path));
	if (has)
		read_services(e, text.data);
	e->at = before;
	buf_free(&path);
	buf_free(&text);
}

static void
note_value(
    struct emit *e, const char *name, const char *value, const char *what)
{
	struct buf text = { 0 };

	buf_addf(&text, "%s; not carried", what);
	postfix_effect_note(e, name, value, text.data);
	buf_free(&text);
}

/* The transports that mail to mailboxes takes. */
static void
note_transports(struct postfix_config *c, struct emit *e)
{
	static const char *const of[][2] = {
		{ "virtual_transport", "mail to all virtual mailboxes" },
		{ "mailbox_transport", "mail to all local names" },
	};

	if (!postfix_has_local(c))
		note_value(e, "local_transport",
		    postfix_is_set(c, "local_transport"),
		    "mail for the domains of mydestination goes this way, and "
		    "not to local(8), which alone looks at alias_maps");
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		const char *value = postfix_is_set(c, of[i][0]);
		const char *does =
		    value == NULL ? NULL : postfix_transport_does(c, value);
		struct buf text = { 0 };

		if (does == NULL)
			continue;
		buf_addf(&text, "%s %s", of[i][1], does);
		note_value(e, of[i][0], value, text.data);
		buf_free(&text);
	}
}

void
postfix_notes(struct postfix_config *c, struct emit *e)
{
	const char *delimiter = postfix_is_set(c, "recipient_delimiter");

	emit_file(e, "postconf");
	if (delimiter != NULL && strcmp(delimiter, "+") != 0)
		note_value(e, "recipient_delimiter", delimiter,
		    "what begins the extension of an address; on the new "
		    "server + does, and no other");
	for (const struct postfix_effect *f = postfix_effects; f->name != NULL;
	     f++) {
		const char *value = postfix_is_set(c, f->name);

		if (f->text != NULL && value != NULL &&
		    postfix_effect(f->name, value) != NULL)
			note_value(e, f->name, value, f->text);
	}
	note_transports(c, e);
	note_overrides(c, e);
}
