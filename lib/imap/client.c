/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "imap/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/map.h"
#include "core/mask.h"
#include "core/str.h"
#include "mailbox/name.h"

/* --- lines --- */

int
imap_open(struct imap *im, const char *url, const struct stream_options *o,
    struct why *why)
{
	*im = (struct imap){ 0 };
	im->wire.stream = stream_open(url, o, why);
	return im->wire.stream == NULL ? -1 : 0;
}

void
imap_close(struct imap *im)
{
	wire_close(&im->wire);
	imap_response_free(&im->response);
	*im = (struct imap){ 0 };
}

static int
not_imap(struct why *why)
{
	return why_set(
	    why, FAIL_TEMP, "the server's answer is not IMAP, or is cut off");
}

/* The next response, in im->response. */
static int
receive(struct imap *im, struct why *why)
{
	const char *data;
	size_t len;

	if (wire_receive(&im->wire, &data, &len, why) == -1)
		return -1;
	return imap_parse(&im->response, data, len) ? 0 : not_imap(why);
}

static void
begin(struct imap *im, const char *command)
{
	buf_reset(&im->wire.out);
	buf_addf(&im->wire.out, "a%u %s", ++im->tag, command);
}

static void
use_response(struct imap *im, void (*take)(struct imap *, void *), void *arg)
{
	if (im->response.kind == IMAP_CAPABILITY)
		im->capabilities |= im->response.capabilities;
	if (take != NULL)
		take(im, arg);
}

/* Reads up to the tagged answer, or a request to go on; take gets what comes
 * before it. */
static int
await(struct imap *im, void (*take)(struct imap *, void *), void *arg,
    struct why *why)
{
	for (;;) {
		if (receive(im, why) == -1)
			return -1;
		switch (im->response.kind) {
		case IMAP_TAGGED:
		case IMAP_CONTINUE:
			return 0;
		case IMAP_BYE:
			mask_said(im->response.text.data);
			return why_set(why, FAIL_TEMP,
			    "the server ends the session: %s",
			    buf_str(&im->response.text));
		default:
			use_response(im, take, arg);
		}
	}
}

/* A whole command without literals. */
static int
command(struct imap *im, const char *text, void (*take)(struct imap *, void *),
    void *arg, struct why *why)
{
	begin(im, text);
	buf_adds(&im->wire.out, "\r\n");
	return wire_send(&im->wire, why) == -1 ? -1 : await(im, take, arg, why);
}

/* --- login --- */

static int
authenticate(struct imap *im, const struct sasl_login *l, struct why *why)
{
	bool at_once = (im->capabilities & IMAP_CAN_SASL_IR) != 0;

	begin(im, "AUTHENTICATE PLAIN");
	if (at_once) {
		buf_addc(&im->wire.out, ' ');
		sasl_put_plain(&im->wire.out, l);
	}
	buf_adds(&im->wire.out, "\r\n");
	if (wire_send(&im->wire, why) == -1 || await(im, NULL, NULL, why) == -1)
		return -1;
	if (at_once || im->response.kind == IMAP_TAGGED)
		return 0;
	sasl_put_plain(&im->wire.out, l);
	buf_adds(&im->wire.out, "\r\n");
	return wire_send(&im->wire, why) == -1 ? -1
					       : await(im, NULL, NULL, why);
}

