# Files of hyperfine, whose commands are called "program build flags", into our lines: for each program and build the
# median of the seconds and half the distance of the quartiles in percent. awk -v cpu=... -v compiler=... -f
# bench/builds.awk FILES
/"command":/ {
    sub(/.*"command": *"/, ""); sub(/",?$/, "")
    program = $1; build = $2
    sub(/^[^ ]+ [^ ]+ /, "")
    flags[build] = $0
    if (!(program in row)) programs[++count] = program
    if (!(build in seen)) { seen[build] = 1; builds[++build_count] = build }
}
/"times": \[/ { n = 0; times = 1; next }
times && /\]/ {
    times = 0
    for (i = 1; i < n; i++)
        for (j = i; j > 0 && v[j] < v[j - 1]; j--) { swap = v[j]; v[j] = v[j - 1]; v[j - 1] = swap }
    m = v[int(n / 2)]
    row[program] = row[program] sprintf(",\"%s\":[%.3g,%.1f]", build, m, 50 * (v[int(3 * n / 4)] - v[int(n / 4)]) / m)
}
times { gsub(/[ ,]/, ""); v[n++] = $0 + 0 }
END {
    printf "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"kind\":\"builds\"", cpu, compiler
    for (i = 1; i <= build_count; i++) printf ",\"%s\":\"%s\"", builds[i], flags[builds[i]]
    print "}"
    for (i = 1; i <= count; i++)
        print "{\"work\":\"" programs[i] "\",\"shape\":\"\",\"unit\":\"s\"" row[programs[i]] "}"
}
