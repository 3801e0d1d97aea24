# For tests of archive2maildir with archives that tests/archive makes. Read after
# lib.sh.
# shellcheck shell=sh
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# Where nothing but the tree is looked at, syncs are not waited for. The shim
# does not go with a sanitizer.
shim=$build/shim/fscalls.so
if sanitized; then
	SANITIZED=yes
else
	SANITIZED=no NOSYNC=$shim
	export NOSYNC
fi
export SANITIZED

# hostile_cases GROUP: a test of each case of tests/archive/hostile.py.
hostile_cases() {
	for name in $(/usr/bin/python3 "$top/tests/archive/hostile.py" --list "$1"); do
		ok "$name" "
			mkdir $name
			cd $name
			run 0 /usr/bin/python3 \"$top/tests/archive/hostile.py\" $name
			cd ..
			rm -rf $name"
	done
}

# at_calls HOW: archive2maildir at calls that change the file system, all of them
# with FERRY_EVERY_CALL in the environment.
at_calls() {
	not_sanitized
	ok "calls that end or fail: $1" "
		run 0 /usr/bin/python3 \"$top/tests/archive/crash.py\" \"$shim\" $1"
}
