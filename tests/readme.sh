# README.md: its C programs are built without warnings and run, its commands work as they stand (the first program is
# main.c there, with the implementation in it), its links lead somewhere.
. tests/lib.sh
: "${CC:=cc}"
here=$(pwd)

# fenced blocks by language: c1, c2, ... sh1, ...; those of c++ are parts of a function
awk -v dir="$tmp" '/^```[a-z+]+$/ { lang = substr($0, 4); file = dir "/" lang (++n[lang]); next }
    /^```$/ { file = "" } file { print > file }' README.md
mkdir "$tmp/folder"
cp mlp.h "$tmp/folder"
count=0
for block in "$tmp"/c[0-9]*; do
    grep -q 'int main' "$block" || continue
    count=$((count + 1))
    [ $count -eq 1 ] && cp "$block" "$tmp/folder/main.c"
    cp "$block" "$tmp/program.c"
    built() {
        $CC $library -Wall -Wextra -Wpedantic -Werror -O2 "$tmp/program.c" "$library_o" -o "$tmp/program" -lm &&
            (cd "$tmp/folder" && "$tmp/program")
    }
    check "README.md: program $count runs" built
    for cxx in g++ clang++; do
        cplusplus20() { $cxx -x c++ -std=c++20 -Wall -Werror -fsyntax-only -I. "$tmp/program.c"; }
        if command -v $cxx > /dev/null; then check "README.md: program $count is C++20 ($cxx)" cplusplus20
        else skip "README.md: program $count in C++20" $cxx; fi
    done
done
at_least_two() { [ $count -ge 2 ]; }
check "README.md: has its programs" at_least_two
says_why() { # the first program prints the reason when something fails
    sed 's/\.inputs = 2/.inputs = -2/' "$tmp/folder/main.c" > "$tmp/wrong.c" &&
        $CC $library "$tmp/wrong.c" "$library_o" -o "$tmp/wrong" -lm &&
        ! "$tmp/wrong" > "$tmp/said" && grep -q 'inputs' "$tmp/said"
}
check "README.md: the first program says why it fails" says_why

# "cc" is this compiler
mkdir "$tmp/bin"
set -- $CC
compiler=$(command -v "$1"); shift                      # by its path, or a cc would call itself
printf '#!/bin/sh\nexec %s "$@"\n' "$compiler $*" > "$tmp/bin/cc"
chmod +x "$tmp/bin/cc"
for block in "$tmp"/sh[0-9]*; do
    while read -r line; do
        runs() { (cd "$tmp/folder" && PATH="$tmp/bin:$PATH" sh -c "$line" && rm -f main mlp.o); }
        check "README.md: $line" runs
    done < "$block"
done
if command -v "${CXX:-c++}" > /dev/null; then
    cplusplus() {
        { echo '#define MLP_IMPLEMENTATION'; echo '#include "mlp.h"'; echo 'int main() {'; cat "$tmp"/c++1
        echo 'return mlp_size(&desc) == 0; }'; } > "$tmp/plus.cpp" &&
            ${CXX:-c++} -std=c++11 -Wall -Wextra -O0 $SIMD_FLAGS -I. "$tmp/plus.cpp" -o "$tmp/plus" && "$tmp/plus"
    }
    check "README.md: the lines of C++" cplusplus
else
    skip "README.md: the lines of C++" c++
fi
links() {
    grep -o '](\([^)#]*\)' README.md | sed 's/](//' | grep -v '^http' | sort -u |
        while read -r file; do [ -z "$file" ] || [ -e "$here/$file" ] || { echo "$file"; exit 1; }; done &&
        for anchor in $(grep -o '](#[^)]*)' README.md | tr -d ']()#'); do
            sed -n 's/^## //p' README.md | tr 'A-Z ' 'a-z-' | tr -d ',' | grep -qx "$anchor" ||
                { echo "#$anchor"; return 1; }
        done
}
check "README.md: links lead somewhere" links
finish
