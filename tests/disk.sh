# Saving on this system's files: each call of a save is made to fail, and the process is killed in each, by strace.
# Afterwards the old file is there, or the new one, whole; without a kill nothing is beside it.
. tests/lib.sh
mkdir "$tmp/models" && file="$tmp/models/model.safetensors"
build() { $CC $library tests/disk.c "$library_o" -o "$tmp/disk"; }
check "tests/disk.c builds" build
save_and_load() {
    "$tmp/disk" save 1 "$file" && "$tmp/disk" save 2 "$file" &&
        [ "$("$tmp/disk" load "$file")" = 2 ] && [ "$(ls "$tmp/models")" = model.safetensors ]
}
check "a model over another" save_and_load
in_this_folder() { (cd "$tmp/models" && "$tmp/disk" save 3 here && [ "$("$tmp/disk" load here)" = 3 ] && rm here); }
check "a path without a folder" in_this_folder
if ! strace -o /dev/null -e inject=fsync:error=EIO true 2> /dev/null; then
    skip "failing calls of the system" strace
    finish
fi

after() { # call fault nth: prints the status of the save and the seed of what is there
    rm -f "$tmp"/models/*
    "$tmp/disk" save 1 "$file"
    strace -o "$tmp/trace" -e trace="$1" -e inject="$1:$2:when=$3" "$tmp/disk" save 2 "$file" 2> /dev/null
    echo "$? $("$tmp/disk" load "$file")"
}
# call fault: an error (4) or a kill (137) leaves the old file, but for the last fsync, that of the folder, which comes
# after the renaming
each() {
    n=1
    while result=$(after "$1" "$2" $n) && grep -qE 'INJECTED|killed by' "$tmp/trace"; do
        echo "$1 $2 $n: $result"
        case "$1 $n $result" in "fsync 2 4 2"|"fsync 2 137 2") ;; *" 4 1"|*" 137 1") ;; *) return 1 ;; esac
        case $2 in signal=*) ;; *) [ "$(ls "$tmp/models")" = model.safetensors ] || return 1 ;; esac
        n=$((n + 1))
    done
    [ $n -gt 1 ] && [ "$result" = "0 2" ]
}
for call in write fsync rename; do
    check "each $call fails" each $call error=EIO
    check "killed in each $call" each $call signal=KILL
done

saved_with() { # options of strace: the save succeeds, with the fault in it
    rm -f "$tmp"/models/*
    "$tmp/disk" save 1 "$file" && strace -o "$tmp/trace" "$@" "$tmp/disk" save 2 "$file" &&
        grep -q INJECTED "$tmp/trace" &&
        [ "$("$tmp/disk" load "$file")" = 2 ] && [ "$(ls "$tmp/models")" = model.safetensors ]
}
for call in openat write fsync close; do # a signal came: once more, but for close, which has closed
    check "$call is interrupted" \
        saved_with -P "$tmp/models/" -P "$tmp/models" -P "$file" -P "$file.mlp-tmp0" -e inject=$call:error=EINTR:when=1
done
loaded_with() { [ "$(strace -o "$tmp/trace" "$@" "$tmp/disk" load "$file")" = 2 ] && grep -q INJECTED "$tmp/trace"; }
for call in openat read; do
    check "$call of a load is interrupted" loaded_with -P "$file" -e inject=$call:error=EINTR:when=1
done
check "a folder that cannot be synced" saved_with -P "$tmp/models" -e inject=fsync:error=EINVAL
check "a folder that cannot be opened" saved_with -P "$tmp/models/" -e inject=openat:error=EACCES
check "a file system without locks" saved_with -e inject=flock:error=EOPNOTSUPP
full() {
    ! saved_with -P "$file.mlp-tmp0" -e inject=write:error=ENOSPC && [ "$("$tmp/disk" load "$file")" = 1 ] &&
        [ "$(ls "$tmp/models")" = model.safetensors ]
}
check "a full disk" full
from_pipe() { [ "$(cat "$file" | "$tmp/disk" load /dev/stdin)" = 1 ]; }
check "a load from a pipe" from_pipe
finish
