/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/outcome.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/json.h"
#include "core/mask.h"
#include "core/output.h"
#include "core/str.h"

static const char *name = "mailferry";

void
tool_init(const char *tool)
{
	struct rlimit none = { 0, 0 };

	name = tool;
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

int
tool_version(void)
{
	(void)printf("%s (mailferry) %s\n", name, FERRY_VERSION);
	return tool_close_stdout();
}

void
tool_say(const char *where, const char *fmt, ...)
{
	struct buf line = { 0 };
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text != NULL)
		mask_text(text, false);
	buf_addf(&line, "%s: ", name);
	if (where != NULL) {
		str_vis(&line, where, 0);
		buf_adds(&line, ": ");
	}
	str_vis(&line, text == NULL ? "" : text, 0);
	buf_addc(&line, '\n');
	(void)fputs(buf_str(&line), stderr);
	free(text);
	buf_free(&line);
}

int
tally_rejects(struct tally *t, const char *path, struct why *why)
{
	t->rejects = output_append(path, why);
	if (t->rejects == -1)
		return -1;
	t->rejects_path = path;
	return 0;
}

static bool
has_rejects(const struct tally *t)
{
	return t->rejects_path != NULL && t->rejects > 0;
}

/* One write for the line: two runs may share the file. */
static void
write_reject(struct tally *t, struct buf *line)
{
	buf_addc(line, '\n');
	if (write_all(t->rejects, line->data, line->len) == -1 && t->lost == 0)
		t->lost = errno;
}

void
tally_reject(struct tally *t, char *line)
{
	struct buf out = { 0 };

	if (has_rejects(t)) {
		buf_adds(&out, line);
		write_reject(t, &out);
	}
	buf_wipe(&out);
	explicit_bzero(line, strlen(line));
}

/*
 * Appends the members of the object in text, except "error", to out. False if
 * text is not a JSON object.
 */
static bool
copy_members(struct buf *out, char *text)
{
	struct json_reader s;
	char *member;

	jr_init(&s, text);
	if (!jr_enter(&s, '{'))
		return false;
	while (jr_member(&s, &member)) {
		const char *value = s.at;

		if (!jr_skip(&s))
			return false;
		if (strcmp(member, "error") == 0)
			continue;
		jw_key(out, member);
		buf_add(out, value, (size_t)(s.at - value));
	}
	return jr_done(&s);
}

static void
reject(struct tally *t, const char *line, const struct why *why)
{
	struct buf out = { 0 };
	char *copy = xstrdup(line);

	jw_open(&out, '{');
	if (copy_members(&out, copy)) {
		outcome_error(&out, why);
		jw_close(&out, '}');
	} else {
		buf_reset(&out);
		buf_adds(&out, line);
	}
	write_reject(t, &out);
	free_secret(copy);
	buf_wipe(&out);
}

void
tally_fail(struct tally *t, const char *where, const char *id, const char *line,
    const struct why *why)
{
	if (id != NULL)
		tool_say(where, "%s: %s", id, why->text);
	else
		tool_say(where, "%s", why->text);
	if (why->kind == FAIL_FATAL)
		t->fatal = true;
	else if (why->kind == FAIL_TEMP)
		t->temp++;
	else
		t->failed++;
	if (has_rejects(t) && line != NULL)
		reject(t, line, why);
}

bool
tally_stop(const struct tally *t)
{
	return t->fatal || (t->strict && t->failed + t->temp != 0);
}

/* errno of the first failure to write to standard output. */
static int stdout_lost;

bool
tool_write(const void *p, size_t len)
{
	if (fwrite(p, 1, len, stdout) == len)
		return true;
	if (stdout_lost == 0)
		stdout_lost = errno;
	return false;
}

bool
tool_flush(void)
{
	if (fflush(stdout) == 0)
		return true;
	if (stdout_lost == 0)
		stdout_lost = errno;
	return false;
}

int
tool_close_stdout(void)
{
	bool bad = ferror(stdout);

	if (!tool_flush())
		bad = true;
	if (fclose(stdout) != 0) {
		bad = true;
		if (stdout_lost == 0)
			stdout_lost = errno;
	}
	if (!bad)
		return EXIT_DONE;
	tool_say("standard output", "%s",
	    stdout_lost == 0 ? "not all of it could be written"
			     : strerror(stdout_lost));
	return EXIT_BROKEN;
}

static bool
close_rejects(struct tally *t)
{
	if (close(t->rejects) == -1 && t->lost == 0)
		t->lost = errno;
	t->rejects = 0;
	if (t->lost != 0)
		tool_say(t->rejects_path, "not all rejects were written: %s",
		    strerror(t->lost));
	return t->lost == 0;
}

int
tally_finish(struct tally *t)
{
	bool lost = false;

	if (t->verbose > 0)
		tool_say(NULL, "%zu ok, %zu failed, %zu to be tried again",
		    t->ok, t->failed, t->temp);
	if (has_rejects(t) && !close_rejects(t))
		lost = true;
	if (tool_close_stdout() != EXIT_DONE)
		lost = true;
	if (lost || t->fatal)
		return EXIT_BROKEN;
	if (t->failed != 0)
		return EXIT_FAILED;
	return t->temp != 0 ? EXIT_TEMP : EXIT_DONE;
}

int
tally_each(struct tally *t, char **operands,
    int (*one)(const char *operand, struct why *why))
{
	for (; *operands != NULL; operands++) {
		struct why why = { 0 };

		if (one(*operands, &why) == -1)
			tally_fail(t, NULL, NULL, NULL, &why);
	}
	return tally_finish(t);
}
