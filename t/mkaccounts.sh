# What the tests of mkaccounts share: records, and short ways to look at a plan.
# shellcheck shell=sh

# A recorded hash that the server verified, and its password.
sha='{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw='

# record TYPE ADDRESS [MEMBERS]: one record; MEMBERS is JSON without braces.
record() {
	printf '{"v":1,"type":"%s","address":"%s"%s,"origin":"t:%s"}\n' \
	    "$1" "$2" "${3:+,$3}" "$2"
}
account() {
	record account "$1" "\"secret\":\"$sha\"${2:+,$2}"
}
# alias ADDRESS TARGETS [MEMBERS]: TARGETS are JSON strings.
alias_row() {
	record alias "$1" "\"targets\":[$2]${3:+,$3}"
}
domain() {
	printf '{"v":1,"type":"domain","domain":"%s"%s,"origin":"t:%s"}\n' \
	    "$1" "${2:+,$2}" "$1"
}
# end_of COUNT, and end, of which counted and plan make one that counts what came
# before it.
end() {
	end_of 0
}
end_of() {
	echo "{\"v\":1,\"type\":\"end\",\"count\":$1}"
}
counted() {
	awk '/"type":"end","count":0}/ { sub(/0}/, n + 0 "}"); n = -1 } { n++ } 1'
}

# plan STATUS [OPTION...] [FILE...]: the files, or standard input, to the files plan, err
# and report. What comes by a pipe is counted.
plan() {
	status=$1
	shift
	set -- run "$status" mkaccounts --report report "$@"
	if [ -p /dev/stdin ]; then counted | "$@"; else "$@"; fi >plan 2>err
}

# plan_has JQ: the filter is true of the operations of the plan, an array.
plan_has() {
	jq -se "$1" plan >/dev/null || {
		echo "not so in the plan: $1"
		cat plan
		return 1
	}
}

# notes_are LINE...: what the report says, "STATUS ADDRESS: REASON", no more but
# what is carried.
notes_are() {
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi >notes.want
	jq -r 'select(.status != "carried") | "\(.status) \(.address): \(.reason)"' report >notes.got
	same notes.want notes.got
}
