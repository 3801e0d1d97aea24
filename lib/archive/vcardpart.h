/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The parts of the vCard writer share these; nobody else does. */
#ifndef FERRY_VCARDPART_H
#define FERRY_VCARDPART_H

#include "archive/jstree.h"

struct card {
	struct contentline line;
	struct jstree t;
	int version;
	json_t *converted; /* vCard.convertedProperties; may be NULL */
	json_t *localized; /* localizations; may be NULL */
	const char *language;
	int altids; /* given out so far */
	int groups;
	const struct convert *convert;
};

/* An entry of a map of the card, as it is written. */
struct item {
	json_t *json;
	const char *map; /* "emails" */
	const char *id;  /* "k1" */
	size_t n;        /* which of its map, from 1 */
	char group[16];  /* of its label; "" if it has none */
};

/* Starts the property of an item: group, name, and ALTID where the member
 * value has translations. In version 3 a property that only version 4 knows is
 * an X- property. */
void card_begin(struct card *c, struct item *item, const char *name,
    const char *value, bool only4);
/* TYPE (of contexts, and more, NULL-terminated pairs of feature and type), PREF
 * and what else an item may say of itself; after the property's own
 * parameters. */
void card_params(struct card *c, struct item *item, const char *value,
    const char *const (*features)[2]);
/* Ends the line, writes the translations and the label. */
void card_end(struct card *c, struct item *item, const char *name,
    const char *value, bool only4);
/* Goes on to the next entry of the item's map; its id is set already. */
void card_next(struct item *item, json_t *json);
bool card_is_kind(const struct item *item, const char *kind);

/* vcardmore.c */
void card_names(struct card *c);
void card_addresses(struct card *c);
void card_phones(struct card *c);
void card_services(struct card *c);
void card_organizations(struct card *c);
void card_anniversaries(struct card *c);
void card_media(struct card *c);
void card_related(struct card *c);

#endif
