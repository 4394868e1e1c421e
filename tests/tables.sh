# train_csv and predict_csv, read by tests/examples.sh: tables as people have them, and what is none.
build_csv() { # program [its name here [further flags]]
    $CC -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 $3 $SIMD_FLAGS -I. "examples/$1.c" examples/csv.c \
        examples/ensemble.c examples/table.c -o "$tmp/${2:-$1}" -lm
}
check "examples/train_csv.c: builds" build_csv train_csv
check "examples/predict_csv.c: builds" build_csv predict_csv

train() { "$tmp/train_csv" "$@" --out "$tmp/model" > "$tmp/said" 2> "$tmp/complaint"; }
predict() { "$tmp/predict_csv" "$tmp/model" "$@" > "$tmp/predictions" 2> "$tmp/complaint"; }
lines() { wc -l < "$1" | tr -d ' '; }
says() { grep -q -- "$1" "$tmp/said" || { cat "$tmp/said"; false; }; }
complains() { # one line with this in it, and nothing predicted
    expected=$1; shift; : > "$tmp/predictions"
    ! "$@" && [ "$(lines "$tmp/complaint")" = 1 ] && ! [ -s "$tmp/predictions" ] &&
        grep -qF -- "$expected" "$tmp/complaint" ||
        { cat "$tmp/complaint"; false; }
}

penguins=bench/data/penguins.csv
right_penguins() { # of their own table
    cut -d , -f 1 "$penguins" | paste -d , - "$tmp/predictions" |
        awk -F , 'NR > 1 { n++; right += $1 == $2 } END { print right / n; exit !(n == 344 && right / n >= 0.95) }'
}
trains() {
    train "$penguins" --target species && says "categories  island, sex" && predict "$penguins" && right_penguins
}
check "train_csv: penguins, with empty cells and texts" trains
cut -d , -f 2- "$penguins" > "$tmp/no_target.csv"
same_without() {
    cp "$tmp/predictions" "$tmp/before" && predict "$tmp/no_target.csv" && cmp "$tmp/before" "$tmp/predictions"
}
check "predict_csv: the same without the target" same_without
sed '2,5s/Torgersen/Elsewhere/' "$tmp/no_target.csv" > "$tmp/unseen.csv"
unseen() {
    predict "$tmp/unseen.csv" && grep -q "'island': 4 cells" "$tmp/complaint" && [ "$(lines "$tmp/predictions")" = 345 ]
}
check "predict_csv: texts that training did not have are counted" unseen
awk -F , -v OFS=, '{ print $7, $1, $5, $2, $3, $4, $6 }' "$penguins" > "$tmp/moved.csv"
moved() { predict "$tmp/moved.csv" && cmp "$tmp/before" "$tmp/predictions"; }
check "predict_csv: columns in another order" moved
sed '2s/,181,/,high,/' "$tmp/no_target.csv" > "$tmp/bad.csv"
check "predict_csv: a bad cell is named" \
    complains "line 2, column 4 (flipper_length_mm): 'high' where a number is expected" predict "$tmp/bad.csv"
sed '4s/,195,/,1b5,/' "$penguins" > "$tmp/bad.csv"
check "train_csv: a bad cell is named" \
    complains "line 4, column 5 (flipper_length_mm): '1b5' where a number is expected" \
    train "$tmp/bad.csv" --target species
check "train_csv: a target that is not there" complains "no column 'beak'" train "$penguins" --target beak
cut -d , -f 2-3 "$tmp/no_target.csv" > "$tmp/narrow.csv"
check "predict_csv: an input that is not there" complains "no column" predict "$tmp/narrow.csv"

# semicolons, decimal commas, a mark of UTF-8, CRLF
awk 'BEGIN { printf "\357\273\277gewicht;l\303\244nge;preis\r\n"
    for (i = 0; i < 300; i++) { a = i * 37 % 101 / 10; b = i * 53 % 89 / 7
        s = sprintf("%.2f;%.3f;%.4f", a, b, 3 * a - 2 * b + a * b / 10); gsub(/\./, ",", s)
        printf "%s\r\n", s } }' > "$tmp/comma.csv"
