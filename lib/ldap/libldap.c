/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The plugin with libldap; see client.h. */
#include "ldap/client-internal.h"

#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include "core/alloc.h"
#include "core/mask.h"
#include "core/plugin.h"
#include "core/str.h"

enum {
	TIMEOUT = 60, /* seconds */
	BASE_MAX = 4096
};

struct ldapconn {
	LDAP *ld;
	char *base;
	struct timeval timeout;
	bool connected; /* to the port of ldaps, before any TLS */
	bool answered;  /* it has given an entry */
	struct ldap_conncb watch;
};

struct ldapsearch {
	struct ldapconn *conn;
	char *base;
	int scope;
	char *filter;
	char **attributes;
	int page;
	int id; /* of the request in progress; -1: none */
	struct berval cookie;
	size_t references;
	bool may_lack_base;
	bool done;
};

/* Those of the plugin's table that others here call. */
static void disconnect(struct ldapconn *c);
static struct ldapsearch *start_search(
    struct ldapconn *c, const struct ldapquery *query, struct why *why);
static int next_entry(
    struct ldapsearch *s, struct ldap_entry *e, struct why *why);
static void end_search(struct ldapsearch *s);

/* --- errors --- */

/* What the server or the library says in addition to the code. The caller frees
 * it with ldap_memfree; NULL where there is nothing. */
static char *
diagnostic(LDAP *ld)
{
	char *text = NULL;

	if (ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text) !=
	    LDAP_OPT_SUCCESS)
		return NULL;
	if (text != NULL && *text != '\0')
		return text;
	ldap_memfree(text);
	return NULL;
}

static const struct {
	int code;
	enum fail kind;
	const char *text;
} errors[] = {
	{ LDAP_SERVER_DOWN, FAIL_TEMP, "the server does not answer" },
	{ LDAP_TIMEOUT, FAIL_TEMP, "the server does not answer in time" },
	{ LDAP_BUSY, FAIL_TEMP, "the server is busy" },
	{ LDAP_UNAVAILABLE, FAIL_TEMP, "the server is not available" },
	{ LDAP_SIZELIMIT_EXCEEDED, FAIL_FATAL,
	    "the server cuts its answer off at its size limit: bind as "
	    "somebody "
	    "who may read everything" },
	{ LDAP_TIMELIMIT_EXCEEDED, FAIL_FATAL,
	    "the server cuts its answer off at its time limit: bind as "
	    "somebody "
	    "who may read everything" },
	{ LDAP_ADMINLIMIT_EXCEEDED, FAIL_FATAL,
	    "the server cuts its answer off at a limit of its own: bind as "
	    "somebody who may read everything" },
	{ LDAP_INVALID_CREDENTIALS, FAIL_FATAL,
	    "the server does not accept this DN and password" },
	{ LDAP_INSUFFICIENT_ACCESS, FAIL_FATAL,
	    "the server does not allow this search" },
	{ LDAP_NO_SUCH_OBJECT, FAIL_FATAL,
	    "the server has no such base, or does not show it to everybody" },
	{ LDAP_FILTER_ERROR, FAIL_DATA, "not a valid LDAP filter" },
	{ LDAP_REFERRAL, FAIL_FATAL, "another server holds this directory" },
};

/* Sets why from a code of libldap, and returns -1. What was cut off after its
 * beginning is FATAL, so that it is not taken for a whole. */
static int
failed(struct ldapconn *c, int code, struct why *why)
{
	char *more = diagnostic(c->ld);
	const char *text = ldap_err2string(code);
	enum fail kind = FAIL_FATAL;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].code == code) {
			text = errors[i].text;
			kind = errors[i].kind;
		}
	if (kind == FAIL_TEMP && c->answered)
		kind = FAIL_FATAL;
	mask_said(more);
	why_set(why, kind, "%s%s%s", text, more == NULL ? "" : ": ",
	    more == NULL ? "" : more);
	ldap_memfree(more);
	return -1;
}

/* --- connecting --- */

static bool
is_local(const LDAPURLDesc *url)
{
	return url->lud_host == NULL || *url->lud_host == '\0' ||
	       is_loopback(url->lud_host);
}

static int
set_int(struct ldapconn *c, int option, int value, struct why *why)
{
	int r = ldap_set_option(c->ld, option, &value);

	return r == LDAP_OPT_SUCCESS
		   ? 0
		   : why_set(why, FAIL_FATAL, "libldap: option %d: %s", option,
			 ldap_err2string(r));
}

