#!/bin/sh
# The front of the sources: how it finds them, and what it says if it does not.
. "${0%/*}/lib.sh"

mkdir libexec path
for where in libexec path; do
	printf '#!/bin/sh\necho "%s: $*"\nexit 7\n' $where >$where/dirdump-probe
	chmod +x $where/dirdump-probe
done
cp path/dirdump-probe path/dirdump-other
: >path/dirdump-unusable

ok 'it becomes the source, arguments and exit status and all' '
	export MAILFERRY_LIBEXEC="$tmp/libexec"
	run 7 dirdump probe -q --list "a b" >out
	echo "libexec: -q --list a b" >want
	same want out'
ok 'sources of PATH are found last' '
	export MAILFERRY_LIBEXEC="$tmp/libexec" PATH="$tmp/path:$PATH"
	run 7 dirdump probe >out
	has out libexec:
	run 7 dirdump other >out
	has out path:'
ok 'without the variable those beside the program are found' '
	unset MAILFERRY_LIBEXEC
	run 0 "$build/bin/dirdump" passwd-file --version >out
	has out "dirdump-passwd-file (mailferry)"'
ok 'the current folder is not looked in' '
	cd path
	PATH=":.:$PATH"
	unset MAILFERRY_LIBEXEC
	run 2 dirdump probe >out 2>err
	not [ -s out ]'
ok '--list names each once, sorted' '
	export MAILFERRY_LIBEXEC="$tmp/libexec" PATH="$tmp/path:$PATH"
	run 0 dirdump --list >out
	run 0 dirdump -l >short
	same out short
	sort -u out >sorted
	same sorted out
	for source in dms other passwd-file probe shadow; do
		grep -qx $source out
	done
	hasnt out unusable'
ok 'an unknown source: the names of those that there are' '
	run 2 dirdump no-such >out 2>err
	not [ -s out ]
	has err "dirdump: no source \"no-such\" in $build/bin, "
	has err "or PATH; there are: "
	has err passwd-file
	run 2 dirdump ../bin/dirdump 2>err
	has err "dirdump: no source \"../bin/dirdump\" in "'
ok 'a source that cannot be run' '
	run 2 env PATH="$tmp/path:$PATH" dirdump unusable 2>err
	has err "Permission denied"'
ok 'nothing to do is a wrong call, and asked-for help is not' '
	run 2 dirdump >out 2>err
	has err "usage: dirdump"
	not [ -s out ]
	run 0 dirdump -h >out 2>err
	has out "usage: dirdump"
	not [ -s err ]
	run 2 dirdump --list more 2>err'
ok 'a source names itself' '
	run 2 dirdump passwd-file --wrong 2>err
	has err "dirdump-passwd-file: there is no option --wrong"
	run 2 dirdump shadow 2>err
	has err "dirdump-shadow: "'

ok 'an installed dirdump finds its sources, whatever the PREFIX' '
	make -s -C "$top" BUILD="$build" DESTDIR="$tmp/root" PREFIX=/elsewhere -o all install
	env -u MAILFERRY_LIBEXEC "$tmp/root/elsewhere/bin/dirdump" --list >out
	has out passwd-file
	make -s -C "$top" BUILD="$build" DESTDIR="$tmp/root" PREFIX=/elsewhere uninstall
	[ -z "$(find "$tmp/root" ! -type d)" ]'

done_testing