/* A text of printable ASCII can be quoted (RFC 9051, 9). */
static bool
can_be_quoted(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/*
 * Adds an argument to the command; one that cannot be quoted is sent as a
 * literal. 1, or 0 where the server has answered the command already, or -1
 * and why.
 */
static int
add_string(struct imap *im, const char *text, struct why *why)
{
	if (can_be_quoted(text)) {
		buf_adds(&im->wire.out, " \"");
		for (; *text != '\0'; text++) {
			if (*text == '"' || *text == '\\')
				buf_addc(&im->wire.out, '\\');
			buf_addc(&im->wire.out, *text);
		}
		buf_addc(&im->wire.out, '"');
		return 1;
	}
	buf_addf(&im->wire.out, " {%zu}\r\n", strlen(text));
	if (wire_send(&im->wire, why) == -1 || await(im, NULL, NULL, why) == -1)
		return -1;
	if (im->response.kind != IMAP_CONTINUE)
		return 0;
	buf_adds(&im->wire.out, text);
	return 1;
}

/* Ends a command that add_string worked at, and reads its answer. */
static int
finish(struct imap *im, const char *rest, void (*take)(struct imap *, void *),
    void *arg, struct why *why)
{
	buf_addf(&im->wire.out, "%s\r\n", rest);
	return wire_send(&im->wire, why) == -1 ? -1 : await(im, take, arg, why);
}

static int
login_command(struct imap *im, const struct sasl_login *l, struct why *why)
{
	int r;

	begin(im, "LOGIN");
	r = add_string(im, l->user, why);
	if (r == 1)
		r = add_string(im, l->password, why);
	return r == 1 ? finish(im, "", NULL, NULL, why) : r;
}

/* What a refusal means (RFC 5530, 3). */
static enum imap_answer
refused(const struct imap *im, struct why *why)
{
	static const char *const passing[] = { "UNAVAILABLE", "INUSE", "LIMIT",
		"SERVERBUG", "CONTACTADMIN" };
	const char *code = buf_str(&im->response.code);

	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		if (str_eq_nocase(code, passing[i])) {
			why_set(why, FAIL_TEMP,
			    "the server cannot check the login now (%s)", code);
			return IMAP_ILL;
		}
	if (str_eq_nocase(code, "AUTHORIZATIONFAILED")) {
		why_set(why, FAIL_DATA,
		    "the password is right, but the login is not allowed");
		return IMAP_FORBIDDEN;
	}
	if (str_eq_nocase(code, "EXPIRED"))
		why_set(why, FAIL_DATA, "the password has expired");
	else if (str_eq_nocase(code, "PRIVACYREQUIRED"))
		why_set(why, FAIL_DATA, "the server wants TLS first");
	else
		why_set(why, FAIL_DATA, "wrong user or password");
	return IMAP_REFUSED;
}

enum imap_answer
imap_login(struct imap *im, const struct sasl_login *l, struct why *why)
{
	bool plain;
	int r;

	if (!sasl_can_be_sent(l)) {
		why_set(
		    why, FAIL_DATA, "a user name or password with a line end");
		return IMAP_REFUSED;
	}
	if (command(im, "CAPABILITY", NULL, NULL, why) == -1)
		return IMAP_FAILED;
	plain = (im->capabilities & IMAP_CAN_PLAIN) != 0;
	if (!plain &&
	    ((im->capabilities & IMAP_NO_LOGIN) != 0 || l->authzid != NULL)) {
		why_set(why, FAIL_FATAL, "the server offers no login %s",
		    l->authzid != NULL ? "with an authorization identity "
					 "(AUTH=PLAIN)"
				       : "that can be used: no AUTH=PLAIN, no "
					 "LOGIN");
		return IMAP_FAILED;
	}
	r = plain ? authenticate(im, l, why) : login_command(im, l, why);
	if (r == 0 && im->response.kind != IMAP_TAGGED)
		r = not_imap(why);
	if (r == -1)
		return IMAP_ILL;
	return im->response.ok ? IMAP_LET_IN : refused(im, why);
}

/* --- folders --- */

static const char inbox[] = "INBOX";

struct listing {
	struct mailboxes *to;
	struct map by_name; /* number + 1 by the name on the wire */
	struct buf personal, foreign;
	char delimiter; /* of the last that was listed */
	size_t foreigners;
};

static void
take_namespace(struct imap *im, void *arg)
{
	struct listing *l = arg;

	if (im->response.kind != IMAP_NAMESPACE)
		return;
	buf_reset(&l->personal);
	buf_reset(&l->foreign);
	buf_add(&l->personal, buf_str(&im->response.personal),
	    im->response.personal.len);
	buf_add(&l->foreign, buf_str(&im->response.foreign),
	    im->response.foreign.len);
}

/* Below a prefix that is not the owner's, which may end with the delimiter or
 * be the name of the folder above. */
static bool
is_foreign(const struct listing *l, const char *name, char delimiter)
{
	const char *prefix = buf_str(&l->foreign),
		   *end = prefix + l->foreign.len;

	if (str_eq_nocase(name, inbox))
		return false;
	for (size_t len; prefix < end; prefix += len + 1) {
		len = strlen(prefix);
		if (len != 0 && str_starts(name, prefix) &&
		    (prefix[len - 1] == delimiter || name[len] == '\0' ||
			name[len] == delimiter))
			return true;
	}
	return false;
}

/* One level, decoded; what is not modified UTF-7 stays as it is. */
static void
put_level(struct buf *path, const char *level, size_t len)
{
	if (mutf7_decode(path, level, len) == 0)
		return;
	if (utf8_valid(level, len)) {
		buf_add(path, level, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)level[i] < 0x80)
			buf_addc(path, level[i]);
		else
			buf_addf(path, "\\x%02X", (unsigned char)level[i]);
}

/* The path of a name on the wire. */
static void
put_path(
    struct buf *path, const struct listing *l, const char *name, char delimiter)
{
	const char delimiters[] = { delimiter, '\0' };
	const char *prefix = buf_str(&l->personal);

	if (str_eq_nocase(name, inbox)) {
		buf_adds(path, inbox);
		return;
	}
	if (*prefix != '\0' && str_starts(name, prefix) &&
	    name[strlen(prefix)] != '\0')
		name += strlen(prefix);
	for (;;) {
		size_t len = strcspn(name, delimiters);

		put_level(path, name, len);
		if (name[len] == '\0')
			break;
		buf_addc(path, MAILBOX_SEP);
		name += len + 1;
	}
}

/* A folder's key: the INBOX may be spelt in any case. */
static const char *
key_of(const char *name)
{
	return str_eq_nocase(name, inbox) ? inbox : name;
}

static void
add_folder(
    struct listing *l, const char *name, char delimiter, const char *role)
{
	struct buf path = { 0 };
	void **slot;
	bool added;

	slot = map_put_copy(&l->by_name, &l->to->texts, name, &added);
	if (!added)
		return;
	put_path(&path, l, name, delimiter);
	(void)mailboxes_add(l->to, buf_str(&path),
	    strcmp(name, inbox) == 0 ? "inbox" : role, name, -1);
	*slot = (void *)(uintptr_t)l->to->n;
	buf_free(&path);
}

static void
take_folder(const struct imap_response *r, struct listing *l)
{
	const char *name = key_of(buf_str(&r->name));

	l->delimiter = r->delimiter;
	if (!r->selectable)
		return;
	if (is_foreign(l, name, r->delimiter))
		l->foreigners++;
	else
		add_folder(l, name, r->delimiter, r->role);
}

static void
take_count(const struct imap_response *r, struct listing *l)
{
	void **slot = map_get(&l->by_name, key_of(buf_str(&r->name)));

	if (slot != NULL)
		l->to->v[(uintptr_t)*slot - 1].messages = r->messages;
}

static void
take_listing(struct imap *im, void *arg)
{
	if (im->response.kind == IMAP_LIST)
		take_folder(&im->response, arg);
	else if (im->response.kind == IMAP_STATUS)
		take_count(&im->response, arg);
}

/* A folder that the server did not count by itself; one that it cannot open
 * stays uncounted. */
static int
ask_count(struct imap *im, struct listing *l, const struct mailbox *m,
    struct why *why)
{
	int r;

	begin(im, "STATUS");
	r = add_string(im, m->ident, why);
	if (r == 1)
		r = finish(im, " (MESSAGES)", take_listing, l, why);
	return r;
}

/* What LIST is to tell beside the names. */
static const char *
list_options(unsigned int can)
{
	bool uses = (can & IMAP_CAN_SPECIAL_USE) != 0;

	if ((can & IMAP_CAN_EXTENDED) == 0)
		return "";
	if ((can & IMAP_CAN_LIST_STATUS) == 0)
		return uses ? " RETURN (SPECIAL-USE)" : "";
	return uses ? " RETURN (SPECIAL-USE STATUS (MESSAGES))"
		    : " RETURN (STATUS (MESSAGES))";
}

/* Lists the folders whose names begin with prefix. */
static int
list_below(
    struct imap *im, struct listing *l, const char *prefix, struct why *why)
{
	struct buf pattern = { 0 };
	int r;

	buf_addf(&pattern, "%s*", prefix);
	begin(im, "LIST \"\"");
	r = add_string(im, pattern.data, why);
	if (r == 1)
		r = finish(
		    im, list_options(im->capabilities), take_listing, l, why);
	buf_free(&pattern);
	if (r == -1)
		return -1;
	if (im->response.kind == IMAP_TAGGED && im->response.ok)
		return 0;
	mask_said(im->response.text.data);
	return why_set(why, FAIL_DATA,
	    "the server does not list the folders: %s",
	    buf_str(&im->response.text));
}

static bool
lists_below(const struct listing *l, const char *prefix)
{
	for (size_t i = 0; i < l->to->n; i++)
		if (str_starts(l->to->v[i].ident, prefix))
			return true;
	return false;
}

/* The folder that a namespace's prefix without its delimiter names, where it holds
 * any messages. */
static void
take_root(struct imap *im, void *arg)
{
	const struct imap_response *r = &im->response;

	if (r->kind != IMAP_STATUS || r->messages <= 0)
		return;
	add_folder(arg, key_of(buf_str(&r->name)), '\0', NULL);
	take_count(r, arg);
}

static int
ask_root(
    struct imap *im, struct listing *l, const char *prefix, struct why *why)
{
	size_t len = strlen(prefix);
	char *name;
	int r;

	if (prefix[len - 1] != l->delimiter)
		return 0;
	name = xmemdup(prefix, len - 1);
	begin(im, "STATUS");
	r = add_string(im, name, why);
	if (r == 1)
		r = finish(im, " (MESSAGES)", take_root, l, why);
	free(name);
	return r;
}

/* A namespace of the owner may be left out of the list of all (RFC 2342, 3; list = no
 * of Dovecot). */
static int
list_unlisted(struct imap *im, struct listing *l, struct why *why)
{
	const char *prefix = buf_str(&l->personal),
		   *end = prefix + l->personal.len;

	for (; prefix < end; prefix += strlen(prefix) + 1)
		if (strlen(prefix) > 1 && !lists_below(l, prefix) &&
		    (list_below(im, l, prefix, why) == -1 ||
			ask_root(im, l, prefix, why) == -1))
			return -1;
	return 0;
}

static int
list_all(struct imap *im, struct listing *l, struct why *why)
{
	/* After the login a server may be able to do more. */
	im->capabilities = 0;
	if (command(im, "CAPABILITY", NULL, NULL, why) == -1)
		return -1;
	if ((im->capabilities & IMAP_CAN_NAMESPACE) != 0 &&
	    command(im, "NAMESPACE", take_namespace, l, why) == -1)
		return -1;
	if (list_below(im, l, "", why) == -1 || list_unlisted(im, l, why) == -1)
		return -1;
	/* Each account has one (RFC 9051, 5.1), whatever is listed: without it,
	 * nothing of what is missing would be missed. */
	add_folder(l, inbox, '\0', NULL);
	for (size_t i = 0; i < l->to->n; i++)
		if (l->to->v[i].messages == -1 &&
		    ask_count(im, l, &l->to->v[i], why) == -1)
			return -1;
	return 0;
}

void
imap_foreign_free(struct imap_foreign *f)
{
	buf_free(&f->prefixes);
	*f = (struct imap_foreign){ 0 };
}

static void
put_foreign(const struct listing *l, struct imap_foreign *to)
{
	const char *prefix = buf_str(&l->foreign),
		   *end = prefix + l->foreign.len;

	to->folders = l->foreigners;
	for (size_t len; prefix < end; prefix += len + 1) {
		len = strlen(prefix);
		if (len == 0)
			continue;
		buf_add(&to->prefixes, prefix, len);
		if (l->delimiter != '\0' && prefix[len - 1] != l->delimiter)
			buf_addc(&to->prefixes, l->delimiter);
		buf_addc(&to->prefixes, '\0');
	}
}

int
imap_folders(struct imap *im, struct mailboxes *to,
    struct imap_foreign *foreign, struct why *why)
{
	struct listing l = { .to = to };
	int r = list_all(im, &l, why);

	if (r == 0)
		put_foreign(&l, foreign);
	map_free(&l.by_name);
	buf_free(&l.personal);
	buf_free(&l.foreign);
	return r;
}

/* --- rights --- */

/* 'a' is the right to give others rights, which an owner has. */
static void
take_rights(struct imap *im, void *arg)
{
	enum imap_rights *rights = arg;

	if (im->response.kind == IMAP_MYRIGHTS)
		*rights = strchr(buf_str(&im->response.text), 'a') != NULL
			      ? IMAP_RIGHTS_OWNER
			      : IMAP_RIGHTS_FEWER;
}

int
imap_rights(struct imap *im, enum imap_rights *rights, struct why *why)
{
	const char *code;

	*rights = IMAP_RIGHTS_UNKNOWN;
	if ((im->capabilities & IMAP_CAN_ACL) == 0)
		return 0;
	if (command(im, "MYRIGHTS INBOX", take_rights, rights, why) == -1)
		return -1;
	/* Each account has an INBOX: without any right to it Dovecot says that
	 * there is none. */
	code = buf_str(&im->response.code);
	if (!im->response.ok && (str_eq_nocase(code, "NONEXISTENT") ||
				    str_eq_nocase(code, "NOPERM")))
		*rights = IMAP_RIGHTS_FEWER;
	return 0;
}
