# gnuplot -e "data='DIR'; isas='...'; heading='TEXT'; out='FILE'" bench/plots.gp: FILE-gemm.svg, the forward pass over
# size with P dashed, and FILE-elementwise.svg, ns an element over their number. DIR/KERNEL-ISA is by table.awk.
known = "scalar vectorized sse2 avx2 avx512 neon"
array colours[6] = ["#888888", "#222222", "#2ca02c", "#1f77b4", "#d62728", "#9467bd"]
number(i) = int("0x" . substr(colours[i], 2, 7))
colour(isa) = sum [i = 1:words(known)] (word(known, i) eq isa ? number(i) : 0)
file(kernel, isa) = data . "/" . kernel . "-" . isa
peak(isa) = isa eq "vectorized" ? "" : "P of " . isa
set border 3
set grid back lc rgb "#dddddd"
set tics nomirror
set logscale x 2
set terminal svg size 760,440 font "sans-serif,12" background rgb "white"
set output out . "-gemm.svg"
set title "forward pass, n rows, n inputs, n outputs, one thread\n" . heading noenhanced
set xlabel "n"
set ylabel "GFLOP/s"
set yrange [0:*]
set key outside right center
plot for [isa in isas] file("forward", isa) using 1:2 with linespoints lw 2 pt 7 ps 0.5 lc rgb colour(isa) title isa, \
     for [isa in isas] file("forward", isa) using 1:3 with lines dt 2 lc rgb colour(isa) title peak(isa)
set terminal svg size 1000,340 font "sans-serif,11" background rgb "white"
set output out . "-elementwise.svg"
set logscale y
set yrange [*:*]
set format x "2^{%L}"
set multiplot layout 1,4 title heading noenhanced
set ylabel "ns per element"
set xlabel "elements"
unset key
do for [kernel in "relu sigmoid tanh hadamard"] {
    set title kernel
    plot for [isa in isas] file(kernel, isa) using 1:2 with linespoints lw 2 pt 7 ps 0.4 lc rgb colour(isa) title isa
    set key top left
}
unset multiplot
