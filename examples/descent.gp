# gnuplot -e "data='FILE.csv'; out='FILE.png'" examples/descent.gp: the curves of examples/descent.c, means of the
# seeds, over epochs and over updates
set datafile separator ","
set terminal pngcairo size 1100,460 font "sans,10"
set output out
set border 3
set tics nomirror
set grid back lc rgb "#dddddd"
set logscale xy
set yrange [0.04:1]
set ylabel "mean squared error of all rows"
ways = "'full batch' '16 rows' 'one row'"
array colours[3] = ["#1f77b4", "#2ca02c", "#d62728"]
set multiplot layout 1,2
do for [by = 3:4] {
    set xrange [(by == 3 ? 0.001 : 0.8):(by == 3 ? 3000 : 50000)]
    set xlabel (by == 3 ? "epochs: rows seen, in passes over all" : "updates")
    plot for [w = 1:3] "< grep '^" . word(ways, w) . "' " . data using by:5 \
        smooth unique with lines lw 2 lc rgb colours[w] title word(ways, w)
}
unset multiplot
