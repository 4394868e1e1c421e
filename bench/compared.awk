# mlp.h beside other libraries, from files of make compare:
#   awk -f bench/results.awk -f bench/compared.awk -v mode=MODE FILES
# all: Markdown, every case; short: the cases of README.md; asked: for the terminal, what is asked of the public gemm
# (nn) on squares of 64 to 1024: the median of the ratios to the best peer is at least 0.85. A rival is a peer whose
# vectors are no wider than ours; a layer, whose weights lie as we like, competes with every form of its product, the
# public gemm with its own.
function wide(f, way) { return !((f, "mlp-avx512") in about) || way ~ /(-avx2|-hsw|-256|^fann|^sklearn)/ ? 256 : 512 }
function form_of(way) { return index(way, " ") ? substr(way, index(way, " ") + 1) : "" }
function is_rival(f, ours, way, only) {
    if (way ~ /^mlp/ || wide(f, way) > wide(f, ours)) return 0
    return (only == "" || way ~ only) && (form_of(ours) == "" || form_of(way) == form_of(ours))
}
# sets rival and ratio, how many times as fast as it; `only`: of these peers
function beat(f, c, ours, lower, only,    i, way, v, r) {
    rival = ""; ratio = 0
    for (i = 1; i <= name_count[f]; i++) {
        way = names[f, i]
        if (!is_rival(f, ours, way, only) || (v = cell(f, c, way, 1)) == "") continue
        r = lower ? v / cell(f, c, ours, 1) : cell(f, c, ours, 1) / v
        if (rival == "" || r < ratio) { rival = way; ratio = r }
    }
    return rival != ""
}
function all(f,    n, i, c, part, ours) {
    print "## " cpu[f] ", " compiler[f] ": beside other libraries\n"
    for (i = 1; i <= name_count[f]; i++)
        if (about[f, names[f, i]] != "") print "- " names[f, i] ": " about[f, names[f, i]]
    print "\n| work | shape | mlp.h | median | unit | best rival | its median | times as fast |"
    print "|---|---|---|---:|---|---|---:|---:|"
    for (n = 1; n <= case_count; n++) {
        split(c = cases[n], part, "\t")
        for (i = 1; i <= name_count[f]; i++) {
            ours = names[f, i]
            if (ours !~ /^mlp/ || cell(f, c, ours, 1) == "" || !beat(f, c, ours, part[3] == "ns", "")) continue
            printf "| %s | %s | %s | %s | %s | ", part[1], part[2], substr(ours, 5), shown(f, c, ours), part[3]
            printf "%s | %s | %.2f |\n", rival, shown(f, c, rival), ratio
        }
    }
    print ""
}
# a row for each case that README.md shows, ours with the widest vectors of the CPU, then the best rival and some by
# name
function short(f,    n, c, part, ours, more, m, line) {
    print "\n" cpu[f] ", " compiler[f] ", one core, beside other libraries with vectors no wider:\n"
    print "| | mlp.h | | times as fast as |\n|---|---|---:|---|"
    for (n = 1; n <= case_count; n++) {
        split(c = cases[n], part, "\t")
        if (index(chosen, ";" part[1] " " part[2] ";") == 0) continue
        ours = cell(f, c, "mlp-avx512", 1) != "" ? "mlp-avx512" : "mlp-avx2"
        if (cell(f, c, ours, 1) == "" || !beat(f, c, ours, part[3] == "ns", "")) continue
        line = sprintf("| %s %s | %s | %s %s", part[1], part[2], substr(ours, 5), shown(f, c, ours), part[3])
        line = line sprintf(" | %.2f %s", ratio, rival)
        split("^onnxruntime ^torch ^fann ^sklearn", more, " ")
        for (m = 1; m <= 4 && part[1] ~ /^([A-D]|batch 1)$/; m++) {
            best = rival
            if (beat(f, c, ours, part[3] == "ns", more[m]) && rival != best)
                line = line sprintf("; %.2f %s", ratio, rival)
            rival = best
        }
        print line " |"
    }
}
function asked(f,    n, part, c, i, j, k, count, v, t, ours, median) {
    for (i = 1; i <= name_count[f]; i++) {
        ours = names[f, i]
        if (ours !~ /^mlp.* nn$/) continue
        count = 0
        for (n = 1; n <= case_count; n++) {
            split(c = cases[n], part, "\t")
            split(part[2], k, ",")
            if (part[3] != "GFLOP/s" || k[1] != k[2] || k[2] != k[3]) continue
            if (cell(f, c, ours, 1) != "" && beat(f, c, ours, 0, "")) v[++count] = ratio
        }
        if (!count) continue
        for (n = 2; n <= count; n++)
            for (j = n; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
        median = v[int((count + 1) / 2)]
        printf "public gemm, %s, squares: median of %d ratios to the best peer %.2f, asked 0.85: %s\n", \
            ours, count, median, (median >= 0.85 ? "reached" : "LESS")
    }
}
END {
    chosen = ";forward 7,13,5;forward 16,64,32;forward 32,784,128;forward 128,784,512;forward 1024,1024,1024;" \
        "dX 128,784,512;dW 128,784,512;batch 1 64-64-10;batch 1 784-256-10;batch 1 1024-1024-1024;" \
        "A 64-32-10;B 784-128-10;C 784-512-512-10;D 1024-1024-1024-1024;" \
        "exp 64Ki;sigmoid 64Ki;tanh 64Ki;softmax10 64Ki;"
    for (run = 1; run <= files; run++) {
        if (kind[run] != "compare") continue
        if (mode == "all") all(run); else if (mode == "short") short(run); else asked(run)
    }
}
