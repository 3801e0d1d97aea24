/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/notes.h"

#include <string.h>

#include "core/str.h"
#include "source/postfix/transport.h"

enum {
	SHOWN = 200 /* bytes of a value */
};

/* The parameters, with what they do (postconf(5)); contains: only a value that
 * has the word in it counts. */
static const struct {
	const char *name, *contains, *text;
} parameters[] = {
	{ "canonical_maps", NULL,
	    "sender and recipient addresses are rewritten" },
	{ "recipient_canonical_maps", NULL,
	    "recipient addresses are rewritten" },
	{ "sender_canonical_maps", NULL, "sender addresses are rewritten" },
	{ "masquerade_domains", NULL,
	    "the hosts of these domains are cut off addresses" },
	{ "always_bcc", NULL, "gets a copy of all mail" },
	{ "recipient_bcc_maps", NULL, "copies of mail to some addresses" },
	{ "sender_bcc_maps", NULL, "copies of mail from some addresses" },
	{ "transport_maps", NULL,
	    "some mail goes another way, perhaps to another server" },
	{ "relay_domains", NULL, "mail for these domains is passed on" },
	{ "relay_recipient_maps", NULL,
	    "the addresses that are passed on to another server" },
	{ "relocated_maps", NULL, "senders are told a new address" },
	{ "luser_relay", NULL, "gets mail for local names that do not exist" },
	{ "fallback_transport", NULL,
	    "takes mail for local names that do not exist" },
	{ "fallback_transport_maps", NULL,
	    "take mail for local names that do not exist" },
	{ "mailbox_command", NULL,
	    "a command delivers mail to local names, and may do more" },
	{ "mailbox_command_maps", NULL,
	    "commands deliver mail to some local names, and may do more" },
	{ "smtp_generic_maps", NULL,
	    "addresses in mail to other servers are rewritten" },
	{ "lmtp_generic_maps", NULL,
	    "addresses in mail to mailboxes are rewritten" },
	{ "smtpd_command_filter", NULL,
	    "what other servers say is rewritten, such as recipients" },
	{ "mailbox_transport_maps", NULL,
	    "mail to some local names goes another way" },
	{ "content_filter", NULL,
	    "all mail passes a program that may change it" },
	{ "header_checks", NULL, "headers decide about mail" },
	{ "mime_header_checks", NULL, "headers of parts decide about mail" },
	{ "nested_header_checks", NULL,
	    "headers of enclosed mail decide about mail" },
	{ "body_checks", NULL, "the text decides about mail" },
	{ "smtpd_recipient_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_relay_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_sender_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_client_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_helo_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_data_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_end_of_data_restrictions", "check_",
	    "tables decide which mail is taken" },
	{ "smtpd_restriction_classes", NULL,
	    "groups of rules decide which mail is taken" },
};

/* A long value is cut, between characters. */
static size_t
shown(const char *value)
{
	size_t len = strlen(value);

	if (len <= SHOWN)
		return len;
	for (len = SHOWN; len > 0 && (value[len] & 0xc0) == 0x80; len--)
		;
	return len;
}

/* Parameters that are read, so that another value of a service is not. */
static const char *const looked_up[] = { "virtual_alias_maps",
	"virtual_alias_domains", "virtual_mailbox_maps",
	"virtual_mailbox_domains", "alias_maps", "mydestination",
	"recipient_delimiter", "smtpd_sender_login_maps", "canonical_maps",
	"recipient_canonical_maps", "always_bcc", "recipient_bcc_maps" };

/* "NAME=VALUE", or "NAME = VALUE" where it was in braces; it is changed. */
static void
note_override(struct emit *e, const char *service, char *setting)
{
	char *name = str_trim(str_cut(&setting, '='));
	const char *value = setting == NULL ? "" : str_trim(setting);
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof looked_up / sizeof *looked_up; i++) {
		if (strcmp(looked_up[i], name) != 0 || *value == '\0')
			continue;
		buf_add(&text, value, shown(value));
		buf_addf(&text,
		    "%s: of the service %s in master.cf alone; not read",
		    shown(value) < strlen(value) ? "..." : "", service);
		emit_note_record(e, name, text.data);
	}
	buf_free(&text);
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

	buf_add(&text, value, shown(value));
	buf_addf(&text, "%s: %s; not carried",
	    shown(value) < strlen(value) ? "..." : "", what);
	emit_note_record(e, name, text.data);
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
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		const char *name = parameters[i].name,
			   *value = postfix_is_set(c, name);

		if (value != NULL &&
		    (parameters[i].contains == NULL ||
			strstr(value, parameters[i].contains) != NULL))
			note_value(e, name, value, parameters[i].text);
	}
	note_transports(c, e);
	note_overrides(c, e);
}
