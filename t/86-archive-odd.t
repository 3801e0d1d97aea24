#!/bin/sh
# Archives as Vandelay writes them, with every oddity that they may have: each
# gives the tree that the rules ask for, and nothing goes unaccounted for.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

# The results come from the script itself, which reads the libraries once.
/usr/bin/python3 "$top/tests/archive/odd.py" --tap
