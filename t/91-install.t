#!/bin/sh
# The build without a library, the installation, and what installed programs
# find. Nothing is compiled here: "-o all" takes the programs as they are.
. "${0%/*}/lib.sh"
need make
need pkg-config

# A pkg-config for which some libraries are missing.
mkdir without
cat >without/pkg-config <<'END'
#!/bin/sh
for word; do
	case " $MISSING " in
	*" $word "*) exit 1 ;;
	esac
done
exec pkg-config "$@"
END
chmod +x without/pkg-config
make_without() {
	MISSING=$1
	export MISSING
	shift
	make -s -C "$top" BUILD="$build" PKG_CONFIG="$tmp/without/pkg-config" \
	    DESTDIR="$tmp/root" PREFIX=/opt/ferry "$@"
}
# The tools that the Makefile knows.
tools=$(cd "$top/bin" && ls -- *.c | sed 's/\.c$//')
installed() {
	(cd root && find . ! -type d) | sort
}
# What LIBS.FOLDER of the Makefile says, on one line.
libs() {
	sed -n "s,^LIBS\.$1 = ,,p" "$top/Makefile"
}

ok 'what the stand-ins need is not needed by the tools' '
	make_without "libmicrohttpd zlib" -o all install >out 2>err
	not [ -s out ]
	not [ -s err ]
	for tool in $tools; do
		case $tool in
		dirdump-*) [ -x root/opt/ferry/libexec/mailferry/$tool ] ;;
		*) [ -x root/opt/ferry/bin/$tool ] ;;
		esac
		[ -f root/opt/ferry/share/man/man1/$tool.1 ]
	done
	installed >everything'
ok 'the tests do need it: each is named, with its package' '
	run 2 make_without "libmicrohttpd libpsl" -n check >out 2>err
	has err "missing: libmicrohttpd libpsl (Debian: libmicrohttpd-dev libpsl-dev)"'
ok 'uninstall takes away just that' '
	echo mine >root/opt/ferry/share/mailferry/fieldmap/mine
	echo other >root/opt/ferry/bin/other
	make_without "libpq ldap lber" uninstall
	installed >out
	printf "%s\n" ./opt/ferry/bin/other ./opt/ferry/share/mailferry/fieldmap/mine >want
	same want out
	rm root/opt/ferry/share/mailferry/fieldmap/mine root/opt/ferry/bin/other
	make_without "" uninstall
	[ -z "$(installed)" ]'
ok 'a tool whose library is missing is left out, with its page' '
	make_without "ldap lber expat" -o all install >out 2>err
	cat >want <<-END
	davmerge is left out: it needs expat (Debian: libexpat1-dev)
	plugin-ldap is left out: it needs lber ldap (Debian: libldap-dev)
	END
	same want out
	not [ -s err ]
	installed >got
	grep -vE "/davmerge(\.1)?$|/plugin-ldap\.so" everything >want
	same want got'
ok 'a source whose plugin is missing says so, and where it looked' '
	PATH=$tmp/root/opt/ferry/bin:$PATH
	unset MAILFERRY_LIBEXEC
	run 2 dirdump ldap -m inetorgperson ldap://127.0.0.1:1/dc=x >out 2>err
	has err "LDAP cannot be read: no plugin-ldap.so in $tmp/root/opt/ferry/libexec/mailferry, "
	has err "(Debian: mailferry-ldap)"
	run 75 dirdump sql -m mailcow mysql://127.0.0.1:1/x >out 2>err
	has err "onnect"
	for word in other-version 1; do
		printf "%s" "$word" >root/opt/ferry/libexec/mailferry/plugin-ldap.so
		run 2 dirdump ldap -m inetorgperson ldap://127.0.0.1:1/dc=x >out 2>err
		has err "plugin-ldap.so: "
	done
	rm root/opt/ferry/libexec/mailferry/plugin-ldap.so'
ok 'and what was installed before stays' '
	make_without "" -o all install
	make_without "ldap lber expat" -o all install >out
	installed >got
	same everything got
	make_without "" uninstall
	[ -z "$(installed)" ]'
