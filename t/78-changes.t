#!/bin/sh
# A directory whose addresses become something else from dump to dump: whoever has
# an address has it until another one does. CHANGES_SEEDS: other seeds.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

echo secret >admin.secret
# faults SEED: requests that this server does not answer as it should.
faults() {
	set -- reset-before cut 503:0 reset-after mid-set 500 "$1"
	eval "printf '%d:%s' $(($7 * 7 % 90 + 2)) \"\${$(($7 % 6 + 1))}\""
}
for seed in ${CHANGES_SEEDS:-1 2 3 4 5 6}; do
	start_standin standin-stalwart --admin admin:secret \
	    --schema "$fixtures/real/stalwart-schema.json.gz" \
	    --max-objects-in-set $((seed % 7 + 1)) --fault "$(faults "$seed")"
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
	ok "seed $seed" '/usr/bin/python3 "$top/tests/helper/changes" "$url" $seed'
	kill "$standin_pid" 2>/dev/null
done

done_testing
