# shellcheck shell=bash
prepare() {
	with_users
	with_stalwart
	dirdump passwd-file /etc/dovecot/users >dump
	{
		grep -v '"end"' dump
		echo '{"v":1,"type":"alias","address":"info@example.org","targets":["alice@example.org"]}'
		echo '{"v":1,"type":"alias","address":"@example.org","targets":["bob@example.org"]}'
		echo "{\"v\":1,\"type\":\"end\",\"count\":$(($(wc -l <dump) + 1))}"
	} >accounts.ndjson
	echo bob@example.org >wave1
	echo carol@example.org >wave2
}
after_1() {
	grep 'alice@example.org.*created' "$out"
	hasnt "$out" bob@example.org
}
after_2() {
	grep 'bob@example.org.*created' "$out"
	grep 'carol@example.org.*created' "$out"
	# The catch-all, which the first wave held back.
	grep '"Domain".*updated' "$out"
}
