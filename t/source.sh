# A program dirdump-SOURCE, which the test names in $tool.
# shellcheck shell=sh

# What every call has, and words that no message may hold: the tests' passwords.
options=
secrets=Zx

# dump STATUS ARGS...: the records in out, the messages in err.
dump() {
	dump_status=$1
	shift
	# shellcheck disable=SC2086 # words
	run "$dump_status" "$tool" $options "$@" >out 2>err || {
		cat out err
		return 1
	}
	for dump_word in $secrets; do
		hasnt err "$dump_word"
	done
}
