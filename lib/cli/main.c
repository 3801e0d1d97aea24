/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/main.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "core/cred.h"

enum {
	PIPE_ROOM = 1 << 20 /* bytes; what anybody may have (pipe(7)) */
};

int
main(int argc, char **argv)
{
	int status;

	/* In a pipeline each program works on longer before it has to wait for
	 * the other; what is no pipe stays as it is. */
	(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_ROOM);
	/* Another program may need them. */
	if (!tool.stop_at_operand)
		cred_hide_variables();
	status = opt_parse(&tool, &argc, &argv);
	if (tool.no_sigpipe)
		(void)signal(SIGPIPE, SIG_IGN);
	if (status == OPT_GO_ON)
		status = tool.run(argv);
	if (tool.release != NULL)
		tool.release();
	return status;
}
