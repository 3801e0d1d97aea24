/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/cred.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/mask.h"

enum {
	SECRET_MAX = 65536
};

/* The variables that our programs read secrets from. */
static struct variable {
	const char *name;
	char *value; /* once it is out of the environment; NULL: was not set */
} variables[] = {
	{ "STALWART_PASSWORD", NULL },
	{ "STALWART_TOKEN", NULL },
	{ "DAV_PASSWORD", NULL },
	{ "DAV_TOKEN", NULL },
	{ "DAV_FROM_PASSWORD", NULL },
	{ "DAV_FROM_TOKEN", NULL },
	{ "PROXY_ADMIN_TOKEN", NULL },
	{ "MAILCOW_API_KEY", NULL },
	{ "PGPASSWORD", NULL },
	{ "VANDELAY_PASSWORD", NULL },
};

enum {
	VARIABLES = sizeof variables / sizeof *variables
};

void
cred_hide_variables(void)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		struct variable *v = &variables[i];
		char *value = getenv(v->name);

		if (value == NULL)
			continue;
		free_secret(v->value);
		v->value = *value == '\0' ? NULL : xstrdup(value);
		mask_add(v->value);
		explicit_bzero(value, strlen(value));
		(void)unsetenv(v->name);
	}
}

char *
cred_variable(const char *name)
{
	cred_hide_variables();
	for (size_t i = 0; i < VARIABLES; i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value == NULL
				   ? NULL
				   : xstrdup(variables[i].value);
	return NULL;
}

/* The first line of what fd holds. */
static char *
first_line(int fd, const char *name, struct why *why)
{
	struct buf b;
	char *secret = NULL;

	buf_init(&b, SECRET_MAX);
	if (read_fd(fd, name, &b, why) == -1) {
		why->kind = FAIL_FATAL;
	} else {
		size_t len = strcspn(buf_str(&b), "\r\n");

		if (len < b.len && b.data[len] == '\0')
			why_set(why, FAIL_FATAL,
			    "%s: a NUL in the secret: not a text file", name);
		else if (len == 0)
			why_set(why, FAIL_FATAL, "%s: no secret in it", name);
		else
			secret = xmemdup(b.data, len);
		mask_add(secret);
	}
	buf_wipe(&b);
	return secret;
}

int
cred_open(const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd == -1)
		return why_errno(why, FAIL_FATAL, "%s", path);
	if (fstat(fd, &st) == -1) {
		why_errno(why, FAIL_FATAL, "%s", path);
	} else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		why_set(why, FAIL_FATAL, "%s: not a regular file", path);
	} else if (st.st_uid != geteuid() && st.st_uid != 0) {
		why_set(why, FAIL_FATAL, "%s: belongs to somebody else", path);
	} else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		why_set(why, FAIL_FATAL,
		    "%s: others can use it (mode %03o): chmod 600 it", path,
		    (unsigned int)st.st_mode & 0777U);
	} else {
		return fd;
	}
	(void)close(fd);
	return -1;
}

char *
cred_file(const char *path, struct why *why)
{
	int fd = cred_open(path, why);
	char *secret;

	if (fd == -1)
		return NULL;
	secret = first_line(fd, path, why);
	(void)close(fd);
	return secret;
}

char *
cred_command(const char *command, struct why *why)
{
	char *secret;
	int status;
	FILE *p;

	cred_hide_variables();
	p = popen(command, "re");
	if (p == NULL) {
		why_errno(why, FAIL_FATAL, "the command for the secret");
		return NULL;
	}
	secret = first_line(fileno(p), "the command for the secret", why);
	status = pclose(p);
	if (secret != NULL && status != 0) {
		free_secret(secret);
		why_set(why, FAIL_FATAL,
		    "the command for the secret failed with status %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) : status);
		return NULL;
	}
	return secret;
}