ok 'only what needs it: a library of the converters' '
	make_without libical -n -o all all >out
	[ "$(cat out)" = "archive2maildir is left out: it needs libical (Debian: libical-dev)" ]'
ok 'unless all tools are wanted' '
	run 2 make_without libical ALL_TOOLS=1 -n -o all all >out 2>err
	has err "missing: libical (Debian: libical-dev)"'
ok 'a tool without USES is an error that says so' '
	sed "/^USES.remap/d" "$top/Makefile" >Makefile.without
	run 2 make -s -C "$top" -f "$tmp/Makefile.without" BUILD="$build" -n all >out 2>err
	has err "USES.remap is missing"'
ok '"make" alone builds all' '
	make -s -C "$top" BUILD="$tmp/other" -n >out
	grep -q -e "-o $tmp/other/bin/dirdump-sql " out'
ok 'the same settings build nothing anew, others do' '
	make -C "$top" -n BUILD="$build" -o share all >out
	hasnt out "-c -o"
	echo "#" >>"$tmp/Makefile.same"
	cat "$top/Makefile" >>"$tmp/Makefile.same"
	make -C "$top" -f "$tmp/Makefile.same" -n BUILD="$build" all >out
	hasnt out "-c -o"'

ok 'LIBS of each folder names the libraries that it includes' '
	cat >headers <<-END
	jansson.h jansson
	openssl/ libcrypto
	crypt.h libcrypt
	argon2.h libargon2
	libical/ libical
	expat.h expat
	curl/ libcurl
	sqlite3.h sqlite3
	libpq-fe.h libpq
	mysql.h libmariadb
	ldap.h ldap
	lber.h lber
	idn2.h libidn2
	uni unistring
	END
	cp "$top/Makefile" .
	cd "$top/lib"
	while read -r header module; do
		grep -rlE "^#include <$header" . | grep -v unistd | sed "s,^\./,,; s,/[^/]*$,," | sort -u |
		while read -r folder; do
			[ "$header" != uni ] || grep -qE "^#include <uni[^s]" $folder/*.[ch] || continue
			echo "$folder: $module"
			libs "$folder" | grep -qw -e "$module" ||
			    grep "^NEEDS\." "$tmp/Makefile" | grep -qw -e "$module"
		done
	done <"$tmp/headers"'
ok 'scripts/setup build installs what the tools need, and README names it' '
	sed -n "/^build=/,/'\''\$/p" "$top/scripts/setup" >list
	sed -n "/^\(LIBS\|NEEDS\)\./s/.*= //p" "$top/Makefile" | tr " " "\n" | sort -u >modules
	sed -n "/^Without .scripts.setup/,/^\$/p" "$top/README.md" >readme
	while read -r module; do
		package=$(sed -n "s/^DEB\.$module = //p" "$top/Makefile")
		[ -n "$package" ]
		grep -qw -e "$package" list
		grep -qw -e "$package" readme
	done <modules
	hasnt list libmicrohttpd'

# As somebody has it who has just typed "make".
unset MAILFERRY_LIBEXEC MAILFERRY_SHARE
: >empty.ldif
ok 'in a build tree a source finds the maps, and says where it looked' '
	run 0 dirdump ldif -m iredmail-ldap empty.ldif >out
	has out "\"source\":\"ldif\""
	run 2 dirdump ldif -m none empty.ldif >out 2>err
	has err "no field map \"none\" in $build/share/mailferry/fieldmap, "
	has err "/usr/local/share/mailferry/fieldmap; give a path"'
ok 'and so does an installed one, whatever the PREFIX' '
	make_without "" -o all install
	PATH=$tmp/root/opt/ferry/bin:$PATH
	run 0 dirdump ldif -m iredmail-ldap empty.ldif >out
	has out "\"source\":\"ldif\""
	run 2 dirdump ldif -m none empty.ldif >out 2>err
	has err "in $tmp/root/opt/ferry/share/mailferry/fieldmap, "
	dirdump --list >out
	has out passwd-file'

done_testing