/* A handle with a TLS context of its own starts without the files that
ldap.conf(5) and LDAPTLS_... name, which libldap has read for all handles.
False where there is no memory. */
static bool
inherit_tls(struct ldapconn *c)
{
	static const int files[] = {
		LDAP_OPT_X_TLS_CACERTFILE,
		LDAP_OPT_X_TLS_CACERTDIR,
		LDAP_OPT_X_TLS_CERTFILE,
		LDAP_OPT_X_TLS_KEYFILE,
		LDAP_OPT_X_TLS_CRLFILE,
		LDAP_OPT_X_TLS_CIPHER_SUITE,
	};
	bool done = true;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *value = NULL;

		if (ldap_get_option(NULL, files[i], &value) ==
			LDAP_OPT_SUCCESS &&
		    value != NULL &&
		    ldap_set_option(c->ld, files[i], value) != LDAP_OPT_SUCCESS)
			done = false;
		ldap_memfree(value);
	}
	return done;
}

/* How certificates are checked. The last option makes the others count. */
static int
set_tls(struct ldapconn *c, const struct ldapconn_options *o, struct why *why)
{
	int check =
	    o->insecure_tls ? LDAP_OPT_X_TLS_NEVER : LDAP_OPT_X_TLS_DEMAND;

	if (set_int(c, LDAP_OPT_X_TLS_REQUIRE_CERT, check, why) == -1 ||
	    set_int(c, LDAP_OPT_X_TLS_PROTOCOL_MIN,
		LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, why) == -1)
		return -1;
	if (!inherit_tls(c))
		return why_set(why, FAIL_FATAL,
		    "the TLS settings of ldap.conf(5) cannot be used");
	if (o->cacert != NULL &&
	    ldap_set_option(c->ld, LDAP_OPT_X_TLS_CACERTFILE, o->cacert) !=
		LDAP_OPT_SUCCESS)
		return why_set(why, FAIL_FATAL, "%s: not usable", o->cacert);
	if (set_int(c, LDAP_OPT_X_TLS_NEWCTX, 0, why) == -1)
		return why_set(why, FAIL_FATAL,
		    "TLS cannot be set up: are the certificates of %s "
		    "readable?",
		    o->cacert != NULL ? o->cacert : "ldap.conf(5)");
	return 0;
}

static int
set_options(
    struct ldapconn *c, const struct ldapconn_options *o, struct why *why)
{
	struct timeval *t = &c->timeout;

	t->tv_sec = o->timeout > 0 ? o->timeout : TIMEOUT;
	if (set_int(c, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3, why) == -1 ||
	    set_int(c, LDAP_OPT_DEREF,
		o->deref ? LDAP_DEREF_ALWAYS : LDAP_DEREF_NEVER, why) == -1)
		return -1;
	if (ldap_set_option(c->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) !=
		LDAP_OPT_SUCCESS ||
	    ldap_set_option(c->ld, LDAP_OPT_RESTART, LDAP_OPT_ON) !=
		LDAP_OPT_SUCCESS ||
	    ldap_set_option(c->ld, LDAP_OPT_NETWORK_TIMEOUT, t) !=
		LDAP_OPT_SUCCESS ||
	    ldap_set_option(c->ld, LDAP_OPT_TIMEOUT, t) != LDAP_OPT_SUCCESS)
		return why_set(why, FAIL_FATAL, "libldap refuses an option");
	return 0;
}

/* Opens the handle for what the URL names, without its DN. */
static int
initialize(struct ldapconn *c, LDAPURLDesc *url, struct why *why)
{
	char *dn = url->lud_dn, *text;
	int r;

	if (dn != NULL && *dn != '\0')
		c->base = xstrdup(dn);
	url->lud_dn = NULL;
	url->lud_scope = LDAP_SCOPE_DEFAULT;
	text = ldap_url_desc2str(url);
	url->lud_dn = dn;
	if (text == NULL)
		return why_set(why, FAIL_FATAL, "not a valid LDAP URI");
	r = ldap_initialize(&c->ld, text);
	ldap_memfree(text);
	if (r == LDAP_SUCCESS)
		return 0;
	return why_set(why, FAIL_FATAL, "%s", ldap_err2string(r));
}

