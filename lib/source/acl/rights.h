/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Dovecot's access lists: the lines of dovecot-acl files, and what they mean for
 * one person (Dovecot, src/plugins/acl/acl-rights.c and
 * acl-backend-vfile.c).
 */
#ifndef FERRY_SOURCE_ACL_RIGHTS_H
#define FERRY_SOURCE_ACL_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/why.h"
#include "record/record.h"

/* In the order in which they are applied: a later one takes the place of those
 * before it. */
enum acl_id {
	ACL_ANYONE,
	ACL_AUTHENTICATED,
	ACL_GROUP,
	ACL_OWNER,
	ACL_USER,
	ACL_GROUP_OVERRIDE
};

/* Rights are bits, by their place in this text (RFC 4314, 2.1; Dovecot's "s",
 * "t", "p" and so on are the same letters). */
#define ACL_LETTERS "lrwstipekxa"

struct acl_entry {
	enum acl_id id;
	const char *name; /* of a user or group; NULL otherwise */
	bool global;      /* of the file for all folders */
	bool grants, takes;
	unsigned int rights;   /* granted */
	unsigned int negative; /* taken away */
};

struct acl_list {
	struct acl_entry *v;
	size_t n, cap;
};

/*
 * Adds a line to the list; a second line of the same identifier is joined to the
 * first. Names live in the arena. 0; or -1 and why (DATA).
 */
int acl_add(struct acl_list *list, struct arena *arena, const char *line,
    bool global, struct why *why);
void acl_list_free(struct acl_list *list);

/* Cuts the first word of a line of the global file off, which may be quoted: the
 * pattern of folders. NULL if there is none. In a pattern "*" is any text, and
 * "?" any character. */
char *acl_pattern(char **line);
bool acl_pattern_is(const char *pattern, const char *folder);

/* Sorts the list, once it is whole, as acl_effective needs it. */
void acl_sort(struct acl_list *list);

/* What somebody other than the owner may do, who has these names and is in these
 * groups. False where the list says nothing about the person: *rights is 0, and
 * what is the default holds. */
bool acl_effective(const struct acl_list *list, const struct strs *names,
    const struct strs *groups, unsigned int *rights);

/* Appends the letters. */
void acl_letters(unsigned int rights, struct buf *out);

#endif
