#!/bin/sh
# Completion in bash: the function is called as the shell calls it, and what it
# offers is looked at.
. "${0%/*}/lib.sh"
need bash

# typed WORD...: what is offered for the last of these words, one a line; "="
# is a word of its own, as bash parts it.
typed() {
	bash -c '. "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) &&
	    _mailferry && printf "%s\n" "${COMPREPLY[@]}"' \
	    "$top/share/completion/mailferry" "$@" | sed /^$/d | sort
}
# offers "ANSWERS" WORD...
offers() {
	printf '%s\n' "$1" | tr ' ' '\n' | sed '/^$/d' | sort >want
	shift
	typed "$@" >got
	same want got
}

ok 'long options, and the letters' '
	offers "--rejects" mkaccounts --rej
	offers "--same-id --scope --skip-drafts --source-inbox --source-layout --source-names --state-dir --stage --strip-inbox --subscribe --summary" maildir-merge --s
	offers "--stop" dirdump sql --st
	typed stalwart-apply - >got
	stalwart-apply --complete | sed "/^	/d" | cut -f1 | sort >want
	grep -qx -e -u want
	same want got'
ok 'each tool offers its whole table' '
	for tool in $(cd "$top/bin" && ls -- *.c | sed "s/\.c$//"); do
		case $tool in
		dirdump-*) typed dirdump "${tool#*-}" -- >got ;;
		*) typed "$tool" -- >got ;;
		esac
		"$tool" --complete | grep -o "^--[a-z0-9-]*" | sort >want
		[ -s want ]
		same want got || { echo "$tool"; false; }
	done'
ok 'the words of an option, in both spellings' '
	offers "report carry" mkaccounts --otp ""
	offers "carry" mkaccounts --otp c
	offers "report carry" mkaccounts --otp =
	offers "carry" mkaccounts --otp = c
	offers "trust" maildir-merge --same-id t
	offers "hestia" dirdump passwd-file --format h
	offers "hestia" dirdump passwd-file --format = he'
ok 'the sources of dirdump' '
	offers "dkim dms dovecot" dirdump d
	offers "dkim dms dovecot" dirdump -l d
	typed dirdump "" >got
	dirdump --list | sort >want
	same want got'
ok 'what remap and mailroute are to do, once' '
	offers "set" remap s
	offers "set unset get kick pick export" remap ""
	offers "pick" remap --cacert ca.pem p
	offers "setup set" mailroute s
	offers "" remap set s
	offers "" mailroute get ""'
ok 'files are what is left: of an operand, and of an option that names one' '
	: >plan.json
	for call in "mkaccounts " "mkaccounts p" "secretcheck --passwords p" \
	    "remap --cacert p" "remap --token-file " "dirdump sql p" "maildir-merge p"; do
		offers "" ${call% *} "${call##* }" || { echo "$call"; false; }
	done
	bash -c ". \"\$0\"; complete -p mkaccounts remap dirdump" \
	    "$top/share/completion/mailferry" >bound
	[ "$(grep -c -e "-o default -F _mailferry" bound)" -eq 3 ]'
ok 'a word that is no program of ours does no harm' '
	offers "" no-such-program --a
	offers "" dirdump no-such-source --a'

done_testing
