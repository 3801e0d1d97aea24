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
	run 1 python3 tree/tests/layers tree >found
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
done_testing
