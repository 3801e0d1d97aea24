/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/keywords.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/num.h"
#include "core/str.h"
#include "maildir/control.h"

static const char file_name[] = "dovecot-keywords";

enum {
	NAME_LEN_MAX = 255
};

void
keywords_parse(struct keywords *k, char *text)
{
	while (text != NULL) {
		char *name = str_cut(&text, '\n');
		char *number = str_cut(&name, ' ');
		size_t len = name == NULL ? 0 : strlen(name);
		int64_t n;

		if (len > 0 && name[len - 1] == '\r')
			name[--len] = '\0';
		if (len == 0 ||
		    !parse_num(number, 0, KEYWORDS_MAX - 1, &n, NULL))
			continue;
		free(k->name[n]);
		k->name[n] = xstrdup(name);
	}
}

void
keywords_print(const struct keywords *k, struct buf *out)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] != NULL)
			buf_addf(out, "%d %s\n", i, k->name[i]);
}

int
keywords_find(const struct keywords *k, const char *name)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] != NULL && str_eq_nocase(k->name[i], name))
			return i;
	return -1;
}

int
keywords_add(struct keywords *k, const char *name)
{
	int n = keywords_find(k, name);

	for (int i = 0; n == -1 && i < KEYWORDS_MAX; i++) {
		if (k->name[i] == NULL) {
			k->name[i] = xstrdup(name);
			n = i;
		}
	}
	return n;
}

bool
keyword_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= 0x20 || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
			return false;
	}
	return true;
}

int
keywords_read(struct keywords *k, int dirfd, struct why *why)
{
	struct buf text = { 0 };
	int r = read_at(dirfd, file_name, &text, why);

	if (r == 0 && text.len > 0)
		keywords_parse(k, text.data);
	buf_free(&text);
	return r;
}

int
keywords_write(const struct keywords *k, int dirfd, struct why *why)
{
	struct buf text = { 0 };
	int r;

	keywords_print(k, &text);
	r = replace_at(dirfd, file_name, &text, why);
	buf_free(&text);
	return r;
}

void
keywords_free(struct keywords *k)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		free(k->name[i]);
	*k = (struct keywords){ 0 };
}
