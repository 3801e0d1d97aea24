/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "imap/sasl.h"

#include <string.h>

#include "core/base64.h"
#include "core/mask.h"

static bool
is_one_line(const char *s)
{
	return s == NULL || strpbrk(s, "\r\n") == NULL;
}

bool
sasl_can_be_sent(const struct sasl_login *l)
{
	return is_one_line(l->user) && is_one_line(l->password) &&
	       is_one_line(l->authzid);
}

void
sasl_put_plain(struct buf *out, const struct sasl_login *l)
{
	struct buf plain = { 0 };
	size_t start = out->len;

	buf_adds(&plain, l->authzid == NULL ? "" : l->authzid);
	buf_addc(&plain, '\0');
	buf_adds(&plain, l->user);
	buf_addc(&plain, '\0');
	buf_adds(&plain, l->password);
	base64_encode(plain.data, plain.len, true, out);
	mask_add(out->data + start);
	buf_wipe(&plain);
}
