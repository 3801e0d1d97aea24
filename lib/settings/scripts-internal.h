/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files that decide on an owner's scripts share. */
#ifndef FERRY_SETTINGS_SCRIPTS_INTERNAL_H
#define FERRY_SETTINGS_SCRIPTS_INTERNAL_H

#include "settings/scripts.h"

/* Names of ours; and the server's own, of its vacation message. */
extern const char script_forward[], script_vacation[], script_wrapper[],
    script_server_vacation[];

/* What may be active together, in the order in which it runs: the filters come
 * last, because they may stop. */
enum component {
	C_VACATION,
	C_FORWARD,
	C_FILTERS,
	COMPONENTS
};

struct script_set {
	const struct owner_run *run;
	struct holder *o;
	const json_t *list;
	const json_t *active;    /* NULL: none is */
	const char *active_name; /* "" then */
	char *names[COMPONENTS]; /* NULL: not wanted */
	char *unread;       /* why nobody knows what the active one includes */
	char *filters;      /* the record's active script, as it is named */
	json_t *wanted;     /* the names of all that the record has */
	bool ends_vacation; /* the server's own message */
};

const json_t *script_find(const struct script_set *s, const char *name);
bool script_is_wrapper(const char *name);
bool script_is_ours(const char *name);
/* The text of a script: one that is made, or of the server. -1 and why where it
 * cannot be had. */
int script_text(const struct script_set *s, const char *name, struct buf *text,
    struct why *why);
/* Whether what is active now is the script, or includes it. */
bool script_is_running(struct script_set *s, const char *name);
/* Those that are wanted, in their order. */
size_t script_count(const struct script_set *s, const char *names[COMPONENTS]);

#endif
