#!/bin/sh
# Replays the corpus of each fuzz target: seeds, and what once crashed.
. "${0%/*}/lib.sh"

for target in "$top"/tests/fuzz/fuzz-*.c; do
	target=${target##*/}
	target=${target%.c}
	corpus=$fixtures/fuzz/${target#fuzz-}
	ok "$target" '
		[ -d "$corpus" ]
		run 0 "$build/fuzz/$target-replay" "$corpus"'
done

done_testing
