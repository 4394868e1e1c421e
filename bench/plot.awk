# One file per kernel and instruction set in `out` for gnuplot: gemm-ISA: size, GFLOP/s, P; elementwise-KERNEL-ISA: size, ns.
field("refused") == "1" { next }
{ shape = field("shape"); kernel = field("kernel"); isa = field("isa") }
kernel == "forward-square" { print shape + 0, field("median"), field("p") > (out "/gemm-" isa) }
kernel ~ /^(relu|sigmoid|tanh|hadamard|adam)$/ { print shape, field("median") > (out "/elementwise-" kernel "-" isa) }
