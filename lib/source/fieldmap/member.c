/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/fieldmap/member.h"

#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/str.h"
#include "source/address-list.h"
#include "source/fieldmap/parse.h"

bool
row_pass(struct rows *m, const char *id, const char *target)
{
	const struct fieldmap_section *s = m->eval.section;

	for (size_t i = s->first[FIELD_DROP]; i < s->nlines; i++) {
		const struct fieldmap_line *line = &s->lines[i];
		const char *text;

		if (line->of_target != (target != NULL) ||
		    !eval_holds(&m->eval, line, target))
			continue;
		text = line->value.pieces[0].text;
		if (line->field == FIELD_NOTE) {
			emit_note_behind(m->emit, id, text, target);
			continue;
		}
		if (line->field == FIELD_DROP)
			emit_drop(m->emit, id, text);
		else
			emit_bad(m->emit, id, text);
		return false;
	}
	return true;
}

const char *
row_brief(const char *text)
{
	enum {
		BRIEF = 16
	};

	return strlen(text) <= BRIEF ? text : "...";
}

int
row_flag(struct rows *m, enum field field, const char *id, bool *bad)
{
	const char *text = eval_first(&m->eval, field);
	int flag;

	if (text == NULL)
		return -1;
	flag = fieldmap_flag(text);
	if (flag == -1) {
		struct why why = { 0 };

		why_set(&why, FAIL_DATA, "%s is neither yes nor no but \"%s\"",
		    fieldmap_word(field), row_brief(text));
		emit_fail(m->emit, id, &why);
		*bad = true;
	}
	return flag;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *
row_trimmed(struct rows *m, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || (!is_blank(text[0]) && !is_blank(text[len - 1])))
		return text;
	return str_trim(eval_copy(&m->eval, text));
}

/* The normalised form of an address, or of a bare name in m->domain; NULL and why.
 * Lives as long as the row. */
static const char *
normalise(struct rows *m, const char *text, bool catch_all, struct why *why)
{
	struct buf *out = eval_scratch(&m->eval), *full;

	text = row_trimmed(m, text);
	if (text[strcspn(text, " \t\r\n,")] != '\0') {
		why_set(why, FAIL_DATA, "not a valid mail address");
		return NULL;
	}
	if (strchr(text, '@') == NULL) {
		if (m->domain == NULL) {
			why_set(why, FAIL_DATA,
			    "a name without a domain: see --domain");
			return NULL;
		}
		full = eval_scratch(&m->eval);
		buf_addf(full, "%s@%s", text, m->domain);
		text = full->data;
	}
	return emit_address(text, catch_all, out, why) == 0 ? out->data : NULL;
}

const char *
row_shown(struct rows *m, const char *text)
{
	return text == NULL ? NULL : normalise(m, text, true, NULL);
}

const char *
row_address(struct rows *m, const char *text)
{
	struct why why = { 0 };
	const char *address = NULL;

	if (text == NULL)
		why_set(&why, FAIL_DATA, "the row has no address");
	else
		address = normalise(m, text, false, &why);
	if (!row_pass(m, address, NULL))
		return NULL;
	if (address == NULL)
		emit_fail(m->emit, NULL, &why);
	return address;
}

char *
row_list(struct rows *m, const char *text)
{
	struct buf *out = eval_scratch(&m->eval);

	/* The DN of a member that no name stands for is one target. */
	if (strchr(text, '@') == NULL && strchr(text, '=') != NULL)
		buf_addf(out, "%s\n", text);
	else
		address_list_read(text, out);
	return out->data;
}

void
row_add_addresses(struct rows *m, struct strs *to,
    void (*catch_all)(struct rows *m, const char *address))
{
	struct record *r = &m->r;

	for (size_t i = 0; i < m->more.n; i++) {
		char *rest = row_list(m, m->more.v[i]), *text;

		while ((text = address_list_next(&rest)) != NULL) {
			struct why why = { 0 };
			const char *address = normalise(m, text, true, &why);

			if (address == NULL)
				emit_fail(m->emit, r->address, &why);
			else if (*address == '@' && catch_all != NULL)
				catch_all(m, address);
			else if (strcmp(address, r->address) != 0 &&
				 !strs_has(to, address))
				strs_add(to, address);
		}
	}
}

void
row_add_senders(struct rows *m)
{
	eval_each(&m->eval, FIELD_SEND_AS, &m->more);
	row_add_addresses(m, &m->r.send_as, NULL);
}

bool
row_is_over(struct rows *m, const char *id, bool *bad)
{
	const char *text = eval_first(&m->eval, FIELD_UNTIL);
	int64_t until;

	if (text == NULL)
		return false;
	until = eval_time(text);
	if (until == -1) {
		struct why why = { 0 };

		why_set(&why, FAIL_DATA,
		    "%s: a time that is not understood: \"%s\"",
		    fieldmap_word(FIELD_UNTIL), row_brief(text));
		emit_fail(m->emit, id, &why);
		*bad = true;
	}
	return until > 0 && until < (int64_t)time(NULL);
}
