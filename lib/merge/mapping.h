/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which folder of the target each folder of the source is. */
#ifndef FERRY_MERGE_MAPPING_H
#define FERRY_MERGE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "maildir/folderlist.h"
#include "maildir/tree.h"

/* --map FROM=TO: paths, or directories where FROM begins with a dot. */
struct folder_rule {
	const char *from;
	const char *to;
};

/* Which names of the target are those of the source with what Dovecot's listescape
 * plugin wrote as "\\2e" read. */
enum plain_names {
	PLAIN_AUTO, /* a LAYOUT=fs, and with listescape any, can have a dot in a name */
	PLAIN_NEVER,
	PLAIN_ALWAYS
};

struct mapping_options {
	const struct folder_rule *rules;
	size_t n_rules;
	bool strip_inbox; /* INBOX/Sent of the source is Sent */
	enum plain_names plain;
	/* What is wrong with a folder of that path in that directory of the
	 * target, for the caller to free; NULL: nothing. May be NULL itself. */
	char *(*refuse)(void *arg, const char *path, const char *dir);
	void *arg;
};

/* Where one folder of the source goes. */
struct target_folder {
	size_t folder; /* of the target tree; its entry may be new */
	bool create;   /* it is not there yet */
	char *fault;   /* not NULL: it cannot be made, and why */
};

/*
 * Takes roles from the notes (which may be empty) into the source tree, and
 * finds the folder of the target for each of its folders: a rule, the role, the
 * name, the name that it decodes to when it is itself modified UTF-7. Folders
 * that the target lacks are added to its list, not made. The result has one
 * element for each folder of the source; freed with mapping_free.
 */
struct target_folder *map_folders(struct mdtree *source, struct mdtree *target,
    const struct folder_list *notes, const struct mapping_options *options);

/* 0, or -1 and why (FATAL) if a rule names a folder that the source has not. */
int mapping_check(const struct mapping_options *options,
    const struct mdtree *source, struct why *why);

/* Takes the paths away from folders of the target that are refused: their mail is
 * no copy of anything. */
void mapping_hide(const struct mapping_options *options, struct mdtree *target);

void mapping_free(struct target_folder *m, size_t n);

#endif
