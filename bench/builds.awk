# From a file of hyperfine: run, program, build, median in seconds, separated by tabs; "-" instead of a median whose quartiles are
# more than 10 % apart, the rule of make bench. The name of a command is "program build flags".
/"command":/ { sub(/.*"command": *"/, ""); program = $1; build = $2 }
/"times": \[/ { n = 0; times = 1; next }
times && /\]/ {
    times = 0
    for (i = 1; i < n; i++)
        for (j = i; j > 0 && v[j] < v[j - 1]; j--) { swap = v[j]; v[j] = v[j - 1]; v[j - 1] = swap }
    median = v[int(n / 2)]
    print run "\t" program "\t" build "\t" (v[int(3 * n / 4)] - v[int(n / 4)] > 0.1 * median ? "-" : median)
}
times { gsub(/[ ,]/, ""); v[n++] = $0 + 0 }
