#!/bin/sh
# Who may use whom in lib/: the tree holds the rule, and tests/layers sees each
# way of breaking it.
. "${0%/*}/lib.sh"

# copy: a tree of its own to break, in ./tree.
copy() {
	rm -rf tree
	mkdir tree
	cp -R "$top/lib" "$top/bin" "$top/tests" tree
}

# refused TEXT: layers fails on ./tree and says TEXT.
refused() {
	run 1 /usr/bin/python3 tree/tests/layers tree >found
	grep -F "$1" found
}

ok 'the tree follows the rule' '
	run 0 "$top/tests/layers"
'
ok 'an edge that is not in the table' '
	copy
	echo "#include \"plan/plan.h\"" >>tree/lib/source/emit.c
	refused "lib/source/emit.c: source may not use plan (plan/plan.h)"
'
ok 'a folder that is not in the table' '
	copy
	mkdir tree/lib/attic
	echo "int attic;" >tree/lib/attic/attic.c
	refused "lib/attic/attic.c: the folder attic is not in the table"
'
ok 'an edge down the list, which is how a cycle begins' '
	copy
	sed "s/'\''mailbox'\'': '\'''\''/'\''mailbox'\'': '\''plan'\''/" "$top/tests/layers" >tree/tests/layers
	refused "mailbox may not use plan, which comes after it"
'
ok 'an edge of the table that nothing takes' '
	copy
	sed "s/'\''archive'\'': '\'''\''/'\''archive'\'': '\''mailbox'\''/" "$top/tests/layers" >tree/tests/layers
	refused "archive does not use mailbox: take the edge away"
'
ok 'a folder or a file that has grown too large' '
	copy
	for i in $(seq 50); do echo "int grown_$i;" >tree/lib/acct/grown$i.c; done
	seq 701 | sed "s,.*,/* & */," >tree/bin/long.c
	refused "lib/acct: "
	refused "bin/long.c: 701 lines"
'
ok 'a file without a header of its name, unless it is a plugin' '
	copy
	echo "int hidden;" >tree/lib/plan/hidden.c
	refused "lib/plan/hidden.c: has no header of its name"
	not grep mysql.c found
'
ok 'a type tag or an enumerator in two headers' '
	copy
	echo "struct record { int n; };" >>tree/lib/http/http.h
	echo "enum other { FAIL_DATA, OTHER };" >>tree/lib/imap/client.h
	refused "struct record is defined in lib/record/record.h too"
	refused "FAIL_DATA is defined in lib/imap/client.h too"
'
ok 'a public function that only its own file uses' '
	copy
	echo "int lonely(void);" >>tree/lib/http/http.h
	printf "int\nlonely(void)\n{\n\treturn 0; /* or lonely(1) */\n}\n" >>tree/lib/http/http.c
	refused "lib/http/http.h: lonely() is used nowhere else"
'
ok 'one that its own file and tests use, unless it is listed' '
	copy
	echo "int lonely(void);" >>tree/lib/http/http.h
	printf "int\nlonely(void)\n{\n\treturn 0;\n}\n" >>tree/lib/http/http.c
	echo "int friend(void) { return lonely(); }" >>tree/tests/unit/http.c
	refused "lib/http/http.h: lonely() is used nowhere else"
	not grep boxes_add found
	echo "int use(void) { return boxes_add(); }" >>tree/bin/remap.c
	refused "boxes_add() is used: take it out of FOR_TESTS"
'
ok 'a header without its file, unless a room keeps it to itself' '
	copy
	echo "int alone(void);" >tree/lib/plan/alone.h
	echo "int alone(void);" >tree/lib/plan/alone-internal.h
	refused "lib/plan/alone.h: has no .c of its name"
	not grep alone-internal.h:.has found
'
ok 'a library that prints, or ends the process' '
	copy
	i=0
	for call in "puts(text)" "fprintf(stderr, text)" "write(STDOUT_FILENO, p, n)" \
	    "dprintf(STDERR_FILENO, text)" "perror(text)" "tally_fail(t, w, n, r, y)" \
	    "tool_say(w, text)" "progress_end(p)" "fputs(text, stdout)"; do
		i=$((i + 1))
		echo "void loud$i(void) { $call; }" >tree/lib/plan/loud$i.c
	done
	echo "#include <err.h>" >tree/lib/plan/loud10.c
	for call in "exit(1)" "abort()" "_exit (2)"; do
		i=$((i + 1))
		echo "void end(void) { $call; }" >tree/lib/plan/loud1$i.c
	done
	# In words, in what is named like it, and where it is allowed.
	echo "void good(void) { /* puts(text) */ my_puts(\"exit(1)\"); outputs(p); }" \
	    >tree/lib/plan/good.c
	echo "void say(void) { puts(text); }" >>tree/lib/cli/tool.c
	run 1 /usr/bin/python3 tree/tests/layers tree >found
	[ "$(grep -c "lib/plan/loud.*: lib prints: " found)" -eq 10 ]
	[ "$(grep -c "lib/plan/loud.*: lib ends the process: " found)" -eq 3 ]
	not grep -E "good.c: lib |lib/cli/.*: lib " found
'
done_testing
