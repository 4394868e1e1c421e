# Reads files of results (run.h says what their lines are), for table.awk and compared.awk: files[f] in order with
# cpu[f], compiler[f], kind[f]; names[f, i] the ways of a file and about[f, name] what its first line says of one;
# cases[n] all cases, "work shape unit" by tabs, in order; cell(f, case, way, i): the i-th number of it, "" when there
# is none.
function text(name,    at, rest) {
    at = index($0, "\"" name "\":\"")
    if (!at) return ""
    rest = substr($0, at + length(name) + 4)
    return substr(rest, 1, index(rest, "\"") - 1)
}
FNR == 1 { run = ++files; cpu[run] = text("cpu"); compiler[run] = text("compiler"); kind[run] = text("kind") }
{
    here = text("work") "\t" text("shape") "\t" text("unit")
    if (FNR > 1) { if (!(here in known)) { known[here] = 1; cases[++case_count] = here } has[run, here] = 1 }
    line = $0
    while (match(line, /"[^"]*":("[^"]*"|\[[^]]*\]|[^,}]*)/)) {
        pair = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        name = substr(pair, 2, index(substr(pair, 2), "\"") - 1)
        value = substr(pair, length(name) + 4)
        if (name ~ /^(cpu|compiler|kind|reps|work|shape|unit)$/) continue
        if (!((run, name) in about)) { about[run, name] = ""; names[run, ++name_count[run]] = name }
        if (FNR == 1) { gsub(/"/, "", value); about[run, name] = value }
        else { gsub(/[][]/, "", value); numbers[run, here, name] = value }
    }
}
function cell(f, c, way, i,    part) { return split(numbers[f, c, way], part, ",") >= i ? part[i] : "" }
# three digits; with its spread where that is large, with its share where it has one
function shown(f, c, way,    v, s) {
    v = cell(f, c, way, 1)
    if (v == "") return ""
    v = v >= 1000 ? sprintf("%.0f", v) : sprintf("%.3g", v)
    if (cell(f, c, way, 2) > 5) v = v " +- " sprintf("%.0f", cell(f, c, way, 2)) " %"
    s = cell(f, c, way, 3)
    return s == "" || way == "vectorized" ? v : v sprintf(" (%.2f)", s)
}
