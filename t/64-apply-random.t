#!/bin/sh
# What a directory says beside accounts changes from dump to dump, and owners change
# it on the server: nothing is doubled, taken back from an owner, or left without a
# word. Who may send as whom changes, too, and an administrator changes the rules.
# OWNERS_SEEDS, SEND_AS_SEEDS: other seeds.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

echo secret >admin.secret
server() {
	start_standin standin-stalwart --admin admin:secret --log "$tmp/requests" \
	    --resolves --schema "$fixtures/real/stalwart-schema.json.gz"
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
}
for seed in ${OWNERS_SEEDS:-3 15 18}; do
	server
	rm -f settings.done app-passwords
	ok "seed $seed" '/usr/bin/python3 "$top/tests/helper/owners" "$url" $seed'
	kill "$standin_pid" 2>/dev/null
done
for seed in ${SEND_AS_SEEDS:-1 2}; do
	server
	: >requests
	ok "who may send as whom, seed $seed" '
		/usr/bin/python3 "$top/tests/helper/send-as" "$url" $seed "$tmp/requests"'
	kill "$standin_pid" 2>/dev/null
done

done_testing