decimal() {
    train "$tmp/comma.csv" && says "semicolon between them, decimal comma, names in the first line" &&
        says regression &&
        predict "$tmp/comma.csv" && cut -d ';' -f 3 "$tmp/comma.csv" | tr -d '\r' | tr , . |
            paste -d , - "$tmp/predictions" |
        awk -F , 'NR > 1 { sum += ($1 - $2) ^ 2; n++ } END { print sum / n; exit !(n == 300 && sum / n < 4) }'
}
check "train_csv: semicolons, decimal commas, a UTF-8 mark, CRLF" decimal

# quotes with line ends and quotes within, two cells of five missing
awk 'BEGIN { print "note,a,b,c,kind"
    for (i = 0; i < 400; i++) { k = i * 7 % 3
        for (j = 0; j < 3; j++) v[j] = (i * (13 + j) + j * 7) % 5 < 2 ? (i % 2 ? "NA" : "") : k * (j + 1) + i % 10 / 10
        printf "\"%s\",%s,%s,%s,\"k \"\"%d\"\"\"\n", i % 4 ? "two\nlines" : "says \"\"no\"\", twice",
            v[0], v[1], v[2], k } }' \
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

# ---- options ----

check "train_csv: an option that is not there" complains "--tarjet: no such option" train "$penguins" --tarjet species
no_value() { "$tmp/train_csv" "$penguins" --target > "$tmp/said" 2> "$tmp/complaint"; }
check "train_csv: an option without its value" complains "--target" no_value
no_file() { "$tmp/$1" > "$tmp/said" 2> "$tmp/complaint"; }
check "train_csv: without a table" complains "which table?" no_file train_csv
check "predict_csv: without a model" complains "which model" no_file predict_csv
check "train_csv: a share that is none" complains "--holdout 1.5" train "$penguins" --holdout 1.5
check "train_csv: a task that is none" complains "--task guess" train "$penguins" --task guess
into_folder() { "$tmp/train_csv" "$penguins" --out "$tmp" > "$tmp/said" 2> "$tmp/complaint"; }
check "train_csv: a model cannot be a folder" complains "no file" into_folder
numbers_as_classes() {
    train "$tmp/few.csv" --target species --task classification --seed 3 --members 2 && says "2 classes"
}
check "train_csv: the target by its name, the task told" numbers_as_classes
regression_of_classes() {
    train bench/data/glass.csv --target 10 --task regression --members 1 && says "regression, numbers from 1 to 7" &&
        predict bench/data/glass.csv && [ "$(head -n 1 "$tmp/predictions")" = prediction,spread ]
}
check "train_csv: classes as numbers" regression_of_classes
members() {
    grep -aq '"members":"2"' "$tmp/model" && grep -aq '"mlp.member1.0.weight"' "$tmp/model" &&
        ! grep -aq 'mlp.member2' "$tmp/model"
}
few_members() { train "$tmp/few.csv" --target 1 --members 2 && members; }
check "train_csv: members are in one safetensors file" few_members

# ---- files as they come ----

with_status_1() { "$@"; [ $? -eq 1 ]; }
: > "$tmp/empty.csv"
check "train_csv: an empty file" complains "empty" train "$tmp/empty.csv"
check "train_csv: its status is 1" with_status_1 train "$tmp/empty.csv"
printf 'a,b,c\n' > "$tmp/header.csv"
check "train_csv: a header alone" complains "a header and no row" train "$tmp/header.csv"
printf 'a,b,c\n1,2,3\n' > "$tmp/one.csv"
check "train_csv: one row" complains "the same value in every row" train "$tmp/one.csv"
printf 'a,kind\n1,x\n2,y\n' > "$tmp/two.csv"
two() { train "$tmp/two.csv" && predict "$tmp/two.csv" && [ "$(lines "$tmp/predictions")" = 3 ]; }
check "train_csv: two rows of two classes" two
awk 'BEGIN { print "a,b,kind"; for (i = 0; i < 60; i++) print i % 7 "," i % 5 ",only" }' > "$tmp/one_class.csv"
check "train_csv: one class" \
    complains "target 'kind' has the same value in every row" train "$tmp/one_class.csv" --target kind
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 60; i++) print i % 7 "," i % 5 ",2.5" }' > "$tmp/constant.csv"
check "train_csv: a target that does not vary" complains "target 'y' has the same value" train "$tmp/constant.csv"
awk 'BEGIN { printf "\n\n"; print "key,a,a,2020,y"; for (i = 0; i < 200; i++) { if (i % 50 == 7) print "  "
    print 9007199254740993 + i * 977 "000001," i % 7 "," i % 5 "," i % 11 "," i % 7 + 2 * (i % 5) } }' > "$tmp/odd.csv"
