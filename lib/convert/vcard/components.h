/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Lists of components, of which names and addresses are made. */
#ifndef FERRY_CONVERT_VCARD_COMPONENTS_H
#define FERRY_CONVERT_VCARD_COMPONENTS_H

#include "convert/vcard/vcard-internal.h"

/* Appends to the line the values of all components of the kinds
 * (NULL-terminated), separated by a comma, or by a blank where blanks is set.
 * Adds to *known how many of them say nothing but their kind and value. */
void card_components(struct card *c, const json_t *list,
    const char *const *kinds, bool blanks, size_t *known);

#endif
