/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix-effects.h"

#include <string.h>

enum {
	SHOWN = 200 /* bytes of a value */
};

/* A table has a colon in its name, with or without check_recipient_access and its
 * like before it. */
static const char restrictions[] = "tables decide which mail is taken";
static const char programs[] = "programs see all mail, and may change it";
static const char sent[] = "mail to others goes this way";

/* In the order of the notes. (postconf(5).) */
const struct postfix_effect postfix_effects[] = {
	{ "canonical_maps", NULL,
	    "sender and recipient addresses are rewritten" },
	{ "recipient_canonical_maps", NULL,
	    "recipient addresses are rewritten" },
	{ "sender_canonical_maps", NULL, "sender addresses are rewritten" },
	{ "masquerade_domains", NULL,
	    "the hosts of these domains are cut off addresses" },
	{ "smtp_generic_maps", NULL,
	    "addresses in mail to other servers are rewritten" },
	{ "lmtp_generic_maps", NULL,
	    "addresses in mail to mailboxes are rewritten" },
	{ "always_bcc", NULL, "gets a copy of all mail" },
	{ "recipient_bcc_maps", NULL, "copies of mail to some addresses" },
	{ "sender_bcc_maps", NULL, "copies of mail from some addresses" },
	{ "transport_maps", NULL,
	    "some mail goes another way, perhaps to another server" },
	{ "relay_domains", NULL, "mail for these domains is passed on" },
	{ "relay_recipient_maps", NULL,
	    "the addresses that are passed on to another server" },
	{ "relay_transport", NULL, "what is passed on goes this way" },
	{ "best_mx_transport", NULL,
	    "mail for domains that name this host as their server goes this "
	    "way" },
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
	{ "forward_path", NULL, "where users have files of forwards" },
	{ "content_filter", NULL,
	    "all mail passes a program that may change it" },
	{ "smtpd_proxy_filter", NULL,
	    "all mail passes a program that may change it" },
	{ "smtpd_milters", NULL, programs },
	{ "smtpd_milter_maps", NULL, programs },
	{ "non_smtpd_milters", NULL, programs },
	{ "receive_override_options", "no_address_mappings",
	    "no alias, copy or rewriting holds for mail as it arrives" },
	{ "header_checks", NULL, "headers decide about mail" },
	{ "mime_header_checks", NULL, "headers of parts decide about mail" },
	{ "nested_header_checks", NULL,
	    "headers of enclosed mail decide about mail" },
	{ "milter_header_checks", NULL,
	    "headers that programs add decide about mail" },
	{ "body_checks", NULL, "the text decides about mail" },
	{ "smtpd_command_filter", NULL,
	    "what other servers say is rewritten, such as recipients" },
	{ "postscreen_command_filter", NULL,
	    "what other servers say is rewritten, such as recipients" },
	{ "postscreen_access_list", ":", "tables decide who may send" },
	{ "smtpd_client_restrictions", ":", restrictions },
	{ "smtpd_helo_restrictions", ":", restrictions },
	{ "smtpd_sender_restrictions", ":", restrictions },
	{ "smtpd_relay_restrictions", ":", restrictions },
	{ "smtpd_recipient_restrictions", ":", restrictions },
	{ "smtpd_data_restrictions", ":", restrictions },
	{ "smtpd_end_of_data_restrictions", ":", restrictions },
	{ "smtpd_restriction_classes", NULL,
	    "groups of rules decide which mail is taken" },
	{ "local_recipient_maps", NULL,
	    "the local names that mail is taken for" },
	{ "local_login_sender_maps", NULL,
	    "which users of the system may send as others" },
	{ "relayhost", NULL, sent },
	{ "default_transport", NULL, sent },
	{ "smtp_fallback_relay", NULL,
	    "takes mail to others whose server does not answer" },
	{ "sender_dependent_relayhost_maps", NULL,
	    "mail of some senders goes another way" },
	{ "sender_dependent_default_transport_maps", NULL,
	    "mail of some senders goes another way" },
	{ "recipient_delimiter", NULL, NULL },
	{ "virtual_alias_maps", NULL, NULL },
	{ "virtual_alias_domains", NULL, NULL },
	{ "virtual_mailbox_maps", NULL, NULL },
	{ "virtual_mailbox_domains", NULL, NULL },
	{ "virtual_transport", NULL, NULL },
	{ "alias_maps", NULL, NULL },
	{ "mydestination", NULL, NULL },
	{ "local_transport", NULL, NULL },
	{ "mailbox_transport", NULL, NULL },
	{ "smtpd_sender_login_maps", NULL, NULL },
	{ NULL, NULL, NULL },
};

const struct postfix_effect *
postfix_effect(const char *name, const char *value)
{
	for (const struct postfix_effect *f = postfix_effects; f->name != NULL;
	     f++)
		if (strcmp(f->name, name) == 0)
			return *value != '\0' &&
				       (f->contains == NULL ||
					   strstr(value, f->contains) != NULL)
				   ? f
				   : NULL;
	return NULL;
}

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
postfix_effect_note(
    struct emit *e, const char *name, const char *value, const char *what)
{
	struct buf text = { 0 };

	buf_add(&text, value, shown(value));
	buf_addf(
	    &text, "%s: %s", shown(value) < strlen(value) ? "..." : "", what);
	emit_note_record(e, name, text.data);
	buf_free(&text);
}