odd() {
    train "$tmp/odd.csv" && says "200 rows of 5 columns" && says "(not used) key" &&
        says "numbers     a, a (2), 2020" &&
        predict "$tmp/odd.csv" && [ "$(lines "$tmp/predictions")" = 201 ] && ! [ -s "$tmp/complaint" ]
}
check "train_csv: keys, a name twice, a number for a name, blank lines" odd
head -n 5 "$tmp/odd.csv" | cut -d , -f 1-4 > "$tmp/row.csv"
one_row() { predict "$tmp/row.csv" && [ "$(lines "$tmp/predictions")" = 3 ]; }
check "predict_csv: two rows" one_row
predict_header() { printf 'key,a,a,2020\n' | predict -; }
check "predict_csv: a header alone" complains "a header and no row" predict_header
awk 'BEGIN { for (i = 0; i < 90; i++) print (i % 3 ? "up" : "down") "," i % 4 + i / 100 "," (i % 3 ? "b" : "a") }' \
    > "$tmp/plain.csv"
plain() { # no header there, and texts that differ
    train "$tmp/plain.csv" && says "no names" && printf 'up,1.5\ndown,2\nleft,3\n' | predict - &&
        [ "$(lines "$tmp/predictions")" = 4 ]
}
check "predict_csv: no header, each text once" plain
awk 'BEGIN { print "size;price";
    for (i = 0; i < 100; i++) { s = sprintf("%d,%d;%d.%03d,50", i % 9, i % 10, 1 + i % 9, i % 9 * 100); print s } }' \
    > "$tmp/thousands.csv"
thousands() { train "$tmp/thousands.csv" && says "regression, numbers from 1000.5 to 9800.5"; }
check "train_csv: points that group thousands" thousands
awk 'BEGIN { print "a,b,y";
    for (i = 0; i < 60; i++) print (i == 9 ? "\"two\nlines\"" : i % 7) "," i % 5 "," i % 4 / 3 }' > "$tmp/bad.csv"
check "train_csv: a bad cell of two lines is said in one" \
    complains "'two lines' where a number is expected" train "$tmp/bad.csv"
printf 'a,b\n1,"2\n3,4\n' > "$tmp/open.csv"
check "train_csv: a quote that is not closed" \
    complains "line 2: a quote is opened and never closed" train "$tmp/open.csv"
printf '\320\317\021\340 and so on' > "$tmp/sheet.xls"
check "train_csv: a spreadsheet" complains "an .xls file: export the sheet as CSV" train "$tmp/sheet.xls"
damaged() {
    head -c 2000 "$tmp/model" > "$tmp/short" &&
        "$tmp/predict_csv" "$tmp/short" "$tmp/plain.csv" > "$tmp/predictions" 2> "$tmp/complaint"
}
check "predict_csv: a model cut off" complains "$tmp/short" damaged

# ---- what goes with the model, and what stands in tables of others ----

awk 'BEGIN { print "x;y"; for (i = 0; i < 200; i++) {
    s = sprintf("%d.%03d,5;%d.%03d,0", 1 + i % 9, i * 7 % 1000, 3 + 3 * (i % 9), i * 21 % 1000); print s } }' \
    > "$tmp/german.csv"
