/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/mediatype.h"

#include <string.h>

static const struct magic {
	size_t at, len;
	const char *bytes, *type;
} magics[] = {
	{ 0, 3, "\xff\xd8\xff", "image/jpeg" },
	{ 0, 8, "\x89PNG\r\n\x1a\n", "image/png" },
	{ 0, 6, "GIF87a", "image/gif" },
	{ 0, 6, "GIF89a", "image/gif" },
	{ 8, 4, "WEBP", "image/webp" },
	{ 4, 8, "ftypheic", "image/heic" },
	{ 4, 8, "ftypavif", "image/avif" },
	{ 0, 4, "II*\0", "image/tiff" },
	{ 0, 4, "MM\0*", "image/tiff" },
	{ 0, 5, "%PDF-", "application/pdf" },
	{ 0, 4, "OggS", "audio/ogg" },
	{ 8, 4, "WAVE", "audio/wav" },
	{ 0, 3, "ID3", "audio/mpeg" },
	{ 0, 4, "fLaC", "audio/flac" },
	{ 0, 14, "-----BEGIN PGP", "application/pgp-keys" },
	{ 0, 4, "PK\3\4", "application/zip" },
};

const char *
mediatype_guess(const void *p, size_t len)
{
	const char *bytes = p;

	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		const struct magic *m = &magics[i];

		if (len >= m->at + m->len &&
		    memcmp(bytes + m->at, m->bytes, m->len) == 0)
			return m->type;
	}
	return NULL;
}
