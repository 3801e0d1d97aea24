/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
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

const char *
tool_name(void)
{
	return name;
}

int
tool_usage(const char *usage)
{
	(void)fprintf(stderr, "usage: %s\n", usage);
	return EXIT_BROKEN;
}

int
tool_help(const char *usage, const char *help)
{
	(void)printf("usage: %s\n\n%s", usage, help);
	return tool_close_stdout();
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

bool
tool_secret(
    char **secret, char *(*get)(const char *, struct why *), const char *from)
{
	struct why why = { 0 };

	free_secret(*secret);
	*secret = get(from, &why);
	if (*secret == NULL)
		tool_say(NULL, "%s", why.text);
	return *secret != NULL;
}

void
tool_signals(void (*handler)(int sig))
{
	struct sigaction act = { .sa_handler = handler };

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int
tally_rejects(struct tally *t, const char *path, struct why *why)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	t->rejects = fdopen(fd, "a");
	if (t->rejects == NULL) {
		(void)close(fd);
		return why_errno(why, FAIL_FATAL, "%s", path);
	}
	t->rejects_path = path;
	return 0;
}

/*
 * Appends the members of the object in text, except "error", to out. False if
 * text is no JSON object.
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
		jw_key(&out, "error");
		jw_open(&out, '{');
		jw_kstr(&out, "kind", fail_name(why->kind));
		jw_kstr(&out, "text", why->text);
		jw_close(&out, '}');
		jw_close(&out, '}');
	} else {
		buf_reset(&out);
		buf_adds(&out, line);
	}
	buf_addc(&out, '\n');
	(void)fwrite(out.data, 1, out.len, t->rejects);
	(void)fflush(t->rejects);
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
	if (t->rejects != NULL && line != NULL)
		reject(t, line, why);
}

bool
tally_stop(const struct tally *t)
{
	return t->fatal || (t->strict && t->failed + t->temp != 0);
}

int
tool_close_stdout(void)
{
	bool bad = fflush(stdout) != 0 || ferror(stdout);
	int saved = errno;

	if (fclose(stdout) != 0 && !bad) {
		bad = true;
		saved = errno;
	}
	if (!bad)
		return EXIT_DONE;
	tool_say("standard output", "%s", strerror(saved));
	return EXIT_BROKEN;
}

static bool
close_rejects(struct tally *t)
{
	bool bad = ferror(t->rejects);

	if (fclose(t->rejects) != 0)
		bad = true;
	t->rejects = NULL;
	if (bad)
		tool_say(t->rejects_path, "not all rejects were written");
	return !bad;
}

int
tally_finish(struct tally *t)
{
	bool lost = false;

	if (t->verbose > 0)
		tool_say(NULL, "%zu ok, %zu failed, %zu to be tried again",
		    t->ok, t->failed, t->temp);
	if (t->rejects != NULL && !close_rejects(t))
		lost = true;
	if (tool_close_stdout() != EXIT_DONE)
		lost = true;
	if (lost || t->fatal)
		return EXIT_BROKEN;
	if (t->failed != 0)
		return EXIT_FAILED;
	return t->temp != 0 ? EXIT_TEMP : EXIT_DONE;
}