german() { # points are groups there, and so they are where no comma says it
    train "$tmp/german.csv" --members 1 && printf 'x\n5.000\n1.000\n' | predict - &&
        [ "$(lines "$tmp/predictions")" = 3 ] &&
        awk -F , 'NR > 1 && $1 < 2000 { exit 1 }' "$tmp/predictions" || { cat "$tmp/predictions"; false; }
}
check "predict_csv: the decimal sign of training" german
awk 'BEGIN { print "a,b,kind"; for (i = 0; i < 200; i++) {
    a = i % 4 == 1 ? -999 : i % 4 == 3 ? "gone" : i % 2 ? 3 : 5; print a "," i % 7 "," (i % 4 < 2 ? "yes" : "no") } }' \
    > "$tmp/gone.csv"
gone() {
    train "$tmp/gone.csv" --missing -999 --missing gone --members 1 &&
        printf 'a,b\n-999,1\n-4,1\ngone,\n' | predict - &&
        [ "$(lines "$tmp/predictions")" = 4 ] && ! grep -q "'a': . cells* outside of.*\(999\|2\)" "$tmp/complaint"
}
check "train_csv: several words for a missing cell, which predict_csv knows" gone
awk 'BEGIN { print "\"co\nlor\",a,kind"; for (i = 0; i < 120; i++)
    print (i % 60 == 7 ? "" : i % 2 ? "red" : "green") "," i % 9 + 0.1 "," (i % 2 ? "yes" : "no") }' > "$tmp/notes.csv"
own_rows() { # 0.1 is no float; two cells of 120 are missing
    train "$tmp/notes.csv" --members 1 --holdout 0 && predict "$tmp/notes.csv" && ! grep outside "$tmp/complaint" &&
        [ "$(cat "$tmp/complaint")" = \
            "predict_csv: column 'co lor': 2 cells missing, in training hardly any was, or none" ] ||
        { cat "$tmp/complaint"; false; }
}
check "predict_csv: its notes on the rows that trained are true, a line each" own_rows
awk 'BEGIN { print "a\tb\tkind"; for (i = 0; i < 90; i++) print i % 9 "\t" i % 5 "\t" (i % 9 > 4 ? "+" : "-") }' \
    > "$tmp/signs.tsv"
signs() { # tabs are no blanks; + and - are classes
    train "$tmp/signs.tsv" --members 1 && says "2 classes: + (40), - (50)" &&
        printf 'a\tb\n1\t2\n\t\n8\t4\n' | predict - &&
        [ "$(cut -d , -f 1 "$tmp/predictions" | tr '\n' ' ' | cut -c 1-13)" = "prediction - " ] &&
        [ "$(lines "$tmp/predictions")" = 4 ]
}
check "predict_csv: a row of missing cells between tabs" signs
awk 'BEGIN { print "x,y"; for (i = 0; i < 200; i++) print i "," 3 * i + 2 }' > "$tmp/line.csv"
first_table() { # whole numbers that count up are all there is
    train "$tmp/line.csv" && says "target      y (the last column" && says "linear *1.000" &&
        printf 'x\n7\n\n400\n' | predict - &&
        [ "$(lines "$tmp/predictions")" = 4 ] && grep -q "'x': 1 cell outside" "$tmp/complaint" &&
        grep -q "'x': 1 cell missing" "$tmp/complaint"
}
check "train_csv: y = 3 x + 2; predict_csv: a blank line of one column, numbers outside" first_table
awk 'BEGIN { print "x,z,y"; for (i = 0; i < 60; i++) print i * 37 % 61 "," i * 11 % 7 "," i * 37 % 61 + i * 11 % 7 }' \
    > "$tmp/plane.csv"
within() { # a prediction above the largest true value, and none behind it
    for epochs in 1 2 3 5 10; do
        "$tmp/train_bounds" "$tmp/plane.csv" --members 1 --epochs $epochs --out "$tmp/model" > "$tmp/said" || return
    done
}
if build_csv train_csv train_bounds "-O1 -fsanitize=bounds -fno-sanitize-recover=all" 2> /dev/null; then
    check "train_csv: a prediction above all true values is drawn" within
