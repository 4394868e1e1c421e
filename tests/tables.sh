# train_csv and predict_csv, read by tests/examples.sh: tables as people have them, and what is none.
build_csv() {
    $CC -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 $SIMD_FLAGS -I. "examples/$1.c" examples/csv.c examples/ensemble.c examples/table.c \
        -o "$tmp/$1" -lm
}
check "examples/train_csv.c: builds" build_csv train_csv
check "examples/predict_csv.c: builds" build_csv predict_csv

train() { "$tmp/train_csv" "$@" --out "$tmp/model" > "$tmp/said" 2> "$tmp/complaint"; }
predict() { "$tmp/predict_csv" "$tmp/model" "$@" > "$tmp/predictions" 2> "$tmp/complaint"; }
lines() { wc -l < "$1" | tr -d ' '; }
says() { grep -q -- "$1" "$tmp/said" || { cat "$tmp/said"; false; }; }
complains() { # one line with this in it, and nothing predicted
    expected=$1; shift; : > "$tmp/predictions"
    ! "$@" && [ "$(lines "$tmp/complaint")" = 1 ] && ! [ -s "$tmp/predictions" ] && grep -qF -- "$expected" "$tmp/complaint" ||
        { cat "$tmp/complaint"; false; }
}

penguins=bench/data/penguins.csv
right_penguins() { # of their own table
    cut -d , -f 1 "$penguins" | paste -d , - "$tmp/predictions" |
        awk -F , 'NR > 1 { n++; right += $1 == $2 } END { print right / n; exit !(n == 344 && right / n >= 0.95) }'
}
trains() { train "$penguins" --target species && says "categories  island, sex" && predict "$penguins" && right_penguins; }
check "train_csv: penguins, with empty cells and texts" trains
cut -d , -f 2- "$penguins" > "$tmp/no_target.csv"
same_without() { cp "$tmp/predictions" "$tmp/before" && predict "$tmp/no_target.csv" && cmp "$tmp/before" "$tmp/predictions"; }
check "predict_csv: the same without the target" same_without
sed '2,5s/Torgersen/Elsewhere/' "$tmp/no_target.csv" > "$tmp/unseen.csv"
unseen() { predict "$tmp/unseen.csv" && grep -q "'island': 4 cells" "$tmp/complaint" && [ "$(lines "$tmp/predictions")" = 345 ]; }
check "predict_csv: texts that training did not have are counted" unseen
awk -F , -v OFS=, '{ print $7, $1, $5, $2, $3, $4, $6 }' "$penguins" > "$tmp/moved.csv"
moved() { predict "$tmp/moved.csv" && cmp "$tmp/before" "$tmp/predictions"; }
check "predict_csv: columns in another order" moved
sed '2s/,181,/,high,/' "$tmp/no_target.csv" > "$tmp/bad.csv"
check "predict_csv: a bad cell is named" \
    complains "line 2, column 4 (flipper_length_mm): 'high' where a number is expected" predict "$tmp/bad.csv"
sed '4s/,195,/,1b5,/' "$penguins" > "$tmp/bad.csv"
check "train_csv: a bad cell is named" \
    complains "line 4, column 5 (flipper_length_mm): '1b5' where a number is expected" train "$tmp/bad.csv" --target species
check "train_csv: a target that is not there" complains "no column 'beak'" train "$penguins" --target beak
cut -d , -f 2-3 "$tmp/no_target.csv" > "$tmp/narrow.csv"
check "predict_csv: an input that is not there" complains "no column" predict "$tmp/narrow.csv"

# semicolons, decimal commas, a mark of UTF-8, CRLF
awk 'BEGIN { printf "\357\273\277gewicht;l\303\244nge;preis\r\n"
    for (i = 0; i < 300; i++) { a = i * 37 % 101 / 10; b = i * 53 % 89 / 7
        s = sprintf("%.2f;%.3f;%.4f", a, b, 3 * a - 2 * b + a * b / 10); gsub(/\./, ",", s); printf "%s\r\n", s } }' > "$tmp/comma.csv"
decimal() {
    train "$tmp/comma.csv" && says "semicolon between them, decimal comma, names in the first line" && says regression &&
        predict "$tmp/comma.csv" && cut -d ';' -f 3 "$tmp/comma.csv" | tr -d '\r' | tr , . | paste -d , - "$tmp/predictions" |
        awk -F , 'NR > 1 { sum += ($1 - $2) ^ 2; n++ } END { print sum / n; exit !(n == 300 && sum / n < 4) }'
}
check "train_csv: semicolons, decimal commas, a UTF-8 mark, CRLF" decimal

# quotes with line ends and quotes within, two cells of five missing
awk 'BEGIN { print "note,a,b,c,kind"
    for (i = 0; i < 400; i++) { k = i * 7 % 3
        for (j = 0; j < 3; j++) v[j] = (i * (13 + j) + j * 7) % 5 < 2 ? (i % 2 ? "NA" : "") : k * (j + 1) + i % 10 / 10
        printf "\"%s\",%s,%s,%s,\"k \"\"%d\"\"\"\n", i % 4 ? "two\nlines" : "says \"\"no\"\", twice", v[0], v[1], v[2], k } }' \
    > "$tmp/quoted.csv"
quoted() {
    train "$tmp/quoted.csv" && says "400 rows of 5 columns" && says "3 classes" && predict "$tmp/quoted.csv" &&
        grep -q '^"k ""2""",' "$tmp/predictions" && [ "$(lines "$tmp/predictions")" = 401 ]
}
check "train_csv: quotes, line ends within them, 40 % missing" quoted
from_stdin() {
    train - --target 5 --task classification --holdout 0 --members 2 < "$tmp/quoted.csv" && says "2 nets" &&
        says "no rows were held out" && predict - < "$tmp/quoted.csv" && [ "$(lines "$tmp/predictions")" = 401 ]
}
check "train_csv, predict_csv: from stdin, all rows" from_stdin
head -n 31 "$penguins" | awk -F , -v OFS=, 'NR > 1 { $1 = NR % 2 ? "A" : "B" } { print }' > "$tmp/few.csv"
few() { train "$tmp/few.csv" --target 1 && says "fewer than 50 rows" && says "has not seen it: 30 rows"; }
check "train_csv: few rows" few

check "train_csv: a program is no table" complains "not a table of text" train "$tmp/train_csv"
printf 'a line\nanother line\n' > "$tmp/text.txt"
check "train_csv: lines of text are no table" complains "one column only" train "$tmp/text.txt"
printf '1,2,3\n4,5,6\n7,8\n9,10,11\n' > "$tmp/ragged.csv"
check "train_csv: a line with fewer cells" complains "line 3 has 2 cells where line 1 has 3" train "$tmp/ragged.csv"
check "train_csv: a file that is not there" complains "cannot be opened" train "$tmp/missing.csv"
no_model() { "$tmp/predict_csv" "$tmp/ragged.csv" "$tmp/ragged.csv" > "$tmp/predictions" 2> "$tmp/complaint"; }
check "predict_csv: a table is no model" complains "$tmp/ragged.csv" no_model
helps() { "$tmp/$1" --help | grep -q '^usage' && "$tmp/$1" --version | grep -q '[0-9]'; }
check "train_csv --help, --version" helps train_csv
check "predict_csv --help, --version" helps predict_csv
