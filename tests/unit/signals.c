/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What signals do to a program that works in steps. Each case is a child of its
 * own; nothing depends on how fast the machine is, because a child steps through
 * pipes. */
#include "cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/tool.h"
#include "core/outfile.h"
#include "unit/tap.h"

/* What a child says about itself, a byte a step. */
static int say[2], go[2];

static void
tell(char c)
{
	if (write(say[1], &c, 1) != 1)
		_exit(99);
}

static char
hear(void)
{
	char c = '?';

	return read(say[0], &c, 1) == 1 ? c : '!';
}

static void
wait_for_go(void)
{
	char c;

	while (read(go[0], &c, 1) == -1)
		continue;
}

static pid_t
start(void (*child)(void))
{
	pid_t pid;

	(void)fflush(stdout);
	if (pipe(say) == -1 || pipe(go) == -1)
		abort();
	pid = fork();
	if (pid == 0) {
		(void)close(say[0]);
		(void)close(go[1]);
		(void)signal(SIGHUP, SIG_DFL); /* also below nohup */
		(void)signal(SIGINT, SIG_DFL); /* and in the background */
		(void)alarm(60); /* a child that nothing ends fails */
		/* The words for people are not part of the output. */
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(98);
		child();
		_exit(97);
	}
	(void)close(say[1]);
	(void)close(go[0]);
	return pid;
}

static int
finish(pid_t pid)
{
	int status = -1;

	(void)close(go[1]);
	(void)waitpid(pid, &status, 0);
	(void)close(say[0]);
	return status;
}

/* Sends two signals that arrive together, as timeout(1) does, however busy the
 * machine is: the child sleeps meanwhile. */
static void
kill_twice(pid_t pid, int one, int other)
{
	(void)kill(pid, SIGSTOP);
	(void)waitpid(pid, NULL, WUNTRACED);
	(void)kill(pid, one);
	(void)kill(pid, other);
	(void)kill(pid, SIGCONT);
}

/* Sends a signal now and then until the child ends; its status. */
static int
kill_until_end(pid_t pid, int sig)
{
	const struct timespec pause = { .tv_nsec = 600 * 1000 * 1000 };
	int status = -1;

	do {
		(void)nanosleep(&pause, NULL);
		(void)kill(pid, sig);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	return status;
}

/* --- the first signal is noted --- */

static void
work(void)
{
	tool_init("signals");
	signals_catch();
	tell(signals_stopped() ? 's' : 'w');
	wait_for_go();
	tell(signals_stopped() ? 's' : 'w');
	_exit(signals_status(EXIT_FAILED, "run it again"));
}

static void
test_first(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	pid_t pid = start(work);
	int status;

	OK(hear() == 'w', "a program works");
	(void)!write(go[1], "g", 1);
	OK(hear() == 'w', "to its end");
	status = finish(pid);
	OK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILED,
	    "and ends with its own status");
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		pid = start(work);
		(void)hear();
		kill_twice(pid, signals[i], SIGTERM);
		(void)!write(go[1], "g", 1);
		OK(hear() == 's', "%s: it finishes its step",
		    strsignal(signals[i]));
		status = finish(pid);
		OK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BROKEN,
		    "%s: and says that it did not finish",
		    strsignal(signals[i]));
	}
}

/* --- the second ends it --- */

static char path[] = "/tmp/signals.XXXXXX";
static char out[sizeof path + 8];

static void
write_file(void)
{
	struct outfile o;
	struct why why;

	tool_init("signals");
	signals_catch();
	if (outfile_open(&o, out, &why) == -1 || fputs("half", o.file) == EOF)
		_exit(96);
	tell('w');
	for (;;)
		(void)pause();
}

/* Whether the folder is empty: rmdir(2) says so. */
static bool
is_clean(void)
{
	return rmdir(path) == 0 && mkdir(path, 0700) == 0;
}

static void
test_second(void)
{
	pid_t pid = start(write_file);
	int status;

	OK(hear() == 'w' && !is_clean(), "a file is being written");
	(void)kill(pid, SIGTERM);
	status = kill_until_end(pid, SIGINT);
	OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT,
	    "a second signal ends the program, as the shell wants to see it");
	OK(is_clean(), "and nothing that is half written stays");
}

/* --- nohup, and a reader that goes away --- */

static void
ignore_all(void)
{
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	work();
}

static void
write_to_nobody(void)
{
	int gone[2];

	signals_catch();
	if (pipe(gone) == -1 || close(gone[0]) == -1)
		_exit(96);
	tell(write(gone[1], "x", 1) == -1 ? 'e' : 'w');
	_exit(0);
}

static void
test_others(void)
{
	pid_t pid = start(ignore_all);
	int status;

	(void)hear();
	(void)kill(pid, SIGHUP);
	(void)kill(pid, SIGINT);
	(void)kill(pid, SIGTERM);
	(void)!write(go[1], "g", 1);
	OK(hear() == 'w', "what the parent ignores is ignored");
	(void)finish(pid);
	pid = start(write_to_nobody);
	OK(hear() == 'e', "writing to who is gone is an error");
	status = finish(pid);
	OK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "and no signal");
}

int
main(void)
{
	if (mkdtemp(path) == NULL)
		return 1;
	(void)snprintf(out, sizeof out, "%s/out", path);
	test_first();
	test_second();
	test_others();
	(void)rmdir(path);
	TAP_DONE();
}