else skip "train_csv: a prediction above all true values is drawn" sanitizers; fi
awk 'BEGIN { print "income,rooms,price";
    for (i = 0; i < 200; i++) print 100000 + i * 7919 % 99991 "," i % 6 "," 200000 + 2 * (i * 7919 % 99991) }' \
    > "$tmp/money.csv"
money() { train "$tmp/money.csv" --members 1 && says "numbers     income, rooms" && says "target      price"; }
check "train_csv: large whole numbers are no keys" money
awk 'BEGIN { print "a,b,kind";
    for (i = 0; i < 120; i++) print (i % 8 ? i * 7919 % 9973 / 10 : "<0.1") "," i % 5 "," i % 2 }' > "$tmp/stray.csv"
check "train_csv: texts among numbers are named" complains "'<0.1' where a number is expected" train "$tmp/stray.csv"
awk 'BEGIN { print "rate,cost,big,kind"; for (i = 0; i < 90; i++)
    print i % 9 - 4 ".5%,$" i % 7 ".25,\"" 1 + i % 3 " 00" i % 10 "\"," (i % 9 > 3 ? "01" : i % 2 ? "1" : "2") }' \
    > "$tmp/units.csv"
units() {
    train "$tmp/units.csv" --members 1 && says "numbers     rate, cost, big" &&
        says "3 classes: 01 (50), 1 (20), 2 (20)"
}
check "train_csv: per cent, money, thousands between blanks; 01 is not 1" units
awk 'BEGIN { print "sep=;"; print "a;kind";
    for (i = 0; i < 60; i++) print "\"r" i "\";" i % 7 ";" (i % 7 > 3 ? "None" : "Low") }' > "$tmp/r.csv"
sheets() { # a first line of spreadsheets, names of rows by R, an empty cell at the end
    train "$tmp/r.csv" --members 1 && says "semicolon" && says "60 rows of 3 columns" && says "Low (36), None (24)" &&
        sed '1d;2s/$/;/;3,$s/$/;/' "$tmp/r.csv" | sed '1s/^/name;/;1s/;$//' > "$tmp/tails.csv" &&
        train "$tmp/tails.csv" &&
        says "60 rows of 3 columns"
}
check "train_csv: sep=, names of rows, empty cells at the end" sheets
awk 'BEGIN { print "who,b,y";
    for (i = 0; i < 2000; i++) print "w" i * 7919 % 300 "," i % 7 "," i * 7919 % 300 * 37 % 101 + i % 7 }' \
    > "$tmp/who.csv"
who() { train "$tmp/who.csv" --members 1 && says "this model *0.9"; }
check "train_csv: 300 categories" who
awk 'BEGIN { print ",,"; for (i = 0; i < 60; i++) print i % 7 "," i % 5 "," (i % 7 > 3 ? "yes" : "no") }' \
    > "$tmp/blank.csv"
blank_names() {
    train "$tmp/blank.csv" && says "60 rows" && predict "$tmp/blank.csv" && [ "$(lines "$tmp/predictions")" = 61 ]
}
check "predict_csv: a header without a name" blank_names
awk 'BEGIN { print "2019,2020,2021,2022,kind"
    for (i = 0; i < 60; i++) print i % 7 "," i % 5 ",2,3," (i % 7 > 3 ? "yes" : "no") }' > "$tmp/years.csv"
years() {
    train "$tmp/years.csv" && says "names in the first line" && says "2 classes" && predict "$tmp/years.csv" &&
        [ "$(lines "$tmp/predictions")" = 61 ] && sed 1d "$tmp/years.csv" > "$tmp/no_years.csv" &&
        train "$tmp/no_years.csv" && says "no names" &&
        awk 'BEGIN { for (i = 0; i < 60; i++) print i "," i + 1 "," i + 2 "," i + 3 "," i % 9 / 2 }' \
            > "$tmp/windows.csv" &&
        train "$tmp/windows.csv" --members 1 && says "no names"
}
check "train_csv: numbers that count up are names" years
awk 'BEGIN { print "euro;rupee;group;book;kind"; for (i = 0; i < 90; i++) {
    a = i % 9; kind = a > 3 ? "yes" : "no"
    s = sprintf("\342\202\254 %d,50;\342\202\271%d,25;1\342\200\231%03d,5;(%d,5 $);%s", a, a, a, a, kind)
    print s } }' > "$tmp/books.csv"
