/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What doveconf prints, and the variables in its values: every text is read or
 * refused, and what is read has the shape that the header promises. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "fuzz/fuzz.h"
#include "source/doveconf.h"
#include "source/passwd/expand.h"

static void
visit(const struct setting *block, size_t depth)
{
	struct buf out = { 0 };

	must(depth < 64);
	for (const struct setting *s = block->child; s != NULL; s = s->next) {
		must(s->key != NULL);
		must(s->value == NULL || (s->child == NULL && s->name == NULL));
		if (s->value == NULL) {
			visit(s, depth + 1);
			continue;
		}
		must(setting_value(block, s->key) != NULL);
		(void)expand_user(s->value, "Ann@One.Test", &out);
		buf_reset(&out);
		(void)expand_user(s->value, "", &out);
		buf_reset(&out);
		(void)setting_is_yes(s->value);
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct doveconf c;
	struct why why = { 0 };
	struct buf text = { 0 };

	buf_add(&text, data, len);
	if (doveconf_parse(&c, buf_str(&text), &why) == 0)
		must(c.major >= 0 && c.top.value == NULL);
	else
		must(why.kind == FAIL_FATAL && *why.text != '\0');
	visit(&c.top, 0);
	doveconf_free(&c);
	buf_free(&text);
	return 0;
}
