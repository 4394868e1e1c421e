# All results into one Markdown table, `long`, and a short one, `short`, with a row per instruction set and the shapes that
# README.md names. builds: lines of builds.awk.
BEGIN { SUBSEP = "\t"; all = split("scalar vectorized sse2 avx2 avx512 neon", isas, " "); FS = "\n" }

function once(list, key) { if (!((list, key) in known)) { known[list, key] = 1; order[list, ++counts[list]] = key } }

FNR == 1 {
    run = FILENAME; sub(/.*\//, "", run); sub(/\.json$/, "", run)
    name[run] = field("cpu") ", " field("compiler")
    once("runs", run)
}
{
    isa = field("isa"); kernel = field("kernel"); shape = field("shape"); unit = field("unit")
    key = run SUBSEP kernel SUBSEP shape SUBSEP unit
    once("keys", key)
    
    here[isa] = 1
    if (kernel != "compile") flags[run, isa] = field("flags")
    if (field("refused") == "1") { cell[key, isa] = "refused"; next }
    value[key, isa] = field("median")
    cell[key, isa] = sprintf("%.3g", field("median"))
    if (isa == "vectorized") next                   # its P is that of another instruction set
    if (field("share") != "") { cell[key, isa] = cell[key, isa] sprintf(" (%.2f)", field("share")) }
    if (field("p") != "") p[run, isa] = field("p")
}

# text of a cell of this run; "" is for what was not measured
function of(kernel, shape, unit, isa) { return cell[run SUBSEP kernel SUBSEP shape SUBSEP unit, isa] }

# how many times as fast as `other`
function ratio(kernel, shape, isa, other,    key) {
    key = run SUBSEP kernel SUBSEP shape SUBSEP "GFLOP/s"
    return value[key, isa] && value[key, other] ? sprintf("%.1f", value[key, isa] / value[key, other]) : ""
}

END {
    while ((getline line < builds) > 0) {
        split(line, part, "\t")
        built[part[1], part[2], part[3]] = part[4] == "-" ? "refused" : sprintf("%.3g", part[4])
        key = part[1] SUBSEP "whole program" SUBSEP part[2] SUBSEP "s"
        once("keys", key)
        cell[key, part[3]] = built[part[1], part[2], part[3]]
    }

    print "# Measured\n" > long
    print "Made by `make bench bench-builds report`. Medians, one thread; what the columns mean: [../README.md](../README.md).\n" > long
    head = "| CPU, compiler | kernel | shape | unit |"; rule = "|---|---|---|---|"
    for (i = 1; i <= all; i++) if (isas[i] in here) { head = head " " isas[i] " |"; rule = rule "---:|" }
    print head "\n" rule > long
    for (k = 1; k <= counts["keys"]; k++) {
        split(order["keys", k], part, SUBSEP)
        line = "| " name[part[1]] " | " part[2] " | " part[3] " | " part[4] " |"
        for (i = 1; i <= all; i++) if (isas[i] in here) line = line " " cell[order["keys", k], isas[i]] " |"
        print line > long
    }
    print "" > long
    for (r = 1; r <= counts["runs"]; r++) {
        run = order["runs", r]
        print "Flags of " name[run] ":\n" > long
        for (i = 1; i <= all; i++) if ((run, isas[i]) in flags) print "- " isas[i] ": `" flags[run, isas[i]] "`" > long
        print "" > long
    }
    close(long)

    for (r = 1; r <= counts["runs"]; r++) {
        run = order["runs", r]
        print "\n" name[run] ", one thread; in parentheses the share of P, the rate of multiply-adds that touch only registers:\n" > short
        print "| | P, GFLOP/s | forward, GFLOP/s | dX, GFLOP/s | dW, GFLOP/s | one row, GFLOP/s | forward x scalar, x vectorized " \
            "| tanh, ns | sigmoid, ns | digits, s | 784-128-10, s | to compile, s |" > short
        print "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|" > short
        for (i = 1; i <= all; i++) {
            isa = isas[i]
            if (!((run, isa) in flags)) continue
            print "| " isa " | " ((run, isa) in p ? sprintf("%.0f", p[run, isa]) : "") " | " \
                of("forward", "128x784x512", "GFLOP/s", isa) " | " \
                of("backward_input", "128x784x512", "GFLOP/s", isa) " | " of("backward_weights", "128x784x512", "GFLOP/s", isa) " | " \
                of("forward", "1x784x256", "GFLOP/s", isa) " | " \
                ratio("forward", "128x784x512", isa, "scalar") ", " ratio("forward", "128x784x512", isa, "vectorized") " | " \
                of("tanh", "16384", "ns", isa) " | " of("sigmoid", "16384", "ns", isa) " | " \
                built[run, "digits", isa] " | " built[run, "train", isa] " | " \
                of("compile", "implementation", "s", isa) " |" > short
        }
    }
    close(short)
}
