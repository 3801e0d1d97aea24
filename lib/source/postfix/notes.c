/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/notes.h"

#include <string.h>

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

void
postfix_notes(struct postfix_config *c, struct emit *e)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		const char *name = parameters[i].name,
			   *value = postfix_is_set(c, name);

		if (value == NULL ||
		    (parameters[i].contains != NULL &&
			strstr(value, parameters[i].contains) == NULL))
			continue;
		buf_reset(&text);
		buf_add(&text, value, shown(value));
		buf_addf(&text, "%s: %s; not carried",
		    shown(value) < strlen(value) ? "..." : "",
		    parameters[i].text);
		emit_note_record(e, name, text.data);
	}
	buf_free(&text);
}
