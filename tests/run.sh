# Runs each argument as a command, JOBS at a time, prints what each printed when it is done, and closes with the sum of
# the counts on their last lines. A command that ends badly, without counts or not at all is a failure.
logs=$(mktemp -d) && trap 'rm -rf "$logs"' EXIT
n=0
for command in "$@"; do
    n=$((n + 1))
    printf '%s\n' "$command" > "$logs/$n.command"
done
seq "$n" | xargs -n 1 -P "${JOBS:-1}" sh -c '
    at="$0/$1" command=$(cat "$0/$1.command")
    begin=$(date +%s)
    $command > "$at.log" 2>&1 < /dev/null
    status=$?
    seconds=$(($(date +%s) - begin))
    counts=$(tail -n 1 "$at.log" |
        sed -n "s/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}\$/\1 \2 0\4/p")
    if [ -z "$counts" ] || { [ $status -ne 0 ] && [ "$(echo "$counts" | cut -d " " -f 2)" = 0 ]; }; then
        echo "FAIL $command: ended with status $status" >> "$at.log"
        counts="0 1 0"
    fi
    echo "$counts" > "$at.counts"
    { echo "== $command ($seconds s)"; cat "$at.log"; } ' "$logs"
echo "== sum"
cat "$logs"/*.counts | awk -v n="$n" '{ p += $1; f += $2; s += $3 }
    END { f += n - NR; printf "%d passed, %d failed%s\n", p, f, s ? ", " s " skipped" : ""; exit f > 0 || p == 0 }'
