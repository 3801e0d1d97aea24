/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "through/present.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/str.h"
#include "doveadm/messages.h"
#include "maildir/name.h"
#include "through/flags.h"

static unsigned int
flags_of_words(const char *text)
{
	char *words = xstrdup(text), *rest = words;
	unsigned int flags = 0;

	while (rest != NULL)
		flags |= mdflag_of_keyword(str_cut(&rest, ' '));
	free(words);
	return flags;
}

static void
free_present(struct present *p)
{
	if (p != NULL)
		free(p->keywords);
	free(p);
}

static void
take_present(void *arg, size_t range, const struct doveadm_message *msg)
{
	struct taken_folder *const *some = arg;
	struct taken_folder *p = some[range];
	struct present *one = xmalloc(sizeof *one);
	void **slot = map_put_copy(&p->there, &p->keys, msg->guid, NULL);

	*one = (struct present){ msg->uid, flags_of_words(msg->flags),
		through_keywords(msg->flags) };
	free_present(*slot);
	*slot = one;
}

void
present_forget(struct taken_folder *p)
{
	const char *key;
	void *value;
	size_t at = 0;

	while (map_next(&p->there, &at, &key, &value))
		free_present(value);
	map_free(&p->there);
	arena_free(&p->keys);
}

/* Lists what some mailboxes have now, with one call. */
static int
look_at(const struct doveadm *d, struct taken_folder **some, size_t n,
    struct why *why)
{
	struct doveadm_range ranges[FOLDERS_AT_ONCE];

	for (size_t i = 0; i < n; i++) {
		present_forget(some[i]);
		ranges[i] =
		    (struct doveadm_range){ .mailbox = some[i]->m, .uid = 1 };
	}
	return doveadm_list(d, ranges, n, take_present, some, why);
}

/* Then alone those of which a call for all did not tell anything; all, if it
 * failed. */
int
present_look(const struct doveadm *d, struct taken_folder **some, size_t n,
    struct why *why)
{
	struct why own;
	bool alone = n <= 1 || look_at(d, some, n, &own) == -1;

	for (size_t i = 0; i < n; i++)
		if ((alone || some[i]->there.n == 0) &&
		    look_at(d, &some[i], 1, why) == -1)
			return -1;
	return 0;
}

const struct present *
present_find(const struct taken_folder *p, const char *guid)
{
	void **found = map_get(&p->there, guid);

	return found == NULL ? NULL : *found;
}
