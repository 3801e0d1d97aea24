/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The automatic replies that panels keep in a file for each address. */
#ifndef FERRY_SOURCE_PASSWD_AUTOREPLY_H
#define FERRY_SOURCE_PASSWD_AUTOREPLY_H

#include "source/emit.h"

/*
 * HestiaCP: the file is the text, and the reply is on as long as it is there.
 * The account's vacation is written, or why it cannot be carried is reported;
 * nothing where there is no file.
 */
void autoreply_hestia(struct emit *e, const char *address, const char *path);

/*
 * cPanel: the file of that address in home/.autorespond is a message with its
 * header, and next to it a ".json" (".conf" in old versions) has the seconds when
 * it begins and ends. A file that is not the owner's of that home is refused: it
 * could be a link to a secret. active: the aliases call the program that answers.
 */
void autoreply_cpanel(
    struct emit *e, const char *address, const char *home, bool active);

#endif
