/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "settings/file.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ndjson.h"
#include "core/output.h"
#include "core/str.h"

/* The next line, parsed. 1, 0 at the end, or -1 and why (DATA); *offset is
 * where it begins. */
static int
next_record(
    struct settings_file *f, struct record *r, long *offset, struct why *why)
{
	ssize_t n;

	do {
		*offset = ftell(f->file);
		n = getline(&f->line, &f->cap, f->file);
		if (n == -1)
			return 0;
		f->number++;
	} while (strspn(f->line, " \t\r\n") == (size_t)n);
	if (n > RECORD_LINE_MAX)
		return why_set(why, FAIL_DATA, "the line is too long");
	if (f->line[n - 1] != '\n')
		return why_set(why, FAIL_DATA, "the line was cut off");
	if (strlen(f->line) != (size_t)n || !utf8_valid(f->line, (size_t)n))
		return why_set(why, FAIL_DATA, "the line is not UTF-8 text");
	f->line[n - 1] = '\0';
	return record_parse(r, f->line, (size_t)n - 1, why) == -1 ? -1 : 1;
}

static int
learn(struct settings_file *f, const struct record *r, long offset,
    struct why *why)
{
	struct settings_line *line;
	bool added;
	void **slot = map_put_copy(&f->lines, &f->arena, r->address, &added);

	if (!added)
		return why_set(why, FAIL_DATA,
		    "%s is there twice: mkaccounts joins records", r->address);
	line = arena_alloc(&f->arena, sizeof *line);
	*line = (struct settings_line){ .offset = offset };
	*slot = line;
	return 0;
}

/* Other records are those of a directory: what they say would be lost. 0, or -1
 * and why. */
static int
refuse_dump(
    const struct settings_file *f, const struct record *r, struct why *why)
{
	if (r->type == REC_SETTINGS || r->type == REC_OTHER ||
	    (r->type == REC_END && r->source != NULL &&
		strcmp(r->source, "mkaccounts") == 0))
		return 0;
	return why_set(why, FAIL_FATAL,
	    "%s:%zu: this is a dump of a directory: give it to mkaccounts, "
	    "whose --settings writes the file",
	    f->path, f->number);
}

/* What a line says of the file. n: as next_record returns it; 0 after the last. */
static void
count_line(struct settings_file *f, const struct record *r, int n)
{
	bool end = n == 1 && r->type == REC_END;

	if (n == 0) {
		f->whole = f->whole && f->ended && f->records == f->counted;
		return;
	}
	f->ended = end;
	if (!end)
		f->records++;
	else if (r->count > 0)
		f->counted += r->count;
	if (n == -1 || (end && r->part != NULL))
		f->whole = false;
}

int
settings_file_open(struct settings_file *f, const char *path,
    void (*bad)(void *arg, const char *where, const struct why *why), void *arg,
    struct why *why)
{
	struct record r = { 0 };
	long offset;
	int n;

	*f = (struct settings_file){
		.path = path, .file = fopen(path, "re"), .whole = true
	};
	if (f->file == NULL || fseek(f->file, 0, SEEK_SET) == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (!input_claim(fileno(f->file)))
		return why_set(why, FAIL_FATAL, "%s: " INPUT_TAKEN, path);
	do {
		struct why reason = { 0 };
		char where[32];

		n = next_record(f, &r, &offset, &reason);
		if (n == 1 && refuse_dump(f, &r, why) == -1) {
			record_free(&r);
			return -1;
		}
		if (n == 1 && r.type == REC_SETTINGS)
			n = learn(f, &r, offset, &reason) == 0 ? 1 : -1;
		count_line(f, &r, n);
		if (n == -1) {
			(void)snprintf(where, sizeof where, "%zu", f->number);
			bad(arg, where, &reason);
		}
	} while (n != 0);
	record_free(&r);
	if (ferror(f->file))
		return why_errno(why, FAIL_FATAL, "%s", path);
	return 0;
}

struct settings_line *
settings_file_find(const struct settings_file *f, const char *address)
{
	void **slot = map_get(&f->lines, address);

	return slot == NULL ? NULL : *slot;
}

int
settings_file_read(struct settings_file *f, const struct settings_line *line,
    struct record *r, struct why *why)
{
	long offset;

	if (fseek(f->file, line->offset, SEEK_SET) == -1)
		return why_errno(why, FAIL_FATAL, "%s", f->path);
	if (next_record(f, r, &offset, why) != 1 || r->type != REC_SETTINGS)
		return why_set(why, FAIL_FATAL,
		    "%s: the file has changed while it was read", f->path);
	return 0;
}

void
settings_file_close(struct settings_file *f)
{
	if (f->file != NULL)
		(void)fclose(f->file);
	map_free(&f->lines);
	arena_free(&f->arena);
	free(f->line);
	*f = (struct settings_file){ 0 };
}
