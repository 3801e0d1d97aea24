/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The arrays of numbers by which messages name their mailboxes, events their
 * calendars, and cards their address books. */
#include "extract/idlist.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/num.h"
#include "core/str.h"

/* Reads one element, of any type. */
static bool
read_element(struct ids *l, struct json_reader *s)
{
	enum jr_type type;
	const char *start;
	char *number;
	int64_t id;
	bool good;

	if (!jr_peek(s, &type))
		return false;
	start = s->at;
	if (!jr_skip(s))
		return false;
	number = xmemdup(start, (size_t)(s->at - start));
	good = type == JR_NUMBER &&
	       parse_num(str_trim(number), INT64_MIN, INT64_MAX, &id, NULL);
	free(number);
	if (!good) {
		l->odd++;
		return true;
	}
	l->all = xgrow(l->all, l->n, &l->cap, sizeof *l->all);
	l->all[l->n++] = id;
	return true;
}

int
ids_read(struct ids *l, const char *json, size_t len)
{
	struct json_reader s;
	char *text;
	bool good;

	l->n = l->odd = 0;
	if (!utf8_text(json, len))
		return -1;
	text = xmemdup(json, len);
	jr_init(&s, text);
	good = jr_enter(&s, '[');
	while (good && jr_element(&s))
		good = read_element(l, &s);
	good = good && jr_done(&s);
	free(text);
	if (good)
		return 0;
	l->n = l->odd = 0;
	return -1;
}

size_t
ids_count(const struct ids *l)
{
	return l->n + l->odd == 0 ? 1 : l->n + l->odd;
}
