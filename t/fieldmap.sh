# The shipped field maps on the tables of their systems. Read after sql.sh.
#
#	load_my NAME [ROWS...], load_pg, load_sqlite
#		makes a database of t/fixtures/fieldmap/NAME.sql and the .rows
#	maps NAME URL [MAP]	reads it with share/fieldmap/MAP: the records must
#		be those of NAME.expected, and arrive on the new server; -v says
#		what is in "out" and "err"
#
# In the fixtures @NAME@ stands for a password as it is stored, of the file
# "hashes"; NEVERREAD for a secret that no dump needs. An expected record lacks
# "origin" and flags that are true.
# shellcheck shell=sh
need jq
maps=$fixtures/fieldmap
sed 's/\([^	]*\)	\(.*\)/s|@\1@|\2|g/' "$maps/hashes" >hashes.sed
echo secret >password

# filled FILE...: fixtures with the passwords in them.
filled() {
	for filled_name; do
		sed -f "$tmp/hashes.sed" "$maps/$filled_name"
	done
}

load_my() {
	echo "CREATE DATABASE \`$1\` CHARACTER SET utf8mb4" | my
	filled "$2" "$3" ${4:+"$4"} | my --init-command "SET sql_mode =
	    CONCAT(@@sql_mode, ',ANSI_QUOTES')" "$1"
}
load_pg() {
	echo "CREATE DATABASE \"$1\"" | pg postgres
	filled "$2" "$3" ${4:+"$4"} | pg "$1"
}
load_sqlite() {
	filled "$2" "$3" ${4:+"$4"} | sqlite3 -bail "$1.sqlite"
}

# The whole database as text, without the time of the dump.
contents() {
	case $1 in
	mysql:*) mariadb-dump --no-defaults -S "$my_socket" -u root \
	    --skip-comments "$2" ;;
	postgresql:*) "$pg_bin/pg_dump" -h "$pg_dir" -p "$pg_port" -U postgres \
	    "$2" | grep -v '^\\\(un\)\{0,1\}restrict ' ;;
	*) sqlite3 -readonly "$2.sqlite" .dump ;;
	esac
}

# Records without what differs from run to run, one a line, sorted.
plain() {
	jq -cS 'del(.v, .origin, .source)
	    | if .active then del(.active) else . end
	    | if .receive then del(.receive) else . end' "$1" | sort
}

# dump STATUS COMMAND...: no secret on standard error.
dump() {
	dump_want=$1
	shift
	dump_got=0
	"$@" >out 2>err || dump_got=$?
	[ "$dump_got" -eq "$dump_want" ] || {
		echo "exit $dump_got, wanted $dump_want"
		cat err
		return 1
	}
	hasnt err '$saltsalt'
	hasnt err '{SSHA'
	hasnt err NEVERREAD
	hasnt out NEVERREAD
}

# same_notes NAME: what is left out and not carried is what NAME.notes lists.
same_notes() {
	sed -n 's/^dirdump-[a-z-]*: \(.*: [0-9]* line\)s\{0,1\}\( (-v names them)\)\{0,1\}$/\1/p' \
	    err | sort >notes
	same "$maps/$1.notes" notes
	# What is not carried is in the records, too, for the report.
	jq -r 'select(.type == "note").text' out | sort | uniq -c |
	    sed 's/^ *\([0-9]*\) \(.*\)/\2: \1 line/' >recorded
	grep -v '^left out: ' notes >wanted || :
	same wanted recorded
}

# same_records NAME: "out" is what is expected of NAME.
same_records() {
	filled "$1.expected" >expected
	same_notes_of=$(grep -c '"type":"note"' out) || :
	plain expected >want
	jq -c --argjson n "$same_notes_of" 'select(.type != "note") |
	    if .type == "end" then .count -= $n else . end' out >carried
	plain carried >got
	same want got
	jq -r 'select([.type] | inside(["account", "alias", "end"])).type' out | uniq >types
	printf 'account\nalias\nend\n' >order
	same order types
}

# fits: each password that a checker can read is the one that was hashed, so
# that the schemes which the records name are right.
fits() {
	jq -c 'select((.secret // "bcrypt-sha256") | test("bcrypt-sha256") | not)' \
	    out >checked
	jq -r '.address + "\tcorrect horse 1"' checked >known
	run 0 secretcheck --partial -q -p known checked
}

# settle: what no object of the plan holds goes into the accounts, and each owner
# who has any gets a result; a second run changes nothing.
settle() {
	rm -f settings settings.done
	# shellcheck disable=SC2086
	run 0 mkaccounts -q $part --no-secret=empty --settings settings -o plan.settings out
	for settle_run in 1 2; do
		stalwart-apply -q --url "$url" --user admin --password-file password \
		    --settings settings --app-passwords app-passwords plan.settings >settled
		hasnt settled '"failed"'
		jq -r 'select(.type == "settings" and (del(.v, .type, .address, .part, .origin) | length) > 0).address' settings | sort >wanted
		jq -r 'select(.object | IN("VacationResponse", "SieveScript", "Identity", "AppPassword")).address' \
		    settled | sort -u >had
		same wanted had
	done
	hasnt settled '"created"'
	rm -f app-passwords
}

# arrives: "out" goes onto a new server, and nothing fails.
arrives() {
	# The dump may say that entries could not be read.
	if tail -n 1 out | grep -q '"failed"'; then part=--partial; else part=; fi
	# shellcheck disable=SC2086
	run 0 mkaccounts -q $part --no-secret=empty --report report -o plan out
	# Forwards have no object, and a domain has no switch.
	jq -r 'select(.forward or (.type == "domain" and .active == false))
	    | .address // .domain' out >left
	while read -r name; do
		has report "\"$name\""
	done <left
	start_standin standin-stalwart --admin admin:secret
	stalwart-apply -q --url "$url" --user admin --password-file password \
	    plan >result
	settle
	kill "$standin_pid"
	hasnt result '"failed"'
	[ "$(jq -r 'select(.object == "Account" and .status == "created").address' \
	    result | wc -l)" -ge "$(grep -c '"type":"account"' out)" ]
}

# maps DATABASE NAME URL [MAP [STATUS]]
maps() {
	contents "$3" "$1" >before
	dump "${5:-0}" dirdump-sql -v --map "${4:-$2}" "$3"
	contents "$3" "$1" >after
	same before after
	same_records "$2"
	same_notes "$2"
	fits
	arrives
}
