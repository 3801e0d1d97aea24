/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/main.h"

#include <signal.h>

#include "core/cred.h"

int
main(int argc, char **argv)
{
	int status;

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
