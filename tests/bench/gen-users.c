/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * gen-users N: a passwd-file of N users on standard output, the same for the
 * same N: several schemes, quotas in both grammars, names in many writings.
 * The hashes have the right form, and belong to no password.
 */
#include <stdint.h>
#include <stdio.h>

#include "cli/tool.h"
#include "core/buf.h"
#include "core/num.h"

static const char base64[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const struct {
	const char *tag;
	const char *start;
	size_t len; /* of what follows */
	const char *set;
} schemes[] = {
	{ "{SHA512-CRYPT}", "$6$rounds=5000$", 103, base64 },
	{ "", "$6$", 103, base64 },
	{ "{BLF-CRYPT}", "$2y$10$", 53, base64 },
	{ "{SSHA256}", "", 48, base64 + 2 },
	{ "{SHA256-CRYPT}", "$5$", 60, base64 },
	{ "{PLAIN-MD5}", "", 32, "0123456789abcdef" },
	{ "", "$1$", 31, base64 },
};

static const char *const first[] = { "Ada", "Boris", "Chloé", "Dragan", "Eva",
	"Fatima", "Günter", "Hana", "Ivo", "Jan" };
static const char *const last[] = { "Smith", "Novák", "Ødegaard", "Müller",
	"Rossi", "Kowalska", "Tan", "O'Brien", "Ivanova", "García" };

static uint32_t state = 1;

/* A small generator (xorshift) that gives the same numbers everywhere. */
static uint32_t
next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void
hash(struct buf *out)
{
	size_t i = next() % (sizeof schemes / sizeof *schemes);
	size_t n = 0, salt;

	do
		n++;
	while (schemes[i].set[n] != '\0');
	buf_adds(out, schemes[i].tag);
	buf_adds(out, schemes[i].start);
	salt = schemes[i].start[0] == '$' && schemes[i].start[1] != '2'
		   ? (schemes[i].start[1] == '1' ? 8 : 16)
		   : schemes[i].len;
	for (size_t k = 0; k < schemes[i].len; k++)
		buf_addc(out, k == salt ? '$' : schemes[i].set[next() % n]);
}

static void
user(struct buf *out, int64_t number)
{
	const char *given = first[next() % 10], *name = last[next() % 10];
	uint32_t domain = next() % 50;

	buf_addf(
	    out, "user%07lld@d%02u.example.org:", (long long)number, domain);
	hash(out);
	buf_addf(out,
	    ":5000:5000:%s %s,,:/var/vmail/d%02u.example.org/u%lld::", given,
	    name, domain, (long long)number);
	switch (next() % 4) {
	case 0:
		buf_addf(out, "userdb_quota_rule=*:storage=%uM", next() % 9000);
		break;
	case 1:
		buf_addf(out, "userdb_quota_storage_size=%uG", next() % 50);
		break;
	default:
		break;
	}
	buf_addc(out, '\n');
}

int
main(int argc, char **argv)
{
	struct buf out = { 0 };
	int64_t n;

	tool_init("gen-users");
	if (argc != 2 || !parse_num(argv[1], 0, 100000000, &n, NULL)) {
		(void)fputs("usage: gen-users N\n", stderr);
		return EXIT_BROKEN;
	}
	for (int64_t i = 1; i <= n; i++) {
		user(&out, i);
		if (out.len > 65536 || i == n) {
			(void)fwrite(out.data, 1, out.len, stdout);
			buf_reset(&out);
		}
	}
	buf_free(&out);
	return tool_close_stdout();
}