same_rows() {
    (echo 'euro;rupee;group;book'; cat) | predict - && [ "$(sed 1d "$tmp/predictions" | uniq | wc -l)" = 1 ]
}
books() {
    train "$tmp/books.csv" --members 1 && says "numbers     euro, rupee, group, book" &&
        printf '4,50;0;0;-4,5\n 4,50 $;$ 0;0;(4,5)\n$4,50;$0;0;$ (4,5)\n4,5;0;0;- $ 4,5\n' | same_rows
}
check "train_csv: signs of money with blanks, apostrophes of printers, negative numbers in brackets" books
awk 'BEGIN { print "price;\344;kind"
    for (i = 0; i < 60; i++) print i % 7 ",50 \200;" i % 5 ",5;" (i % 7 > 3 ? "\223big\224" : "\374") }' \
    > "$tmp/ansi.csv"
ansi() { # Windows-1252: a euro, quotes; umlauts are those of Latin-1
    train "$tmp/ansi.csv" && says "$(printf 'numbers     price, \303\244')" && predict "$tmp/ansi.csv" &&
        grep -q "^$(printf '\342\200\234big\342\200\235'),0" "$tmp/predictions" &&
        grep -q "^$(printf '\303\274'),0" "$tmp/predictions"
}
check "train_csv: a table of Windows" ansi
awk 'BEGIN { print "size;price"; for (i = 0; i < 100; i++) { p = 300 + i * 7919 % 100 * 25
    s = p < 1000 ? p : sprintf("%d.%03d", p / 1000, p % 1000); print i * 7919 % 100 ";" s } }' > "$tmp/points.csv"
points() {
    train "$tmp/points.csv" --members 1 --epochs 1 && says "regression, numbers from 300 to 2775" &&
        sed 's/\.\(...\)$/,\1/' "$tmp/points.csv" > "$tmp/commas.csv" &&
        train "$tmp/commas.csv" --members 1 --epochs 1 && says "regression, numbers from 300 to 2775" &&
        sed 's/;\([0-9]*\)$/;\1.000/' "$tmp/points.csv" > "$tmp/three.csv" &&
        train "$tmp/three.csv" --members 1 --epochs 1 && says "numbers from 1 to 975"
}
check "train_csv: whole numbers with points that group thousands" points
awk 'BEGIN { print "a,kind"; for (i = 0; i < 60; i++) print i % 7 ",900719925474099" (i % 7 > 3 ? 3 : 2) }' \
    > "$tmp/codes.csv"
codes() {
    train "$tmp/codes.csv" && says "2 classes" && predict "$tmp/codes.csv" &&
        grep -q ^9007199254740993, "$tmp/predictions"
}
check "train_csv: classes that are long numbers" codes
awk 'BEGIN { print "a,kind"; for (i = 0; i < 60; i++) print i % 7 "," (i % 5 == 0 ? "" : i % 2 ? "1" : "1.0") }' \
    > "$tmp/same.csv"
check "train_csv: one class written in two ways" \
    complains "target 'kind' has the same value in every row that has one;" train "$tmp/same.csv"
full() { "$tmp/$@" > /dev/full 2> "$tmp/complaint"; }
if [ -c /dev/full ]; then
    check "train_csv: a disk that is full" \
        complains "cannot be written" full train_csv "$tmp/few.csv" --target 1 --members 1 --out "$tmp/model"
    check "train_csv --help: a disk that is full" complains "cannot be written" full train_csv --help
    check "predict_csv: a disk that is full" complains "cannot be written" full predict_csv "$tmp/model" "$tmp/few.csv"
