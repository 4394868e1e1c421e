# Fuzzes the loading of model files: fuzz.sh BUILD SECONDS. A crash, a leak, a hang or too much memory fails and leaves
# its file there.
. tests/lib.sh
build=$1 seconds=$2
printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n > 4; }\n' > "$tmp/probe.c"
if ! clang -fsanitize=fuzzer "$tmp/probe.c" -o "$tmp/probe" 2> /dev/null; then skip "fuzzing" libfuzzer; finish; fi
built() {
    ${MAKE:-make} "$build/fuzz_load" "$build/fuzz_seeds" && mkdir -p "$build/fuzz" && "$build/fuzz_seeds" "$build/fuzz"
}
fuzzed() {
    "$build/fuzz_load" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
        -artifact_prefix="$build/fuzz-" -print_final_stats=1 "$build/fuzz" 2> "$tmp/log"
    status=$?
    grep -E 'ERROR|SUMMARY|stat::number_of_executed_units' "$tmp/log" | tail -n 5
    return $status
}
check "the fuzz target and its first files" built
if fuzzed > "$tmp/said"; then pass "model files, $seconds s: $(sed -n 's/.*units: *//p' "$tmp/said") of them"
else fail "model files"; cat "$tmp/said"; fi
finish
