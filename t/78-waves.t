#!/bin/sh
# A directory that moves in random parts: at the end all of it is there, and what
# owners have changed meanwhile is as they left it. WAVES_SEEDS: other seeds.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

echo secret >admin.secret
for seed in ${WAVES_SEEDS:-1 2 3 47 57}; do
	start_standin standin-stalwart --admin admin:secret
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
	ok "seed $seed" '/usr/bin/python3 "$top/tests/helper/waves" "$url" $seed'
	kill "$standin_pid" 2>/dev/null
done

done_testing