else skip "train_csv, predict_csv: a disk that is full" /dev/full; fi
large() { sed '3s/.*/1e300,1/' "$tmp/line.csv" > "$tmp/bad.csv" && train "$tmp/bad.csv"; }
check "train_csv: a number that is too large" \
    complains "line 3, column 1 (x): '1e300' where a number below 1e30 is expected" large
long_text() { # 40 bytes would end within its last letter
    long=$(printf 'abcdefghijklmnopqrstuvwxyzabcdefghijklm\303\244\303\244')
    sed "3s/.*/$long,1/" "$tmp/line.csv" > "$tmp/bad.csv" && train "$tmp/bad.csv"
}
check "train_csv: of a long text whole letters are shown, and no option that takes a part of it" \
    complains "'abcdefghijklmnopqrstuvwxyzabcdefghijklm' where a number is expected" long_text
without_part() { ! grep -q missing "$tmp/complaint"; }
check "train_csv: no option for a part of a text" without_part
awk 'BEGIN { for (i = 0; i < 31; i++) for (j = 0; j < 4200; j++) 
    printf "%s%s", i ? (i * (j + 2) + j) % 5 : "c" j, j < 4199 ? "," : "\n" }' > "$tmp/wide.csv"
wide() { "$tmp/train_csv" "$tmp/wide.csv" --out "$tmp/model" > "$tmp/said" 2> "$tmp/complaint"; }
untrained() { ! grep -q epoch "$tmp/said"; }
check "train_csv: more columns than a file takes" complains "4200 columns and their categories are too much" wide
check "train_csv: they are known before the training" untrained
awk 'BEGIN { print "a,b,y,note"; for (i = 0; i < 60; i++) print i % 7 "," i % 5 "," i % 7 * 3 + 0.5 "," i % 3 }' \
    > "$tmp/notes_last.csv"
ignored() {
    train "$tmp/notes_last.csv" --ignore note --members 1 --epochs 1 && says "target      y (the last column but"
}
check "train_csv: an ignored column is no target" ignored
awk 'BEGIN { print "a,kind"; for (i = 0; i < 60; i++) print (i % 5 ? i % 7 : "\302\240") "," i % 2 }' > "$tmp/nbsp.csv"
nbsp() { train "$tmp/nbsp.csv" --members 1 --epochs 1 && says "numbers     a"; }
check "train_csv: a cell with a blank of no break is missing" nbsp
cp "$tmp/line.csv" "$tmp/self.csv"
onto_itself() { (cd "$tmp" && ./train_csv self.csv --out "./self.csv" > said 2> complaint); }
check "train_csv: the model does not overwrite the table" complains "would overwrite the table" onto_itself
awk 'BEGIN { print "a,kind"; for (i = 0; i < 80; i++) print i % 20 ",c" i % 20 }' > "$tmp/small_classes.csv"
small_classes() { train "$tmp/small_classes.csv" --members 1 && says "held out: 16 rows"; }
check "train_csv: of classes of four rows some are held out" small_classes
check "train_csv: a delimiter of two characters" complains "--delimiter ;;" train "$penguins" --delimiter ';;'
check "predict_csv: a quote is no delimiter" complains '--delimiter "' predict "$penguins" --delimiter '"'
printf 'Dear all,\nthis is a letter, not a table, and has commas.\nRegards,\nme\n' > "$tmp/letter.txt"
check "train_csv: a letter is no table" complains "not a table of text" train "$tmp/letter.txt"

awk 'BEGIN { print "a,b,y"; for (i = 0; i < 20000; i++) print i % 97 "," i % 89 "," i % 97 * (i % 89) / 50 + i % 13 }' \
    > "$tmp/long.csv"
interrupted() { # Ctrl-C: the best so far is reported and saved
    "$tmp/train_csv" "$tmp/long.csv" --epochs 100000 --out "$tmp/model" > "$tmp/said" 2> "$tmp/complaint" &
    pid=$!
    sleep 2 && kill -INT $pid && wait $pid && says interrupted && says "saved:" && predict "$tmp/long.csv" &&
        [ "$(lines "$tmp/predictions")" = 20001 ]
}
check "train_csv: Ctrl-C keeps the best so far" interrupted
