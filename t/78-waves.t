#!/bin/sh
# A directory that moves in random parts: at the end all of it is there, nothing
# of it was destroyed, and what owners have changed meanwhile is as they left it.
# WAVES_SEEDS: other seeds.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

echo secret >admin.secret
# faults SEED: requests that this server does not answer as it should.
faults() {
	set -- reset-before reset-after cut 503:0 mid-set 500 "$1"
	eval "printf '%d:%s' $(($7 % 13 + 2)) \"\${$(($7 % 6 + 1))}\""
}
for seed in ${WAVES_SEEDS:-1 5 12 16 28 38 47 57 211}; do
	start_standin standin-stalwart --admin admin:secret \
	    --schema "$fixtures/real/stalwart-schema.json.gz" \
	    --max-objects-in-set $((seed % 4 + 1)) --fault "$(faults "$seed")"
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
	ok "seed $seed" '/usr/bin/python3 "$top/tests/helper/waves" "$url" $seed'
	kill "$standin_pid" 2>/dev/null
done

done_testing
