/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/otp.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/num.h"
#include "core/str.h"

enum {
	SECRET_BITS_MIN = 128 /* RFC 4226, 4, R6; totp-rs refuses less */
};

/* What a URI says; the texts are decoded. */
struct otp {
	struct buf label;
	struct buf secret; /* as it is to be sent */
	struct buf issuer;
	bool has_secret, has_issuer;
};

/* Appends text with %XX decoded (RFC 3986, 2.1), and in a query "+" as a blank;
 * false if that is damaged or a NUL. */
static bool
decode(const char *text, size_t len, bool query, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] != '%') {
			buf_addc(out, query && text[i] == '+' ? ' ' : text[i]);
			continue;
		}
		high = i + 2 < len ? hex_value(text[i + 1]) : -1;
		low = high == -1 ? -1 : hex_value(text[i + 2]);
		if (low == -1 || (high == 0 && low == 0))
			return false;
		buf_addc(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* Base32 of RFC 4648: upper case and no padding is all that the server reads. */
static const char *
read_secret(struct otp *o, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '=')
		len--;
	buf_reset(&o->secret);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		if (!(c >= 'A' && c <= 'Z') && !(c >= '2' && c <= '7'))
			return "its secret is not base32";
		buf_addc(&o->secret, c);
	}
	/* Bits that make no whole byte count for nothing. */
	if (len * 5 / 8 * 8 < SECRET_BITS_MIN)
		return "its secret has less than 128 bits, and the server "
		       "takes no such";
	o->has_secret = true;
	return NULL;
}

static const char *
read_number(const char *text, int64_t min, int64_t max, const char *reason)
{
	int64_t n;

	return parse_num(text, min, max, &n, NULL) ? NULL : reason;
}

/* One "name=value" of the query, decoded. */
static const char *
read_parameter(struct otp *o, const char *name, const char *value)
{
	if (strcmp(name, "secret") == 0)
		return read_secret(o, value);
	if (strcmp(name, "algorithm") == 0)
		return strcmp(value, "SHA1") == 0 ||
			       strcmp(value, "SHA256") == 0 ||
			       strcmp(value, "SHA512") == 0
			   ? NULL
			   : "its algorithm is not one of SHA1, SHA256, "
			     "SHA512";
	if (strcmp(name, "digits") == 0)
		return read_number(value, 6, 8, "it has not 6 to 8 digits");
	if (strcmp(name, "period") == 0)
		return read_number(
		    value, 1, INT32_MAX, "its period is not a number");
	if (strcmp(name, "issuer") == 0) {
		buf_reset(&o->issuer);
		buf_adds(&o->issuer, value);
		o->has_issuer = true;
	}
	return NULL;
}

static const char *
read_query(struct otp *o, char *query)
{
	const char *reason = NULL;
	char *pair;

	while (reason == NULL && (pair = str_cut(&query, '&')) != NULL) {
		char *value = pair, *name = str_cut(&value, '=');
		struct buf text = { 0 };

		if (value == NULL)
			value = name + strlen(name);
		if (decode(value, strlen(value), true, &text))
			reason = read_parameter(o, name, buf_str(&text));
		else
			reason = "it is not a valid URI";
		buf_wipe(&text);
	}
	return reason;
}

/* The label is "ISSUER:ACCOUNT" or "ACCOUNT"; the issuer there must be that of
 * the query. */
static const char *
check_issuer(const struct otp *o)
{
	const char *label = buf_str(&o->label), *colon = strchr(label, ':');

	if (strchr(colon == NULL ? label : colon + 1, ':') != NULL)
		return "its label has two colons";
	if (o->has_issuer && strchr(buf_str(&o->issuer), ':') != NULL)
		return "its issuer has a colon";
	if (colon == NULL || !o->has_issuer)
		return NULL;
	if (strlen(buf_str(&o->issuer)) == (size_t)(colon - label) &&
	    strncmp(label, buf_str(&o->issuer), (size_t)(colon - label)) == 0)
		return NULL;
	return "its label names another issuer than its parameters";
}

/* The URI with the secret that was read instead of the one in it. */
static void
put_uri(const struct otp *o, const char *uri, struct buf *out)
{
	const char *query = strchr(uri, '?') + 1, *at = query;

	buf_add(out, uri, (size_t)(query - uri));
	while (*at != '\0') {
		size_t len = strcspn(at, "&");

		if (str_starts(at, "secret="))
			buf_addf(out, "secret=%s", buf_str(&o->secret));
		else
			buf_add(out, at, len);
		at += len;
		if (*at == '&')
			buf_addc(out, *at++);
	}
}

const char *
otp_canon(const char *uri, struct buf *out)
{
	static const char totp[] = "otpauth://totp/";
	struct otp o = { 0 };
	const char *reason = NULL, *query = strchr(uri, '?');
	char *copy;

	if (!str_starts(uri, "otpauth://"))
		return "it is not an otpauth:// URI";
	if (!str_starts(uri, totp))
		return "it is not a TOTP, the only kind that the server has";
	if (query == NULL)
		return "it has no secret";
	if (strchr(query, '#') != NULL || uri[strcspn(uri, " \t")] != '\0')
		return "it is not a valid URI";
	copy = xstrdup(query + 1);
	if (!decode(uri + strlen(totp), (size_t)(query - uri) - strlen(totp),
		false, &o.label))
		reason = "it is not a valid URI";
	if (reason == NULL)
		reason = read_query(&o, copy);
	if (reason == NULL && !o.has_secret)
		reason = "it has no secret";
	if (reason == NULL)
		reason = check_issuer(&o);
	if (reason == NULL)
		put_uri(&o, uri, out);
	free_secret(copy);
	buf_wipe(&o.secret);
	buf_free(&o.label);
	buf_free(&o.issuer);
	return reason;
}
