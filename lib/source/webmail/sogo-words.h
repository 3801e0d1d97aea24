/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* SOGo's names of languages. */
#ifndef FERRY_SOURCE_WEBMAIL_SOGO_WORDS_H
#define FERRY_SOURCE_WEBMAIL_SOGO_WORDS_H

/* "German" as BCP 47; NULL for another word. */
const char *sogo_language(const char *word);

#endif
