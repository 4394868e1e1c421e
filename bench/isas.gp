# What both plots have in common: a colour for each instruction set, the look.
known = "scalar vectorized sse2 avx2 avx512 neon"
array colours[6] = ["#888888", "#222222", "#2ca02c", "#1f77b4", "#d62728", "#9467bd"]
colour(isa) = sum [i = 1:words(known)] (word(known, i) eq isa ? colours_rgb(i) : 0)
colours_rgb(i) = int("0x" . substr(colours[i], 2, 7))
set border 3
set grid back lc rgb "#dddddd"
set tics nomirror
set logscale x 2
