# From the table of compare.md the rows that README.md shows: a row per work, all of its rivals in one cell.
BEGIN {
    FS = " *[|] *"; isas = split("avx512 avx2", isa, " ")
    n = split("forward 7,13,5;forward 16,64,32;forward 32,784,128;forward 128,784,512;forward 1024,1024,1024;dX 128,784,512;dW 128,784,512;" \
        "batch 1 64-64-10;batch 1 784-256-10;batch 1 1024-1024-1024;A 64-32-10;B 784-128-10;C 784-512-512-10;D 1024-1024-1024-1024;" \
        "exp 64Ki;sigmoid 64Ki;tanh 64Ki;softmax10 64Ki", shown, ";")
}
NR == 1 { print }
$2 == "work" { for (i = 2; i < NF; i++) column[$i] = i }
column["ratio"] {
    key = $column["work"] " " $column["shape"] SUBSEP $column["mlp.h"]
    split($column["ratio"], ratio, " ")
    median[key] = $column["median"] ($column["share"] == "" ? "" : " (" $column["share"] ")")
    rival = ratio[1] " " $column["best rival"]
    if (index("; " rivals[key] ";", "; " rival ";") == 0) rivals[key] = rivals[key] (rivals[key] == "" ? "" : "; ") rival
}
END {
    head = "| |"; rule = "|---|"
    for (i = 1; i <= isas; i++) { head = head " " isa[i] " | times as fast as |"; rule = rule "---:|---|" }
    print "\n" head "\n" rule
    for (r = 1; r <= n; r++) {
        line = "| " shown[r] " |"; known = 0
        for (i = 1; i <= isas; i++) {
            key = shown[r] SUBSEP isa[i]
            known += key in median
            line = line " " median[key] " | " rivals[key] " |"
        }
        if (known) print line
    }
}
