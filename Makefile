# mlp.h: examples, tests, benchmarks. The library itself is one header and needs no building.
#
#   make run      trains on handwritten digits           make test     everything this machine can run
#   make help     all targets                            SIMD=avx2     another instruction set than the best one here

CC     ?= cc
CXX    ?= c++
OPT    ?= -O2
BUILD  ?= build
PREFIX ?= /usr/local
WARN   := -Wall -Wextra -Wpedantic
JOBS   := $(shell nproc 2>/dev/null || echo 2)
MAKEFLAGS += --no-print-directory

# What this machine runs: read off what the compiler would define for it.
NATIVE := $(shell echo | $(CC) -march=native -dM -E - 2>/dev/null)
has     = $(filter $(1),$(NATIVE))
ifneq ($(call has,__x86_64__),)
    HERE := emulated scalar sse2 $(if $(call has,__FMA__),emulated-fma scalar-fma) \
            $(if $(and $(call has,__AVX2__),$(call has,__FMA__)),avx2) $(if $(call has,__AVX512F__),avx512)
else ifneq ($(call has,__aarch64__),)
    HERE := emulated scalar neon
else
    HERE := emulated scalar
endif
SIMD ?= $(lastword $(HERE))

# The flags of each build. -fma: with fused multiply-add, though not vectorized by hand.
flags_scalar       := -DMLP_SIMD=MLP_SIMD_SCALAR
flags_emulated     := -DMLP_SIMD=MLP_SIMD_EMULATED
flags_scalar-fma   := -mfma -DMLP_SIMD=MLP_SIMD_SCALAR
flags_emulated-fma := -mfma -DMLP_SIMD=MLP_SIMD_EMULATED
flags_sse2         := -DMLP_SIMD=MLP_SIMD_SSE2
flags_sse2-fma     := -mfma -DMLP_SIMD=MLP_SIMD_SSE2
flags_avx2         := -mavx2 -mfma
flags_avx512       := -mavx512f
flags_neon         :=
flags_wasm         := -msimd128

.DEFAULT_GOAL := help
.SECONDEXPANSION:
.PHONY: help run test test-one clean install check-all check-bits check-break check-bench check-cross check-fuzz \
        check-interop check-mpi check-sanitize check-simde check-size check-targets check-tiles check-ulp

help:
	@echo "make run             train 64-32-10 on the digits, show what it learned (DATA=my.csv: that table)"
	@echo "make examples        build/train_csv and build/predict_csv, for tables in text"
	@echo "make tables          the recipe for tables on fifteen of them, beside scikit-learn (ONLY=\"glass pima\": these)"
	@echo "make accuracy        what nets reach on digits, diabetes and MNIST (ONLY=small: without it)," \
	    "beside scikit-learn"
	@echo "make descent         the curves of examples/descent.c, drawn to build/descent.png (gnuplot)"
	@echo "make test            the tests, in two minutes: on each instruction set here; what is missing is skipped"
	@echo "                     (REQUIRE=avx512,clang makes a skip of these a failure)"
	@echo "make test-one        OF=avx2 TEST=io_every: these tests of one build; OF=avx2@clang-O3, emulated@asan"
	@echo "                     and so on: INSTRUCTION SET@TOOL; RUN_ONE=\"gdb --args\""
	@echo "make check-bits      the bits and the objects of all instruction sets, compilers and levels"
	@echo "make check-break     each break of tests/breaks.txt must make its test fail (ONLY=name: these)"
	@echo "make check-sanitize  the tests under gcc's and clang's sanitizers of addresses, undefined behaviour and threads"
	@echo "make check-cross     the tests for NEON under qemu and for WebAssembly in node"
	@echo "make check-targets   the tests under qemu: $(sort $(foreach b,$(TARGETS),$(call tool,$(b))))"
	@echo "make check-tiles     the inner loops of the matrix products in the disassembly: exact, no spills"
	@echo "make check-simde     the AVX-512 kernels on a CPU that has AVX2 only, by SIMDe"
	@echo "make check-size      bytes of a program that only predicts, on cortex-m0 and cortex-m4"
	@echo "make check-interop   models in PyTorch, ONNX Runtime and as C elsewhere, and PyTorch's here"
	@echo "make check-mpi       examples/mpi.c with 1, 2 and 4 ranks: loss, bits, resuming, and a rank that dies"
	@echo "make check-fuzz      model files made up by libFuzzer, for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make check-bench     the benchmark programs run and write what their readers expect"
	@echo "make check-ulp       the error of exp, log, tanh, sigmoid, sin, cos over all 2^32 floats"
	@echo "make check-all       all of these, nothing reduced"
	@echo "make bench           every kernel on every instruction set here, beside recorded CPUs (ONLY=\"dX tanh\": these)"
	@echo "make bench-builds    whole programs built for each instruction set, compared by hyperfine"
	@echo "make bench-threads   training with one, two and all threads of this machine (needs OpenMP)"
	@echo "make bench-change    this mlp.h and that of FROM=HEAD~1 in turns (ONLY=\"dX 64,256,256\": these)"
	@echo "make bench-nets      whole nets: small ones, one row, optimizers, memory, with what they should reach"
	@echo "make bench-fits      Levenberg-Marquardt and L-BFGS beside Adam on two tables"
	@echo "make bench-subnormals  20,000 steps with dead units: no optimizer slows down by more than 5 %"
	@echo "make bench-compile   compile time and text of this mlp.h and that of FROM=HEAD"
	@echo "make bench-record    takes what was measured into bench/results; make report: into README.md"
	@echo "make compare         mlp.h and libraries one would use instead (ONLY=gemm, train, batch1, elementwise)"
	@echo "make check-peers     that each of those libraries computes the right thing there"
	@echo "make install         mlp.h to PREFIX/include ($(PREFIX))"
	@echo "SIMD=$(SIMD)  (of: $(sort $(HERE)); default: the best here)   CC=$(CC)  OPT=$(OPT)  BUILD=$(BUILD)"

