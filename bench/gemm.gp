# gnuplot -e "data='DIR'; isas='...'; heading='TEXT'; out='FILE.svg'": GFLOP/s of the forward pass over size, the register-only
# rate P dashed; the compiler's vectorizer has no P of its own
load "bench/isas.gp"
set terminal svg size 760,440 font "sans-serif,12" background rgb "white"
set output out
set title "forward pass, n rows, n inputs, n outputs, one thread\n" . heading noenhanced
set xlabel "n"
set ylabel "GFLOP/s"
set yrange [0:*]
set key outside right center
plot for [isa in isas] data . "/gemm-" . isa using 1:2 with linespoints lw 2 pt 7 ps 0.5 lc rgb colour(isa) title isa, \
     for [isa in isas] data . "/gemm-" . isa using 1:(isa eq "vectorized" ? NaN : $3) with lines dt 2 lc rgb colour(isa) \
         title (isa eq "vectorized" ? "" : "P of " . isa)
