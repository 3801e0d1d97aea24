/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "acct/input.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/str.h"
#include "record/address.h"

void
acct_input_open(struct acct_input *in, char **files, size_t max,
    struct passwords *source, struct passwords *target)
{
	*in = (struct acct_input){
		.max = max, .source = source, .target = target
	};
	in->v = xcalloc(max, sizeof *in->v);
	ndjson_init(&in->lines, files, RECORD_LINE_MAX);
}

void
acct_input_clear(struct acct_input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		side_account_free(&in->v[i].source);
		side_account_free(&in->v[i].target);
	}
	in->n = 0;
	arena_free(&in->texts);
}

void
acct_input_close(struct acct_input *in)
{
	acct_input_clear(in);
	free(in->v);
	ndjson_free(&in->lines);
	intake_free(&in->intake);
	record_free(&in->record);
}

static void
set_side(struct side_account *a, struct passwords *passwords,
    const char *address, const char **names)
{
	*a = (struct side_account){ .names = names };
	if (passwords != NULL)
		a->password = passwords_get(passwords, address);
	a->data.address = address;
}

/* The login names of an account, NULL at the end. */
static const char **
login_names(struct acct_input *in, const char *address,
    const struct strs *logins, bool address_first)
{
	size_t n = logins == NULL ? 0 : logins->n, at = address_first ? 1 : 0;
	const char **names = arena_alloc(&in->texts, (n + 2) * sizeof *names);

	names[address_first ? 0 : n] = address;
	for (size_t i = 0; i < n; i++)
		names[at + i] = arena_adds(&in->texts, logins->v[i]);
	return names;
}

static void
add(struct acct_input *in, const char *address, const struct strs *logins,
    bool active, const char *line)
{
	struct acct_subject *s = &in->v[in->n++];

	*s = (struct acct_subject){ .active = active };
	s->address = arena_adds(&in->texts, address);
	s->where = arena_adds(&in->texts, ndjson_where(&in->lines));
	s->line = arena_adds(&in->texts, line);
	set_side(&s->source, in->source, s->address,
	    login_names(in, s->address, logins, false));
	set_side(&s->target, in->target, s->address,
	    login_names(in, s->address, logins, true));
}

static int
add_address(struct acct_input *in, const char *name, struct why *why)
{
	struct buf address = { 0 };
	int r = address_normalise(name, false, &address, why);

	if (r == 0)
		add(in, address.data, NULL, true, address.data);
	buf_free(&address);
	return r;
}

int
acct_input_next(struct acct_input *in, struct why *why)
{
	struct record *r = &in->record;
	const char *name;
	int n = intake_next(&in->intake, &in->lines, r, &name, why);

	if (n != 1)
		return n;
	if (name != NULL)
		return add_address(in, name, why) == -1 ? -1 : 1;
	if (r->type == REC_ACCOUNT)
		add(in, r->address, &r->logins, r->active, in->lines.line);
	return 1;
}

bool
acct_input_is_complete(struct acct_input *in, struct why *why)
{
	intake_end(&in->intake, &in->lines);
	return intake_is_complete(&in->intake, why);
}
