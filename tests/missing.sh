# A part of the tests whose tools are not here: a counted skip, or a failure when REQUIRE names it.
. tests/lib.sh
skip "tests with $1" "$1"
finish
