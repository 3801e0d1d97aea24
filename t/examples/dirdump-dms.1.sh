# shellcheck shell=bash
prepare() {
	mkdir -p docker-data/dms
	cp -r "$fixtures/demo/dms" docker-data/dms/config
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
}
after_2() {
	has "$err" 'dirdump-dms: '
}