static int
parse_uri(const char *uri, LDAPURLDesc **url, struct why *why)
{
	if (ldap_url_parse(uri, url) != LDAP_URL_SUCCESS)
		return why_set(why, FAIL_FATAL,
		    "not a valid LDAP URI: ldap://HOST, ldaps://HOST or "
		    "ldapi:///");
	/* The library sets the scope where none is written. */
	if ((*url)->lud_attrs == NULL && (*url)->lud_filter == NULL &&
	    (*url)->lud_exts == NULL && (*url)->lud_scope == LDAP_SCOPE_BASE)
		return 0;
	return why_set(
	    why, FAIL_FATAL, "only a base may follow the host of an LDAP URI");
}

/* libldap has connected to the server's port. */
static int
note_connected(LDAP *ld, Sockbuf *sb, LDAPURLDesc *server,
    struct sockaddr *address, struct ldap_conncb *watch)
{
	struct ldapconn *c = watch->lc_arg;

	(void)ld;
	(void)sb;
	(void)server;
	(void)address;
	c->connected = true;
	return LDAP_SUCCESS;
}

static void
note_closed(LDAP *ld, Sockbuf *sb, struct ldap_conncb *watch)
{
	(void)ld;
	(void)sb;
	(void)watch;
}

/* For ldaps, libldap gives the same code for a server that is not there and for
 * one whose TLS cannot be trusted, or that speaks none. Only some of its builds
 * add a text. */
static int
watch_connecting(struct ldapconn *c, struct why *why)
{
	c->watch = (struct ldap_conncb){
		.lc_add = note_connected, .lc_del = note_closed, .lc_arg = c
	};
	if (ldap_set_option(c->ld, LDAP_OPT_CONNECT_CB, &c->watch) !=
	    LDAP_OPT_SUCCESS)
		return why_set(why, FAIL_FATAL, "libldap refuses an option");
	return 0;
}

/* A code above 0 is the server's answer. */
static int
tls_failed(struct ldapconn *c, int code, struct why *why)
{
	if (code > 0)
		return why_set(why, FAIL_FATAL, "the server starts no TLS: %s",
		    ldap_err2string(code));
	if (code != LDAP_CONNECT_ERROR &&
	    !(code == LDAP_SERVER_DOWN && c->connected))
		return failed(c, code, why);
	return why_set(why, FAIL_FATAL,
	    "TLS failed: is the server's certificate from a "
	    "CA that is known here, and for this name?");
}

/* TLS, before anything secret is said. */
static int
secure(struct ldapconn *c, const LDAPURLDesc *url,
    const struct ldapconn_options *o, struct why *why)
{
	int r;

	if (strcmp(url->lud_scheme, "ldapi") == 0)
		return 0;
	if (set_tls(c, o, why) == -1)
		return -1;
	if (strcmp(url->lud_scheme, "ldaps") == 0) {
		if (watch_connecting(c, why) == -1)
			return -1;
		r = ldap_connect(c->ld);
	} else if (o->starttls || (!o->insecure_ldap && !is_local(url))) {
		r = ldap_start_tls_s(c->ld, NULL, NULL);
	} else {
		return 0;
	}
	return r == LDAP_SUCCESS ? 0 : tls_failed(c, r, why);
}

static int
bind_as(struct ldapconn *c, const struct ldapconn_options *o, struct why *why)
{
	struct berval cred = { 0 };
	const char *dn = o->external ? NULL : o->bind_dn;
	int r;

	/* RFC 4513, 5.1.2: a DN without a password would pass, as nobody. */
	if (dn != NULL && (o->password == NULL || *o->password == '\0'))
		return why_set(
		    why, FAIL_FATAL, "a DN to bind as needs a password");
	mask_add(o->password);
	cred.bv_val = xstrdup(dn == NULL ? "" : o->password);
	cred.bv_len = strlen(cred.bv_val);
	r = ldap_sasl_bind_s(c->ld, dn, o->external ? "EXTERNAL" : NULL, &cred,
	    NULL, NULL, NULL);
	free_secret(cred.bv_val);
	return r == LDAP_SUCCESS ? 0 : failed(c, r, why);
}

static struct ldapconn *
connect_to(
    const char *uri, const struct ldapconn_options *options, struct why *why)
{
	struct ldapconn *c = xcalloc(1, sizeof *c);
	LDAPURLDesc *url = NULL;
	int r = parse_uri(uri, &url, why);

	if (r == 0)
		r = initialize(c, url, why);
	if (r == 0)
		r = set_options(c, options, why);
	if (r == 0)
		r = secure(c, url, options, why);
	if (r == 0)
		r = bind_as(c, options, why);
	ldap_free_urldesc(url);
	if (r == 0)
		return c;
	disconnect(c);
	return NULL;
}

