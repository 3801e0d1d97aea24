/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "managesieve/client.h"

#include <string.h>

#include "core/mask.h"
#include "core/str.h"

static int
not_managesieve(struct why *why)
{
	return why_set(why, FAIL_TEMP,
	    "the server's answer is not ManageSieve, or is cut off");
}

/* The next response, in m->response; the end of the session is a failure. */
static int
receive(struct managesieve *m, struct why *why)
{
	const char *data;
	size_t len;

	if (wire_receive(&m->wire, &data, &len, why) == -1)
		return -1;
	if (!managesieve_parse(&m->response, data, len))
		return not_managesieve(why);
	if (m->response.kind != MANAGESIEVE_BYE)
		return 0;
	mask_said(m->response.text.data);
	return why_set(why, FAIL_TEMP, "the server ends the session: %s",
	    buf_str(&m->response.text));
}

/* A command refused, in our words: for good, or for now (RFC 5804, 1.3). */
static int
refused(const struct managesieve *m, const char *what, struct why *why)
{
	const char *code = buf_str(&m->response.code);

	return why_set(why,
	    str_eq_nocase(code, "TRYLATER") ? FAIL_TEMP : FAIL_DATA,
	    *code == '\0' ? "%s is refused" : "%s is refused (%s)", what, code);
}

/* --- the greeting --- */

static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; (n = str_word(&list, " ")) != 0; list += n)
		if (n == len && strncasecmp(list, word, n) == 0)
			return true;
	return false;
}

/* After connecting, and again after TLS has begun (RFC 5804, 1.7 and 2.2). */
static int
read_greeting(struct managesieve *m, struct why *why)
{
	const struct managesieve_response *r = &m->response;

	m->can_plain = m->can_start_tls = false;
	for (;;) {
		if (receive(m, why) == -1)
			return -1;
		if (r->kind == MANAGESIEVE_OK)
			return 0;
		if (r->kind == MANAGESIEVE_NO)
			return not_managesieve(why);
		if (str_eq_nocase(buf_str(&r->name), "STARTTLS"))
			m->can_start_tls = true;
		else if (str_eq_nocase(buf_str(&r->name), "SASL"))
			m->can_plain = has_word(buf_str(&r->value), "PLAIN");
	}
}

static int
start_tls(struct managesieve *m, const char *url,
    const struct stream_options *o, struct why *why)
{
	if (!m->can_start_tls)
		return why_set(why, FAIL_FATAL,
		    "the server does not offer STARTTLS, and passwords would "
		    "go over the network in clear");
	buf_adds(&m->wire.out, "STARTTLS\r\n");
	if (wire_send(&m->wire, why) == -1 || receive(m, why) == -1)
		return -1;
	if (m->response.kind != MANAGESIEVE_OK)
		return why_set(why, FAIL_FATAL, "STARTTLS: refused");
	/* What comes in clear after it may be anybody's. */
	if (wire_has_more(&m->wire))
		return why_set(why, FAIL_FATAL,
		    "the server says more in clear after STARTTLS: somebody "
		    "may stand in between");
	if (stream_start_tls(m->wire.stream, url, o, why) == -1)
		return -1;
	return read_greeting(m, why);
}

int
managesieve_open(struct managesieve *m, const char *url,
    const struct stream_options *o, struct why *why)
{
	*m = (struct managesieve){ 0 };
	m->wire.stream = stream_open(url, o, why);
	if (m->wire.stream == NULL || read_greeting(m, why) == -1)
		return -1;
	if (str_starts_nocase(url, "sieves") || !stream_wants_starttls(url, o))
		return 0;
	return start_tls(m, url, o, why);
}

void
managesieve_close(struct managesieve *m)
{
	wire_close(&m->wire);
	managesieve_response_free(&m->response);
	*m = (struct managesieve){ 0 };
}

/* --- commands --- */

int
managesieve_login(
    struct managesieve *m, const struct sasl_login *l, struct why *why)
{
	struct buf plain = { 0 };

	if (!sasl_can_be_sent(l))
		return why_set(
		    why, FAIL_DATA, "a user name or password with a line end");
	if (!m->can_plain)
		return why_set(
		    why, FAIL_FATAL, "the server offers no login by PLAIN");
	sasl_put_plain(&plain, l);
	/* A quoted string holds 1,024 bytes, a literal any number. */
	buf_addf(&m->wire.out, "AUTHENTICATE \"PLAIN\" {%zu+}\r\n", plain.len);
	buf_add(&m->wire.out, plain.data, plain.len);
	buf_adds(&m->wire.out, "\r\n");
	buf_wipe(&plain);
	if (wire_send(&m->wire, why) == -1 || receive(m, why) == -1)
		return -1;
	switch (m->response.kind) {
	case MANAGESIEVE_OK:
		return 0;
	case MANAGESIEVE_NO:
		return refused(m, "the login", why);
	default:
		return not_managesieve(why);
	}
}

int
managesieve_scripts(
    struct managesieve *m, size_t *n, struct buf *active, struct why *why)
{
	const struct managesieve_response *r = &m->response;

	*n = 0;
	buf_reset(active);
	buf_adds(&m->wire.out, "LISTSCRIPTS\r\n");
	if (wire_send(&m->wire, why) == -1)
		return -1;
	for (;;) {
		if (receive(m, why) == -1)
			return -1;
		if (r->kind != MANAGESIEVE_ITEM)
			break;
		++*n;
		if (r->active) {
			buf_reset(active);
			buf_adds(active, buf_str(&r->name));
		}
	}
	return r->kind == MANAGESIEVE_OK ? 0 : refused(m, "LISTSCRIPTS", why);
}
