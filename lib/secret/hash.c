/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Passwords that we make ourselves: temporary ones, and hashes of clear ones.
 */
#include "secret/hash.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/alloc.h"
#include "core/digest.h"

static int
random_bytes(unsigned char *p, size_t len, struct why *why)
{
	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return why_errno(why, FAIL_FATAL, "getrandom");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
secret_temporary(char out[TEMPORARY_LEN + 1], struct why *why)
{
	/* Without 0 O 1 l I and the like; 54 characters, 5.75 bits each. */
	static const char letters[] =
	    "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	enum {
		LETTERS = sizeof letters - 1,
		FAIR = 256 / LETTERS * LETTERS
	};
	unsigned char byte;

	for (size_t i = 0; i < TEMPORARY_LEN;) {
		if (random_bytes(&byte, 1, why) == -1)
			return -1;
		if (byte < FAIR)
			out[i++] = letters[byte % LETTERS];
	}
	out[TEMPORARY_LEN] = '\0';
	return 0;
}

enum {
	SALT_LEN = 16
};

/* "$6$" and a salt: from the seed, which may be public, or at random. */
static int
make_setting(const char *seed, char setting[SALT_LEN + 5], struct why *why)
{
	static const char digits[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char bytes[SHA256_LEN];

	if (seed == NULL) {
		if (random_bytes(bytes, SALT_LEN, why) == -1)
			return -1;
	} else {
		digest_of(seed, strlen(seed), bytes);
	}
	memcpy(setting, "$6$", 3);
	for (size_t i = 0; i < SALT_LEN; i++)
		setting[3 + i] = digits[bytes[i] & 0x3f];
	setting[3 + SALT_LEN] = '$';
	setting[3 + SALT_LEN + 1] = '\0';
	return 0;
}

int
secret_hash(const char *password, const char *salt_seed, struct buf *out,
    struct why *why)
{
	struct crypt_data *data = xcalloc(1, sizeof *data);
	char setting[SALT_LEN + 5];
	const char *hash = NULL;
	int r = -1;

	if (make_setting(salt_seed, setting, why) == 0) {
		hash = crypt_r(password, setting, data);
		if (hash == NULL || *hash == '*')
			why_set(why, FAIL_DATA, "crypt(3) refuses it");
		else
			r = 0;
	}
	if (r == 0)
		buf_adds(out, hash);
	explicit_bzero(data, sizeof *data);
	free(data);
	return r;
}