static void
disconnect(struct ldapconn *c)
{
	if (c == NULL)
		return;
	if (c->ld != NULL)
		(void)ldap_unbind_ext_s(c->ld, NULL, NULL);
	free(c->base);
	free(c);
}

/* --- the base --- */

/* The trees of the server, from the entry that describes it. */
static int
read_contexts(struct ldapconn *c, struct ldap_entry *e, struct why *why)
{
	static const char *const attributes[] = { "namingContexts", NULL };
	struct ldapquery q = { .base = "",
		.scope = SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = attributes };
	struct ldapsearch *s = start_search(c, &q, why);
	bool answered = c->answered;
	int r = s == NULL ? -1 : next_entry(s, e, why);

	c->answered = answered;
	end_search(s);
	return r;
}

static const char *
find_base(struct ldapconn *c, struct why *why)
{
	struct ldap_entry e;
	struct value v;
	struct buf names = { 0 };
	size_t n = 0;
	int r;

	if (c->base != NULL)
		return c->base;
	entry_init(&e);
	r = read_contexts(c, &e, why);
	for (size_t at = 0; r == 1 && entry_next(&e, "namingContexts", &at, &v);
	     n++)
		buf_addf(&names, "%s%s", n == 0 ? "" : "; ", v.data);
	if (n == 1 && names.len < BASE_MAX)
		c->base = xstrdup(names.data);
	else if (r != -1 && n == 0)
		why_set(why, FAIL_FATAL,
		    "no search base: give -b; the server announces no naming "
		    "context");
	else if (r != -1)
		why_set(why, FAIL_FATAL,
		    "which search base? give -b; the server announces %.300s",
		    names.data);
	buf_free(&names);
	entry_free(&e);
	return c->base;
}

/* --- searching --- */

