/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/lock.h"

#include <stdbool.h>
#include <string.h>

#include "core/str.h"
#include "secret/crypt64.h"
#include "secret/scheme.h"

/* Text that crypt(3) could have made: "$...", BSDi's, DES. */
static bool
is_crypt(const char *text)
{
	enum {
		BSDI = 20,
		DES = 13
	};

	if (*text == '$')
		return text[1] != '\0';
	if (str_starts(text, "pbkdf2_sha256$"))
		return true; /* Django's, which a web application checks */
	if (*text == '_')
		return crypt64_span(text + 1) == BSDI - 1 && text[BSDI] == '\0';
	return crypt64_span(text) == DES && text[DES] == '\0';
}

/* crypt(3), or Dovecot's {MD5}, which is md5crypt or a digest. */
static bool
is_crypt_text(const struct parsed *p)
{
	bool md5 = p->scheme->family == FAMILY_MD5, ok;
	struct buf text = { 0 };

	if (p->encoding == ENC_DEFAULT && !md5)
		return is_crypt(p->body);
	ok = scheme_text(p, &text) && is_crypt(buf_str(&text));
	if (md5 && !(ok && str_starts(text.data, "$1$"))) {
		buf_reset(&text);
		ok = scheme_raw(p, &text);
	}
	buf_wipe(&text);
	return ok;
}

static bool
is_digest(const struct parsed *p)
{
	struct buf raw = { 0 };
	bool ok = scheme_raw(p, &raw);

	buf_wipe(&raw);
	return ok;
}

/* Whether the text has the form of its scheme, as far as that is known. */
static bool
is_hash(const struct parsed *p)
{
	switch (p->scheme->family) {
	case FAMILY_CRYPT:
	case FAMILY_METHOD:
	case FAMILY_MD5:
		return is_crypt_text(p);
	case FAMILY_DIGEST:
	case FAMILY_SALTED:
		return is_digest(p);
	case FAMILY_PHC:
	case FAMILY_PBKDF2:
	case FAMILY_CLEAR:
	case FAMILY_TRUNC:
	case FAMILY_OTHER:
		break;
	}
	return true;
}

enum secret_lock
secret_locked(const char *stored, const char *default_scheme)
{
	struct parsed p;

	scheme_parse(stored, default_scheme, &p);
	if (p.scheme != NULL && (p.scheme->family == FAMILY_CLEAR ||
				    p.scheme->family == FAMILY_TRUNC))
		return SECRET_OPEN;
	if (*p.body == '!' || *p.body == '*')
		return SECRET_LOCKED;
	if (*p.body == '\0' || (p.scheme != NULL && !is_hash(&p)))
		return SECRET_NO_HASH;
	return SECRET_OPEN;
}
