# Tables from results: awk -f bench/results.awk -f bench/table.awk -v mode=MODE FILES
# beside: for the terminal, the first file beside the others, a line for each kernel and instruction set (all=1: every
# kernel)
# all: Markdown, every case of every file
# short: Markdown, the table of README.md, from the kernels and builds of each CPU
# plot: lines "kernel isa size value P" for plots.gp
function of(c, isa) { return shown(run, c, isa) }
function built(work, isa,    f) {
    for (f = 1; f <= files; f++)
        if (kind[f] == "builds" && cpu[f] == cpu[run] && compiler[f] == compiler[run])
            return shown(f, work "\t\ts", isa)
    return ""
}
function times(c, isa, other,    a, b) {
    a = cell(run, c, isa, 1); b = cell(run, c, other, 1)
    return a && b ? sprintf("%.1f", a / b) : ""
}

function beside(    f, n, i, c, part, format, left) {
    print "\nThis CPU beside those recorded in bench/results; +-: half the distance of the quartiles, " \
        "in parentheses the share of P"
    for (f = 1; f <= files; f++) printf "  %d  %s, %s%s\n", f, cpu[f], compiler[f], f == 1 ? ": this run" : ""
    printf "\n%-34s %-10s", "", ""
    for (f = 1; f <= files; f++) printf " %18s", f
    print ""
    for (n = 1; n <= case_count; n++) {
        c = cases[n]
        split(c, part, "\t")
        if (!has[1, c] || !all && index(chosen, ";" part[1] " " part[2] ";") == 0) continue
        left = part[1] " " part[2] (part[3] == "" ? "" : ", " part[3])
        for (i = 1; i <= isa_count; i++) {
            if (!all && isas[i] == "scalar") continue
            line = ""; some = 0
            for (f = 1; f <= files; f++) {
                v = shown(f, c, isas[i])
                line = line sprintf(" %18s", v == "" ? "." : v)
                some += v != ""
            }
            if (some) printf "%-34s %-10s%s\n", left, isas[i], line
            if (some) left = ""
        }
    }
}

function everything(    f, n, i, c, part) {
    for (f = 1; f <= files; f++) {
        if (kind[f] == "compare") continue      # compared.awk
        print "## " cpu[f] ", " compiler[f] ": " kind[f] "\n"
        for (i = 1; i <= name_count[f]; i++)
            if (about[f, names[f, i]] != "") print "- " names[f, i] ": `" about[f, names[f, i]] "`"
        printf "\n| work | shape | unit |"
        for (i = 1; i <= name_count[f]; i++) printf " %s |", names[f, i]
        printf "\n|---|---|---|"
        for (i = 1; i <= name_count[f]; i++) printf "---:|"
        print ""
        for (n = 1; n <= case_count; n++) {
            c = cases[n]
            if (!has[f, c]) continue
            split(c, part, "\t")
            printf "| %s | %s | %s |", part[1], part[2], part[3]
            for (i = 1; i <= name_count[f]; i++) printf " %s |", shown(f, c, names[f, i])
            print ""
        }
        print ""
    }
}

function row(isa,    layer) {
    layer = "\t128,784,512\tGFLOP/s"
    printf "| %s | %s | %s", isa, of("P\t\tGFLOP/s", isa), of("forward" layer, isa)
    printf " | %s | %s", of("dX" layer, isa), of("dW" layer, isa)
    printf " | %s", of("forward\t1,784,256\tGFLOP/s", isa)
    printf " | %s, %s", times("forward" layer, isa, "scalar"), times("forward" layer, isa, "vectorized")
    printf " | %s | %s", of("tanh\t16384\tns", isa), of("sigmoid\t16384\tns", isa)
    printf " | %s | %s | %s |\n", built("digits", isa), built("train", isa), built("compile", isa)
}

function short(    i) {
    for (run = 1; run <= files; run++) {
        if (kind[run] != "kernels") continue
        print "\n" cpu[run] ", " compiler[run] ", one thread; in parentheses the share of P, the rate of " \
            "multiply-adds that touch only registers:\n"
        print "| | P, GFLOP/s | forward, GFLOP/s | dX, GFLOP/s | dW, GFLOP/s | one row, GFLOP/s " \
            "| forward x scalar, x vectorized | tanh, ns | sigmoid, ns | digits, s | 784-128-10, s | to compile, s |"
        print "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        for (i = 1; i <= isa_count; i++) if ((run, isas[i]) in about) row(isas[i])
    }
}

function plot(    n, i, c, part, square, to) {
    for (n = 1; n <= case_count; n++) {
        split(c = cases[n], part, "\t")
        split(part[2], size, ",")
        square = part[1] == "forward" && size[1] == size[2] && size[2] == size[3]
        if (size[2] != "" && !square) continue
        for (i = 1; i <= isa_count; i++) {
            if (cell(1, c, isas[i], 1) == "") continue
            to = out "/" part[1] "-" isas[i]
            print size[1], cell(1, c, isas[i], 1), cell(1, "P\t\tGFLOP/s", isas[i], 1) > to
        }
    }
}

END {
    isa_count = split("scalar vectorized sse2 avx2 avx512 neon", isas, " ")
    chosen = ";P ;forward 128,784,512;dX 128,784,512;dW 128,784,512;nn 128,784,512;forward 1,784,256;" \
        "forward 16,64,32;relu 16384;sigmoid 16384;tanh 16384;gelu 16384;softmax10 16380;step 127-128,32,adam;" \
        "predict 64-64-10,1;predict 784-128-10,256;train 64-32-10,16;train 784-128-10,32;train 784-512-512-10,128;"
    if (mode == "beside") beside()
    else if (mode == "all") everything()
    else if (mode == "short") short()
    else if (mode == "plot") plot()
}
