/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The frame of a property: its group, parameters, translations and label. */
#ifndef FERRY_CONVERT_VCARD_ITEM_H
#define FERRY_CONVERT_VCARD_ITEM_H

#include "convert/vcard/vcard-internal.h"

/* Begins a line. In version 3 a property that only version 4 knows is an X-
 * property. group may be NULL. */
void card_begin_name(
    struct card *c, const char *group, const char *name, bool only4);

/* Begins the property of an item: group, name, and ALTID where the member
 * value has translations. */
void card_begin(struct card *c, struct vcard_item *item, const char *name,
    const char *value, bool only4);
/* Adds TYPE (of contexts, and of features where that is not NULL: pairs of
 * feature and type, NULL-terminated), PREF, and what else an item may say of
 * itself; after the property's own parameters. */
void card_params(struct card *c, struct vcard_item *item, const char *value,
    const char *const (*features)[2]);
/* Ends the line, and writes the translations and the label. */
void card_end(struct card *c, struct vcard_item *item, const char *name,
    const char *value, bool only4);

/* Goes on to the next entry of the item's map; its id is set already. */
void card_next(struct vcard_item *item, json_t *json);
/* Whether the item is of that kind; NULL: whether it has none. */
bool card_is_kind(const struct vcard_item *item, const char *kind);

#endif
