/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "plan/plan.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "secret/classify.h"

const char *const no_secret_words[] = {
	[NO_SECRET_FAIL] = "fail",
	[NO_SECRET_SKIP] = "skip",
	[NO_SECRET_TEMP] = "temp",
	[NO_SECRET_EMPTY] = "empty",
};

const char *const elsewhere_words[] = {
	[ELSEWHERE_FAIL] = "fail",
	[ELSEWHERE_SKIP] = "skip",
	[ELSEWHERE_LOGIN] = "login",
};

struct plan *
plan_new(const struct plan_options *options, const struct plan_calls *calls)
{
	struct plan *p = xcalloc(1, sizeof *p);

	p->options = options;
	p->calls = calls;
	p->judged = xcalloc(1, sizeof *p->judged);
	return p;
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	texts_free(&p->texts);
	intern_free(&p->names);
	map_free(&p->domain_map);
	secret_free(p->judged);
	free(p->judged);
	free(p->addresses);
	free(p->domains);
	free(p->accounts);
	free(p->settings);
	free(p->extras);
	free(p->rows);
	free(p->lists);
	free(p->kept);
	free(p->unsure);
	free(p->logins);
	free(p->alias_domains);
	free(p->signings);
	map_free(&p->selectors);
	free(p->numbers);
	buf_wipe(&p->scratch);
	free(p);
}

void
plan_spare(struct plan *p)
{
	p->spare_all = true;
}

const struct plan_counts *
plan_counts(const struct plan *p)
{
	return &p->counts;
}
