/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The calendars and address books of a server, as a tree that can be put onto
 * another one: with the texts that their owner's programs put there. */
#ifndef FERRY_DAV_SERVER_TREE_H
#define FERRY_DAV_SERVER_TREE_H

#include "dav/client.h"
#include "dav/tree.h"

/*
 * Lists all collections of a server, which must stay open as long as the tree.
 * 0, or -1 and why. t is for dav_tree_free in both cases.
 */
int dav_server_tree_open(struct dav_tree *t, struct dav *server,
    dav_bad_fn *bad, void *arg, struct why *why);

/* The content of an item of either kind of tree, appended. 0, or -1 and why. */
int dav_item_read(const struct dav_tree *t, const struct dav_item *item,
    struct buf *out, struct why *why);

#endif
