/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the parts of the vCard writer share, and nobody else uses. */
#ifndef FERRY_CONVERT_VCARD_VCARD_INTERNAL_H
#define FERRY_CONVERT_VCARD_VCARD_INTERNAL_H

#include "convert/jstree.h"

struct card {
	struct contentline line;
	struct jstree t;
	int version;
	json_t *converted; /* vCard.convertedProperties; may be NULL */
	json_t *localized; /* localizations; may be NULL */
	const char *language;
	int altids; /* given out so far */
	int groups;
	size_t mark; /* where it begins in line.out */
	const struct convert *convert;
};

/* An entry of a map of the card, while it is being written. */
struct vcard_item {
	json_t *json;
	const char *map; /* "emails" */
	const char *id;  /* "k1" */
	size_t n;        /* which of its map, from 1 */
	char group[16];  /* of its label; "" if it has none */
};

#endif
