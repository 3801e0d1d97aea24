/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A user directory on an LDAP server, read by a field map. */
#ifndef FERRY_SOURCE_FIELDMAP_LDAPDUMP_H
#define FERRY_SOURCE_FIELDMAP_LDAPDUMP_H

#include "ldap/client.h"
#include "source/fieldmap/fieldmap.h"
#include "source/fieldmap/row.h"

/*
 * Reads the entries at and below base (NULL: ldapconn_base) by all sections of
 * the map. uri is for messages and origins: "URI/DN". What fails is reported.
 */
void ldapdump_read(struct ldapconn *c, const char *uri, const char *base,
    const struct fieldmap *map, struct rows *m);

#endif
