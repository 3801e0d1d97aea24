/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * convert ics|vcf3|vcf4 [UID]: reads a JSCalendar or JSContact object from
 * standard input and writes what the library makes of it. With -l, one object a
 * line, and a NUL after what each becomes. Exit status 1 if one failed, and 3
 * if there was nothing to write. The environment's CONVERT_OWNER is the owner's
 * address, what a person should know goes to standard error. "@blob" 7 is the three bytes "abc".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/ical/icalendar.h"
#include "convert/vcard/vcard.h"
#include "core/io.h"

static int
blob(void *arg, int64_t id, struct buf *bytes, struct why *why)
{
	(void)arg;
	if (id != 7)
		return why_set(why, FAIL_DATA, "no such blob");
	buf_adds(bytes, "abc");
	return 0;
}

static void
note(void *arg, const char *text)
{
	(void)arg;
	(void)fprintf(stderr, "note: %s\n", text);
}

static int
convert(const char *format, const char *json, size_t len,
    const struct convert *c, struct buf *out)
{
	struct why why = { 0 };
	int r;

	if (strcmp(format, "ics") == 0)
		r = ical_write(out, json, len, c, &why);
	else
		r = vcard_write(out, json, len,
		    strcmp(format, "vcf3") == 0 ? 3 : 4, c, &why);
	if (r != CONVERT_WRITTEN)
		(void)fprintf(stderr, "%s\n", why.text);
	return r == -1 ? 1 : r == CONVERT_NOTHING ? 3 : 0;
}

int
main(int argc, char **argv)
{
	bool lines = argc > 1 && strcmp(argv[1], "-l") == 0;
	struct convert c = {
		.blob = blob, .note = note, .owner = getenv("CONVERT_OWNER")
	};
	struct buf in = { 0 }, out = { 0 };
	struct why why = { 0 };
	int status = 0;

	argc -= lines;
	argv += lines;
	if (argc < 2 || read_fd(0, "standard input", &in, &why) == -1)
		return 2;
	if (argc > 2)
		c.uid = argv[2];
	if (!lines) {
		status = convert(argv[1], buf_str(&in), in.len, &c, &out);
	} else {
		char *at = in.data, *end;

		while (at != NULL && (end = strchr(at, '\n')) != NULL) {
			int r =
			    convert(argv[1], at, (size_t)(end - at), &c, &out);

			status = r > status ? r : status;
			buf_addc(&out, '\0');
			at = end + 1;
		}
	}
	if (fwrite(buf_str(&out), 1, out.len, stdout) != out.len ||
	    fflush(stdout) != 0)
		status = 2;
	buf_free(&in);
	buf_free(&out);
	return status;
}
