/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/name.h"

#include <string.h>

#include "core/str.h"

static const char flag_letters[] = "DFPRST";

/* RFC 8621, 4.1.1, RFC 5788 and the IMAP system flags. */
static const struct {
	const char *keyword;
	enum mdflag flag;
} keyword_flags[] = {
	{ "$draft", MD_DRAFT },
	{ "$flagged", MD_FLAGGED },
	{ "$forwarded", MD_PASSED },
	{ "$answered", MD_REPLIED },
	{ "$seen", MD_SEEN },
	{ "$deleted", MD_TRASHED },
	{ "\\draft", MD_DRAFT },
	{ "\\flagged", MD_FLAGGED },
	{ "\\answered", MD_REPLIED },
	{ "\\seen", MD_SEEN },
	{ "\\deleted", MD_TRASHED },
};

/* Reads digits at *s and moves past them; MD_SIZE_BAD if there are none or too
 * many. */
static int64_t
number(const char **s)
{
	const char *at = *s;
	int64_t n = 0;

	while (*at >= '0' && *at <= '9') {
		if (n > (INT64_MAX - 9) / 10)
			return MD_SIZE_BAD;
		n = n * 10 + (*at++ - '0');
	}
	if (at == *s)
		return MD_SIZE_BAD;
	*s = at;
	return n;
}

/* The value of the field that begins with key (",S=") in a base. It ends at
 * the next comma or at the end of the base. */
static int64_t
size_field(const char *base, size_t len, const char *key)
{
	const char *at = memmem(base, len, key, strlen(key));
	int64_t n;

	if (at == NULL)
		return MD_SIZE_NONE;
	at += strlen(key);
	n = number(&at);
	return at == base + len || *at == ',' ? n : MD_SIZE_BAD;
}

/* What follows ":2,"; NULL where there is no information, or in the
 * experimental form ":1,". */
static const char *
info_of(const char *name)
{
	const char *last = strrchr(name, ':');

	return last != NULL && last[1] == '2' && last[2] == ',' ? last + 3
								: NULL;
}

/* Adds flags and letters, and returns what follows them. */
static const char *
read_info(const char *at, unsigned int *flags, unsigned int *letters)
{
	for (; *at != '\0' && *at != ','; at++) {
		const char *flag = strchr(flag_letters, *at);

		if (flag != NULL)
			*flags |= 1U << (flag - flag_letters);
		else if (*at >= 'a' && *at <= 'z')
			*letters |= 1U << (*at - 'a');
	}
	return at;
}

void
mdname_parse(struct mdname *n, const char *name)
{
	size_t len = strlen(name);
	const char *first = memchr(name, ':', len);
	const char *at = name;
	int64_t seconds = number(&at);

	*n = (struct mdname){ .name = name,
		.base_len = first == NULL ? len : (size_t)(first - name),
		.extra = "",
		.seconds = seconds < 0 ? 0 : seconds };
	n->size = size_field(name, n->base_len, ",S=");
	n->vsize = size_field(name, n->base_len, ",W=");
	at = info_of(name);
	if (at != NULL)
		n->extra = read_info(at, &n->flags, &n->letters);
}

unsigned int
mdname_flags(const char *name)
{
	const char *info = info_of(name);
	unsigned int flags = 0, letters = 0;

	if (info != NULL)
		(void)read_info(info, &flags, &letters);
	return flags;
}

bool
mdname_ignored(const char *name)
{
	return *name == '.' || strpbrk(name, "\r\n") != NULL;
}

void
mdname_put_info(struct buf *out, unsigned int flags, unsigned int letters)
{
	buf_adds(out, ":2,");
	for (int i = 0; flag_letters[i] != '\0'; i++)
		if ((flags >> i & 1) != 0)
			buf_addc(out, flag_letters[i]);
	for (int i = 0; i < 26; i++)
		if ((letters >> i & 1) != 0)
			buf_addc(out, (char)('a' + i));
}

void
msgsize_add(struct msgsize *s, const char *p, size_t len)
{
	const char *at = p, *end = p + len;

	if (len == 0)
		return;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (at == p ? !s->after_cr : at[-1] != '\r')
			s->bare_lf++;
		if (++at == end)
			break;
	}
	s->after_cr = end[-1] == '\r';
	s->bytes += len;
}

uint64_t
msgsize_crlf(const struct msgsize *s)
{
	return s->bytes + s->bare_lf;
}

/* Dovecot reads the digits after M as a fraction of a second: six of them. */
void
mdname_put_run_base(struct buf *out, int64_t seconds,
    const unsigned char digest[MD_DIGEST_LEN], unsigned int copy, uint64_t run,
    const struct msgsize *size)
{
	unsigned long fraction = 0;

	for (int i = 0; i < 4; i++)
		fraction = fraction << 8 | digest[i];
	buf_addf(out, "%lld.M%06luP%u.", (long long)(seconds < 0 ? 0 : seconds),
	    fraction % 1000000, copy);
	for (int i = 4; i < MD_DIGEST_LEN; i++)
		buf_addf(out, "%02x", digest[i]);
	buf_adds(out, ".mailferry");
	if (run != 0)
		buf_addf(out, "-%08lx", (unsigned long)(run & 0xffffffff));
	buf_addf(out, ",S=%llu,W=%llu", (unsigned long long)size->bytes,
	    (unsigned long long)msgsize_crlf(size));
}

void
mdname_put_base(struct buf *out, int64_t seconds,
    const unsigned char digest[MD_DIGEST_LEN], unsigned int copy,
    const struct msgsize *size)
{
	mdname_put_run_base(out, seconds, digest, copy, 0, size);
}

unsigned int
mdflag_of_keyword(const char *keyword)
{
	for (size_t i = 0; i < sizeof keyword_flags / sizeof *keyword_flags;
	     i++)
		if (str_eq_nocase(keyword, keyword_flags[i].keyword))
			return keyword_flags[i].flag;
	return 0;
}

const char *
mdflag_keyword(enum mdflag flag)
{
	for (size_t i = 0; i < sizeof keyword_flags / sizeof *keyword_flags;
	     i++)
		if (keyword_flags[i].flag == flag)
			return keyword_flags[i].keyword;
	return NULL;
}