# ---- the main job ----

$(BUILD)/digits-$(SIMD): examples/digits.c mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@

# DATA=my.csv: that table in place of the digits; ARGS="--target name": options of train_csv
DATA ?=
ARGS ?=
ON_TABLE  = "$(DATA)" --out $(BUILD)/model.safetensors $(ARGS)
ON_DIGITS = 0 examples/data/digits.csv $(BUILD)/digits.safetensors
run: $(if $(DATA),$(BUILD)/train_csv,$(BUILD)/digits-$(SIMD))
	@echo "SIMD=$(SIMD) (of: $(sort $(HERE)))"
	@$< $(if $(DATA),$(ON_TABLE),$(ON_DIGITS))

# programs for tables in text
.PHONY: examples tables
TABLE_PARTS   := examples/csv.c examples/ensemble.c examples/table.c
TABLE_NEEDS   := $(TABLE_PARTS) $(wildcard examples/*.h) mlp.h
TABLE_THREADS  = $(if $(call here,$(SIMD)@openmp),-fopenmp)
examples: $(BUILD)/train_csv $(BUILD)/predict_csv
# with threads where the compiler has OpenMP: members of an ensemble train side by side
$(BUILD)/train_csv $(BUILD)/predict_csv: $(BUILD)/%: examples/%.c $(TABLE_NEEDS) | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(TABLE_THREADS) $(flags_$(SIMD)) -I. $< $(TABLE_PARTS) -o $@ -lm

# what nets reach on digits, diabetes and MNIST, beside scikit-learn, whose scores are kept; ONLY=small: without MNIST
.PHONY: accuracy
$(BUILD)/accuracy: bench/accuracy.c mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@ -lm
$(BUILD)/mnist-program: examples/mnist.c mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@ -lm
accuracy: $(BUILD)/accuracy $(BUILD)/mnist-program
	@BUILD=$(BUILD) CC="$(CC)" ONLY="$(ONLY)" bash bench/accuracy.sh

.PHONY: descent
descent: examples/descent.gp | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. examples/descent.c -o $(BUILD)/descent -lm
	$(BUILD)/descent > $(BUILD)/descent.csv
	gnuplot -e "data='$(BUILD)/descent.csv'; out='$(BUILD)/descent.png'" $<

# the recipe for tables beside scikit-learn (Debian: python3-sklearn), whose scores are kept; ONLY="glass pima": these,
# without a note
$(BUILD)/tables: bench/tables.c $(TABLE_NEEDS) | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< $(TABLE_PARTS) -o $@ -lm
$(BUILD)/tables-sklearn.csv: bench/tables.py bench/tables.txt | $(BUILD)
	/usr/bin/python3 -c "import sklearn" && /usr/bin/python3 bench/tables.py bench/tables.txt bench/data > $@.new && \
	    mv $@.new $@
tables: $(BUILD)/tables
	@$(MAKE) $(BUILD)/tables-sklearn.csv || echo "without scikit-learn: mlp.h alone"
	$(BUILD)/tables --beside $(BUILD)/tables-sklearn.csv $(if $(ONLY),$(ONLY),--note bench/tables.md)

$(BUILD):
	@mkdir -p $@

# ---- tools: a compiler, its level, and what runs its programs ----

# A build is named INSTRUCTION SET@TOOL; without @TOOL it is that of $(CC) $(OPT).
isa   = $(firstword $(subst @, ,$(1)))
tool  = $(or $(word 2,$(subst @, ,$(1))),host)
table = $(firstword $(subst -, ,$(call isa,$(1))))

SANITIZE := -g -fsanitize=address,undefined -fno-sanitize-recover=all
# several threads from the first row on, and blocks of few rows, which are fetched ahead
THREADED := -fopenmp -DMLP__LEAST_PROCESSORS=8 -DMLP__THREAD_ROWS=1 -DMLP__THREAD_FLOP=0 -DMLP__BLOCK_ROWS=16 \
            -DMLP__MANY_FLOATS=1
# node 20 corrupts its heap when a program that grows its memory goes on calling WASI (fast API calls; it dies at exit,
# after the tests have passed): with 256 MiB from the start, none grows
WASM := --target=wasm32-wasi -Wno-unused-command-line-argument -Wl,-z,stack-size=1048576 -Wl,--initial-memory=268435456

cc_host             := $(CC) -std=c99 $(OPT)
cc_openmp           := $(CC) -std=c99 $(OPT) $(THREADED)
cc_asan             := $(CC) -std=c99 -O1 $(SANITIZE)
cc_openmp-asan      := $(CC) -std=c99 -O1 $(SANITIZE) $(THREADED)
cc_clang-asan       := clang -std=c99 -O0 $(SANITIZE)
cc_tsan             := clang -std=c99 -O1 -g -fsanitize=thread $(THREADED)
cc_gcc-O0           := gcc -std=c99 -O0
cc_gcc-O2           := gcc -std=gnu11 -O2
cc_gcc-O3           := gcc -std=gnu11 -O3
cc_gcc-blocks       := gcc -std=gnu11 -O2 -DMLP__BLOCK_ROWS=5
cc_clang-O0         := clang -std=c99 -O0
cc_clang-O2         := clang -std=gnu11 -O2
cc_clang-O3         := clang -std=gnu11 -O3
cc_aarch64-gcc      := aarch64-linux-gnu-gcc -static -std=c99 -O2
cc_aarch64-gcc-O3   := aarch64-linux-gnu-gcc -static -std=c99 -O3
cc_aarch64-clang    := clang --target=aarch64-linux-gnu -static -std=c99 -O2
cc_aarch64-clang-O3 := clang --target=aarch64-linux-gnu -static -std=c99 -O3
cc_wasm-clang       := clang $(WASM) -std=c99 -O2
# gcc for s390x computes in double what is float under -std=c99
cc_s390x            := s390x-linux-gnu-gcc -static -std=gnu11 -O1
cc_riscv64          := riscv64-linux-gnu-gcc -static -std=c99 -O1
cc_ppc64le          := powerpc64le-linux-gnu-gcc -static -std=c99 -O1
cc_armhf            := arm-linux-gnueabihf-gcc -static -std=c99 -O1
cc_mips             := mips-linux-gnu-gcc -static -std=c99 -O1
cc_i686             := i686-linux-gnu-gcc -static -std=c99 -O1 -msse2 -mfpmath=sse

# in front of its programs
run_aarch64-gcc     := qemu-aarch64
run_aarch64-gcc-O3  := qemu-aarch64
run_aarch64-clang   := qemu-aarch64
run_aarch64-clang-O3:= qemu-aarch64
run_s390x           := qemu-s390x
run_riscv64         := qemu-riscv64
run_ppc64le         := qemu-ppc64le
run_armhf           := qemu-arm
run_mips            := qemu-mips
run_i686            := qemu-i386
run_wasm-clang      := node --no-warnings tests/wasi.mjs
run_tsan            := env OMP_NUM_THREADS=3 TSAN_OPTIONS=ignore_noninstrumented_modules=1 \
                       OMP_TOOL_LIBRARIES=libarcher.so

# of tests/all.c and tests/inner.c, where it is not -O1. gcc 12 for aarch64 fails internally (vect_transform_reduction)
# when it vectorizes sums in the tests, not in the library
level_aarch64-gcc   := -O1 -fno-tree-vectorize
level_clang-asan    := -O0
level_gcc-O0        := -O0
level_clang-O0      := -O0

# What a tool needs besides its compiler and what runs its programs. A tool that is not here becomes a skip of its name.
probe_openmp        := echo 'int main(void){return 0;}' | $(CC) -fopenmp -x c - -o /dev/null
probe_asan          := echo 'int main(void){return 0;}' | $(CC) -fsanitize=address,undefined -x c - -o /dev/null
probe_openmp-asan   := $(probe_openmp)
probe_clang-asan    := echo 'int main(void){return 0;}' | clang -fsanitize=address,undefined -x c - -o /dev/null
probe_tsan          := echo 'int main(void){return 0;}' | clang -fsanitize=thread -fopenmp -x c - -o /dev/null
probe_wasm-clang    := command -v wasm-ld && test -d /usr/include/wasm32-wasi
probe = command -v $(firstword $(cc_$(1))) $(if $(run_$(1)),&& command -v $(firstword $(run_$(1)))) \
        $(if $(probe_$(1)),&& $(probe_$(1)))
here  = $(foreach b,$(1),$(if $(shell { $(call probe,$(call tool,$(b))); } > /dev/null 2>&1 && echo here),$(b)))

# ---- test programs: tests/all.c, once for a tool; the kernels and tests/inner.c, for each instruction set ----

SECTIONS   := $(wildcard tests/*.c) tests/test.h tests/reference.h
STRICT     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wstrict-prototypes $(WERROR)
TEST_FLAGS := -Wall -Wextra
# keeps what the compiler says beside the object, for tests/compile.sh
warned      = 2> $@.warnings || { cat $@.warnings; exit 1; }
level       = $(or $(level_$(1)),-O1)
# threads are no matter of the kernels: those of these tools are another's
kernels_by_openmp      := host
kernels_by_openmp-asan := asan
kernels_of   = $(call isa,$(1))@$(or $(kernels_by_$(call tool,$(1))),$(call tool,$(1)))
kernels_only = -DMLP_KERNELS_ONLY=$(1) -Dmlp__kernels_$(1)=mlp__kernels_under_test

$(BUILD)/all-%: $(BUILD)/kernels-$$(call kernels_of,$$*).o $(BUILD)/inner-$$(call kernels_of,$$*).o \
                $(BUILD)/net-$$(call tool,$$*).o
	$(cc_$(call tool,$*)) $^ -o $@ -lm

$(BUILD)/kernels-%.o: mlp.h | $(BUILD)
	$(cc_$(call tool,$*)) $(STRICT) $(flags_$(call isa,$*)) $(call kernels_only,$(call table,$*)) \
	    -x c -c mlp.h -o $@ $(warned)

$(BUILD)/inner-%.o: $(SECTIONS) mlp.h | $(BUILD)
	$(cc_$(call tool,$*)) $(TEST_FLAGS) $(flags_$(call isa,$*)) -c tests/inner.c -o $@

$(BUILD)/net-%.o: $(SECTIONS) mlp.h | $(BUILD)
	$(cc_$*) $(call level,$*) $(TEST_FLAGS) -c tests/all.c -o $@

# the library as one file, for the examples and scripts
$(BUILD)/mlp-%.o: mlp.h | $(BUILD)
	$(cc_host) $(STRICT) $(flags_$*) -fstack-usage -DMLP_IMPLEMENTATION -x c -c mlp.h -o $@ $(warned)

# a whole library by other compilers and levels, and its bits
$(BUILD)/bits-%: $(SECTIONS) mlp.h | $(BUILD)
	$(cc_$(call tool,$*)) $(TEST_FLAGS) $(flags_$(call isa,$*)) tests/one_build.c -o $@ -lm

.PRECIOUS: $(BUILD)/kernels-%.o $(BUILD)/inner-%.o $(BUILD)/net-%.o $(BUILD)/mlp-%.o

# SMALL=1, the default, runs emulated tests on fewer shapes; check-all runs them whole
SMALL ?= 1
runner = $(run_$(call tool,$(1)))
slow   = $(or $(call runner,$(1)),$(findstring san,$(1)),$(filter emulated%,$(1)))
small  = $(if $(and $(filter 1,$(SMALL)),$(call slow,$(1))),env TEST_SMALL=1)
RUN    = JOBS=$(JOBS) CC="$(CC)" CXX="$(CXX)" BUILD="$(BUILD)" SIMD="$(SIMD)" SIMD_FLAGS="$(flags_$(SIMD))" \
         MAKE="$(MAKE)" sh tests/run.sh

missing   = $(sort $(foreach b,$(filter-out $(call here,$(1)),$(1)),$(call tool,$(b))))
skips     = $(foreach t,$(call missing,$(1)),"sh tests/missing.sh $(t)")
all_runs  = $(foreach b,$(call here,$(1)),"$(call small,$(b)) $(call runner,$(b)) $(BUILD)/all-$(b) $(2)") \
            $(call skips,$(1))
bits_runs = $(foreach b,$(call here,$(1)),"sh tests/bits.sh $(BUILD)/bits-$(b) $(call runner,$(b))") \
            $(call skips,$(1))
programs  = $(foreach b,$(call here,$(2)),$(BUILD)/$(1)-$(b))

# ---- make test ----

# every instruction set and class of arithmetic once, and the pairs of them with compilers and levels
ALL   := $(filter-out scalar-fma $(if $(filter emulated-fma,$(HERE)),emulated),$(HERE))
PAIRS := scalar@clang-O3 sse2@clang-O0 sse2@gcc-O3 scalar-fma@gcc-O3 avx2@gcc-O0 avx2@clang-O3 \
         avx512@clang-O0 avx512@gcc-O3 emulated@clang-O2 neon@clang-O0 neon@gcc-O3
BITS  := $(foreach b,$(PAIRS),$(if $(filter $(call isa,$(b)),$(HERE)),$(b)))
SCRIPTS := $(foreach s,symbols compile examples readme dispatch disk,"sh tests/$(s).sh")
# tests in whose names these stand are those that threads could change
OF_THREADS := train threads one_arithmetic
DISPATCH := $(if $(call has,__x86_64__),$(BUILD)/kernels-avx2@host.o $(BUILD)/kernels-avx512@host.o)

test:
	@$(MAKE) -j$(JOBS) $(call programs,all,$(ALL) $(SIMD)@openmp) $(call programs,bits,$(BITS)) \
	    $(BUILD)/mlp-$(SIMD).o $(DISPATCH)
	@$(RUN) $(SCRIPTS) $(call all_runs,$(ALL)) $(call all_runs,$(SIMD)@openmp,$(OF_THREADS)) $(call bits_runs,$(BITS))

# RUN_ONE="gdb --args"
OF ?= $(SIMD)
test-one:
	@$(MAKE) $(BUILD)/all-$(OF)
	$(call small,$(OF)) $(call runner,$(OF)) $(RUN_ONE) $(BUILD)/all-$(OF) $(TEST)

# ---- wider checks ----

BITS_FULL := $(foreach t,gcc-O0 gcc-O2 gcc-O3 clang-O0 clang-O2 clang-O3,$(HERE:%=%@$(t))) $(SIMD)@gcc-blocks \
             $(if $(filter avx2,$(HERE)),sse2-fma@gcc-O2)
check-bits:
	@$(MAKE) -j$(JOBS) $(call programs,bits,$(BITS_FULL))
	@$(RUN) "sh tests/symbols.sh full" $(call bits_runs,$(BITS_FULL))

CROSS      := neon@aarch64-gcc neon@aarch64-clang wasm@wasm-clang
CROSS_BITS := neon@aarch64-gcc-O3 neon@aarch64-clang-O3 scalar@aarch64-gcc-O3 scalar@aarch64-clang scalar@wasm-clang
check-cross:
	@$(MAKE) -j$(JOBS) $(call programs,all,$(CROSS)) $(call programs,bits,$(CROSS_BITS))
	@$(RUN) $(call all_runs,$(CROSS)) $(call bits_runs,$(CROSS_BITS))

# big-endian, 32 bits, with and without fused multiply-add in hardware
TARGETS := scalar@s390x scalar@riscv64 scalar@ppc64le scalar@mips scalar@i686 sse2@i686
check-targets:
	@$(MAKE) -j$(JOBS) $(call programs,all,$(TARGETS))
	@$(RUN) $(call all_runs,$(TARGETS))

SANITIZED := $(if $(filter avx2,$(HERE)),sse2@asan avx2@asan) $(lastword $(filter emulated%,$(HERE)))@asan \
             $(SIMD)@openmp-asan scalar@clang-asan scalar@tsan
IN_THREADS := %@openmp-asan %@tsan
check-sanitize:
	@$(MAKE) -j$(JOBS) $(call programs,all,$(SANITIZED))
	@$(RUN) $(call all_runs,$(filter-out $(IN_THREADS),$(SANITIZED))) \
	    $(call all_runs,$(filter $(IN_THREADS),$(SANITIZED)),$(OF_THREADS))

check-tiles:
	@sh tests/tiles.sh

check-size:
	@sh tests/size.sh

# Debian: libopenmpi-dev, openmpi-bin
check-mpi: $(BUILD)/mlp-$(SIMD).o
	@BUILD=$(BUILD) CC="$(CC)" SIMD=$(SIMD) SIMD_FLAGS="$(flags_$(SIMD))" sh tests/mpi.sh

# Debian: libsimde-dev
check-simde: | $(BUILD)
	@BUILD=$(BUILD) CC="$(CC)" sh tests/simde.sh

# Needs python3-torch, python3-onnx, tcc, gcc-arm-none-eabi with libnewlib-arm-none-eabi, npm; skips what is not here
check-interop: | $(BUILD)
	@BUILD=$(BUILD) CC="$(CC)" SIMD_FLAGS="$(flags_$(SIMD))" sh tests/interop.sh

check-break:
	@CC="$(CC)" BUILD=$(BUILD) SIMD=$(SIMD) SIMD_FLAGS="$(flags_$(SIMD))" JOBS=$(JOBS) ONLY="$(ONLY)" sh tests/break.sh

# clang with its fuzzer (Debian: libclang-rt-14-dev); what it finds stays in build/fuzz
FUZZ_SECONDS ?= 60
# the loader under sanitizers, with kernels apart, which take clang minutes there
FUZZ_FLAGS := -DMLP__KERNELS_APART -DMLP__SIMD_under_test=0 -DMLP_DISPATCH '-DMLP_DISPATCH_TABLES(X)=X(under_test)'
$(BUILD)/fuzz_load: tests/fuzz_load.c mlp.h $(BUILD)/kernels-scalar@clang-O2.o | $(BUILD)
	clang -std=c99 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(FUZZ_FLAGS) \
	    $< $(filter %.o,$^) -o $@
$(BUILD)/fuzz_seeds: tests/fuzz_load.c mlp.h | $(BUILD)
	$(CC) -std=c99 -O1 -DMLP_SIMD=MLP_SIMD_SCALAR -DFUZZ_SEEDS $< -o $@
check-fuzz:
	@sh tests/fuzz.sh $(BUILD) $(FUZZ_SECONDS)

ULP_ISAS := $(if $(filter sse2,$(HERE)),sse2,scalar) $(filter avx512,$(HERE))
ULP      := $(foreach f,exp log tanh sigmoid sin cos,$(ULP_ISAS:%=$(f)/%))
check-ulp: $(ULP:%=check-ulp/%)
check-ulp/%:
	@$(MAKE) $(BUILD)/all-$(notdir $*)
	$(BUILD)/all-$(notdir $*) --every-input vmath_$(*D)_is

# the programs of bench/ here and those of NEON under qemu
BENCH_NEON     := aarch64-linux-gnu-gcc -static
BENCH_NEON_RUN := "sh tests/bench.sh $(BUILD)/bench-aarch64-linux-gnu-gcc-neon-program qemu-aarch64"
check-bench:
	@$(MAKE) -j$(JOBS) $(BENCH_NAME)program $(if $(call here,$(SIMD)@openmp),$(BENCH_NAME)threads)
	@$(if $(call here,neon@aarch64-gcc),$(MAKE) -j$(JOBS) bench-program CC="$(BENCH_NEON)")
	@$(RUN) "sh tests/bench.sh $(BENCH_NAME)program" \
	    $(if $(call here,neon@aarch64-gcc),$(BENCH_NEON_RUN),"sh tests/missing.sh aarch64-gcc")

check-all: check-bits check-tiles check-break check-interop check-mpi check-simde check-size
	@$(MAKE) test check-cross check-targets check-sanitize SMALL=0
	@$(MAKE) -j$(JOBS) check-ulp
	@$(MAKE) check-bench
	@$(MAKE) check-fuzz

# ---- benchmarks: read when they are asked for ----

ifneq ($(filter bench% $(BUILD)/bench% $(BUILD)/peers% report compare peers check-bench check-peers,$(MAKECMDGOALS)),)
include bench/bench.mk bench/peers/peers.mk
endif

# ---- the rest ----

install:
	install -d $(DESTDIR)$(PREFIX)/include
	install -m 644 mlp.h $(DESTDIR)$(PREFIX)/include/mlp.h

clean:
	rm -rf $(BUILD)
