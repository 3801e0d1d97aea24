/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/config.h"

#include <string.h>

#include "core/str.h"
#include "source/host-command.h"
#include "source/host.h"

enum {
	OUTPUT_MAX = 4 << 20
};

void
postfix_config_free(struct postfix_config *c)
{
	map_free(&c->all);
	map_free(&c->set);
	arena_free(&c->arena);
}

/* Runs postconf with an option or none, and reads the "name = value" lines. 0,
 * or -1 and why. */
static int
ask(struct postfix_config *c, const char *option, struct map *to,
    struct why *why)
{
	struct buf text = { .max = OUTPUT_MAX };
	const char *argv[6] = { "postconf" };
	size_t n = 1;
	char *rest, *line;
	int r;

	if (c->dir != NULL) {
		argv[n++] = "-c";
		argv[n++] = c->dir;
	}
	argv[n++] = "-x";
	argv[n] = option;
	r = host_command_read(argv, &text, why);
	rest = arena_adds(&c->arena, buf_str(&text));
	while (r == 0 && (line = str_cut(&rest, '\n')) != NULL) {
		char *value = line, *name = str_cut(&value, '=');

		if (value != NULL)
			*map_put(to, str_trim(name), NULL) = str_trim(value);
	}
	buf_free(&text);
	return r;
}

char *
postfix_parameter(struct postfix_config *c, const char *name, struct why *why)
{
	void **value;

	if (c->all.n == 0 && ask(c, NULL, &c->all, why) == -1)
		return NULL;
	value = map_get(&c->all, name);
	return arena_adds(&c->arena, value == NULL ? "" : *value);
}

const char *
postfix_is_set(struct postfix_config *c, const char *name)
{
	struct why why;
	void **value;

	if (!c->has_set) {
		c->has_set = true;
		(void)ask(c, "-n", &c->set, &why);
	}
	value = map_get(&c->set, name);
	return value == NULL || *(const char *)*value == '\0' ? NULL : *value;
}

bool
postfix_master(struct postfix_config *c, struct buf *path, struct buf *text)
{
	const char *dir = postfix_parameter(c, "config_directory", NULL);

	buf_addf(path, "%s/master.cf", dir == NULL ? "/etc/postfix" : dir);
	return host_read_file(buf_str(path), text, NULL) == 0 && text->len > 0;
}

char *
postfix_word(char **list)
{
	char *p = *list, *start;
	int depth = 0;

	p += strspn(p, ", \t\r\n");
	if (*p == '\0')
		return NULL;
	for (start = p; *p != '\0'; p++) {
		depth += (*p == '{') - (*p == '}');
		if (depth <= 0 && strchr(", \t\r\n", *p) != NULL)
			break;
	}
	*list = *p == '\0' ? p : p + 1;
	*p = '\0';
	return start;
}