static char **
copy_list(const char *const *list)
{
	size_t n = 0;
	char **copy;

	if (list == NULL)
		return NULL;
	while (list[n] != NULL)
		n++;
	copy = xcalloc(n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

/* Asks for the first or the next page, or for everything. A server that does
 * not know pages ignores the control, which is not critical. */
static int
ask(struct ldapsearch *s, struct why *why)
{
	LDAP *ld = s->conn->ld;
	LDAPControl *page = NULL, *controls[2] = { NULL, NULL };
	int r = LDAP_SUCCESS;

	if (s->page > 0) {
		r = ldap_create_page_control(ld, s->page, &s->cookie, 0, &page);
		controls[0] = page;
	}
	if (r == LDAP_SUCCESS)
		r = ldap_search_ext(ld, s->base, s->scope, s->filter,
		    s->attributes, 0, page == NULL ? NULL : controls, NULL,
		    NULL, LDAP_NO_LIMIT, &s->id);
	ldap_control_free(page);
	if (r == LDAP_SUCCESS)
		return 0;
	s->id = -1;
	return failed(s->conn, r, why);
}

static struct ldapsearch *
start_search(struct ldapconn *c, const struct ldapquery *query, struct why *why)
{
	static const int scopes[] = { [SCOPE_SUBTREE] = LDAP_SCOPE_SUBTREE,
		[SCOPE_ONE] = LDAP_SCOPE_ONELEVEL,
		[SCOPE_BASE] = LDAP_SCOPE_BASE };
	struct ldapsearch *s = xcalloc(1, sizeof *s);

	s->conn = c;
	s->base = xstrdup(query->base);
	s->scope = scopes[query->scope];
	s->filter = xstrdup(query->filter);
	s->attributes = copy_list(query->attributes);
	s->page = query->page;
	s->may_lack_base = query->may_lack_base;
	if (ask(s, why) == 0)
		return s;
	end_search(s);
	return NULL;
}

/* Keeps where the next page begins; an empty cookie: there is none. */
static void
take_cookie(struct ldapsearch *s, LDAPControl **controls)
{
	LDAPControl *page =
	    ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_int_t estimate;

	ber_memfree(s->cookie.bv_val);
	s->cookie = (struct berval){ 0 };
	if (page != NULL && ldap_parse_pageresponse_control(s->conn->ld, page,
				&estimate, &s->cookie) != LDAP_SUCCESS)
		s->cookie = (struct berval){ 0 };
}

/* The end of a page, or of everything. 0, or -1 and why. */
static int
end_page(struct ldapsearch *s, LDAPMessage *m, struct why *why)
{
	LDAPControl **controls = NULL;
	int code = LDAP_OTHER;
	int r;

	s->id = -1;
	s->done = true;
	r = ldap_parse_result(
	    s->conn->ld, m, &code, NULL, NULL, NULL, &controls, 0);
	if (code == LDAP_NO_SUCH_OBJECT && s->may_lack_base)
		code = LDAP_SUCCESS;
	if (r == LDAP_SUCCESS)
		r = code;
	take_cookie(s, controls);
	ldap_controls_free(controls);
	if (r != LDAP_SUCCESS)
		return failed(s->conn, r, why);
	if (s->cookie.bv_len == 0)
		return 0;
	s->done = false;
	return ask(s, why);
}

/* Copies an entry out of its message. */
static int
copy_entry(
    struct ldapconn *c, LDAPMessage *m, struct ldap_entry *e, struct why *why)
{
	BerElement *ber = NULL;
	struct berval name, *values;
	int r = ldap_get_dn_ber(c->ld, m, &ber, &name);

	if (r != LDAP_SUCCESS)
		return failed(c, r, why);
	entry_reset(e, name.bv_val, name.bv_len);
	while ((r = ldap_get_attribute_ber(c->ld, m, ber, &name, &values)) ==
		   LDAP_SUCCESS &&
	       name.bv_val != NULL) {
		for (size_t i = 0; values != NULL && values[i].bv_val != NULL;
		     i++)
			entry_add(e, name.bv_val, name.bv_len, values[i].bv_val,
			    values[i].bv_len);
		ber_memfree(values);
	}
	ber_free(ber, 0);
	if (r != LDAP_SUCCESS)
		return failed(c, r, why);
	c->answered = true;
	if (entry_too_large(e))
		return why_set(why, FAIL_DATA, "an entry of more than %d bytes",
		    (int)ENTRY_MAX);
	if (!utf8_valid(entry_dn(e), strlen(entry_dn(e))))
		return why_set(why, FAIL_DATA, "a DN that is not UTF-8");
	return 1;
}

/* The next message of the server. Its type, or -1 and why. */
static int
receive(struct ldapsearch *s, LDAPMessage **m, struct why *why)
{
	struct timeval t = s->conn->timeout;
	int code = LDAP_SERVER_DOWN;
	int r = ldap_result(s->conn->ld, s->id, LDAP_MSG_ONE, &t, m);

	if (r > 0)
		return r;
	if (r == 0)
		code = LDAP_TIMEOUT;
	else if (ldap_get_option(s->conn->ld, LDAP_OPT_RESULT_CODE, &code) !=
		 LDAP_OPT_SUCCESS)
		code = LDAP_SERVER_DOWN;
	s->done = true;
	return failed(s->conn, code, why);
}

static int
next_entry(struct ldapsearch *s, struct ldap_entry *e, struct why *why)
{
	int r = 0;

	while (!s->done && r == 0) {
		LDAPMessage *m = NULL;
		int type = receive(s, &m, why);

		if (type == -1)
			r = -1;
		else if (type == LDAP_RES_SEARCH_ENTRY)
			r = copy_entry(s->conn, m, e, why);
		else if (type == LDAP_RES_SEARCH_REFERENCE)
			s->references++;
		else if (type == LDAP_RES_SEARCH_RESULT)
			r = end_page(s, m, why);
		if (m != NULL)
			(void)ldap_msgfree(m);
	}
	return r;
}

static size_t
count_references(const struct ldapsearch *s)
{
	return s->references;
}

static void
end_search(struct ldapsearch *s)
{
	if (s == NULL)
		return;
	if (s->id != -1 && !s->done)
		(void)ldap_abandon_ext(s->conn->ld, s->id, NULL, NULL);
	for (size_t i = 0; s->attributes != NULL && s->attributes[i] != NULL;
	     i++)
		free(s->attributes[i]);
	free(s->attributes);
	ber_memfree(s->cookie.bv_val);
	free(s->base);
	free(s->filter);
	free(s);
}

static const struct ldap_library library = {
	.connect = connect_to,
	.disconnect = disconnect,
	.base = find_base,
	.search = start_search,
	.next = next_entry,
	.references = count_references,
	.end = end_search,
};
PLUGIN(library);
