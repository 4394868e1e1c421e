# gnuplot -e "data='DIR'; isas='...'; heading='TEXT'; out='FILE.svg'": ns per element over the number of elements
load "bench/isas.gp"
set terminal svg size 1000,640 font "sans-serif,11" background rgb "white"
set output out
set logscale y
set format x "2^{%L}"
set multiplot layout 2,3 title heading noenhanced
set ylabel "ns per element"
set xlabel "elements"
unset key
do for [kernel in "relu sigmoid tanh hadamard adam"] {
    set title kernel
    plot for [isa in isas] data . "/elementwise-" . kernel . "-" . isa using 1:2 with linespoints lw 2 pt 7 ps 0.4 lc rgb colour(isa)
}
unset title; unset border; unset tics; unset xlabel; unset ylabel; unset grid; unset logscale
set key center center
set xrange [0:1]; set yrange [0:1]
plot for [isa in isas] NaN with lines lw 2 lc rgb colour(isa) title isa
unset multiplot
