/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The parameters of Postfix that change who gets which mail, or which way it
 * goes, and that no record can say. */
#ifndef FERRY_SOURCE_POSTFIX_EFFECTS_H
#define FERRY_SOURCE_POSTFIX_EFFECTS_H

#include "source/emit.h"

struct postfix_effect {
	const char *name;
	const char
	    *contains;    /* a value without it has no effect; may be NULL */
	const char *text; /* NULL: dirdump postfix looks at the value itself */
};

/* All of them; the name of the last is NULL. */
extern const struct postfix_effect postfix_effects[];

/* That of a parameter with this value; NULL: none. */
const struct postfix_effect *postfix_effect(
    const char *name, const char *value);

/* Writes a note record of a parameter: "VALUE: WHAT". A long value is cut. */
void postfix_effect_note(
    struct emit *e, const char *name, const char *value, const char *what);

#endif
