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

.PHONY: run test check-break check-cross check-ulp check-sanitize check-tiles check-interop check-fuzz check-all clean help install
.DEFAULT_GOAL := help

help:
	@echo "make run             train 64-32-10 on the digits, show what it learned"
	@echo "make test            all tests that this machine can run (REQUIRE=avx512,clang makes a skip of these a failure)"
	@echo "make check-cross     the tests for NEON under qemu and for WebAssembly in node, those of files for s390x, which is big-endian"
	@echo "make check-tiles     the inner loops of the matrix products in the disassembly: exact, no spills"
	@echo "make check-interop   models in PyTorch, ONNX Runtime (by npm) and as C under other compilers, and PyTorch's here"
	@echo "make check-sanitize  the tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make check-fuzz      model files made up by libFuzzer, for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make check-break     each patch of tests/break must make its test fail"
	@echo "make check-ulp       the error of exp, log, tanh, sigmoid, sin, cos over all 2^32 floats"
	@echo "make check-all       all of these, nothing reduced"
	@echo "make bench           every kernel on every instruction set of this CPU, into bench/results (ONLY=\"forward adam\": these)"
	@echo "make bench-builds    whole programs built for each instruction set, compared by hyperfine"
	@echo "make bench-threads   training with one, two and all threads of this machine (needs OpenMP)"
	@echo "make bench-change    this mlp.h and that of FROM=HEAD in turns (FROM=HEAD~1; ONLY=\"dX 64,256,256 train 784-128-10,32\": these)"
	@echo "make report          all results in bench/results as a table, plots, and the table in README.md"
	@echo "make compare         mlp.h and the libraries one would use instead (ONLY=gemm, train, batch1, elementwise: these)"
	@echo "make check-peers     that each of those libraries computes the right thing there"
	@echo "make install         mlp.h to PREFIX/include ($(PREFIX))"
	@echo "SIMD=$(SIMD)  (of: $(sort $(HERE)); default: the best here)   CC=$(CC)  OPT=$(OPT)  BUILD=$(BUILD)"

# ---- the main job ----

$(BUILD)/%-$(SIMD): examples/%.c mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@

run: $(BUILD)/digits-$(SIMD)
	@echo "SIMD=$(SIMD) (of: $(sort $(HERE)))"
	@$(BUILD)/digits-$(SIMD) 0 examples/data/digits.csv $(BUILD)/digits.safetensors

$(BUILD):
	@mkdir -p $@

# ---- compilers: native and cross, and what they need ----

found = $(if $(shell command -v $(1)),$(1))
cmd_gcc           := gcc
cmd_clang         := clang
cmd_aarch64-gcc   := aarch64-linux-gnu-gcc -static
cmd_aarch64-clang := clang --target=aarch64-linux-gnu -static
cmd_s390x-gcc     := s390x-linux-gnu-gcc -static
# node 20 corrupts its heap when a program that grows its memory goes on calling WASI (fast API calls; it dies at exit, after the tests have
# passed): with 256 MiB from the start, none grows
cmd_wasm-clang    := clang --target=wasm32-wasi -Wl,-z,stack-size=1048576 -Wl,--initial-memory=268435456
COMPILERS := $(call found,gcc) $(call found,clang)
ifneq ($(and $(call found,aarch64-linux-gnu-gcc),$(call found,qemu-aarch64)),)
    COMPILERS += aarch64-gcc $(if $(call found,clang),aarch64-clang)
endif
ifneq ($(and $(call found,s390x-linux-gnu-gcc),$(call found,qemu-s390x)),)
    COMPILERS += s390x-gcc
endif
ifneq ($(and $(call found,clang),$(call found,wasm-ld),$(call found,node),$(wildcard /usr/include/wasm32-wasi)),)
    COMPILERS += wasm-clang
endif

# ---- tests: one program of all sections for each build, one of all builds against each other, scripts ----

SECTIONS := $(filter-out tests/fuzz_load.c,$(wildcard tests/*.c)) tests/test.h tests/reference.h
TEST_FLAGS := -std=c99 -Wall -Wextra -Wno-unused-function

$(BUILD)/all-%: $(SECTIONS) mlp.h | $(BUILD)
	$(CC) $(TEST_FLAGS) $(OPT) $(flags_$*) tests/all.c -o $@ -lm

# threads, from the first row on, and blocks of few rows, which are fetched ahead
OPENMP := $(shell f=$$(mktemp) && { echo 'int main(void){return 0;}' | $(CC) -fopenmp -x c - -o $$f 2>/dev/null && echo all-openmp; rm -f $$f; })
$(BUILD)/all-openmp: $(SECTIONS) mlp.h | $(BUILD)
	$(CC) $(TEST_FLAGS) $(OPT) $(flags_$(SIMD)) -fopenmp -DMLP__THREAD_ROWS=1 -DMLP__THREAD_FLOP=0 -DMLP__BLOCK_ROWS=16 -DMLP__MANY_FLOATS=1 tests/all.c -o $@ -lm

# gcc 12 for aarch64 fails internally (vect_transform_reduction) when it vectorizes sums in the tests, not in the library
$(BUILD)/all-neon-gcc: $(SECTIONS) mlp.h | $(BUILD)
	$(cmd_aarch64-gcc) $(TEST_FLAGS) -O2 -fno-tree-vectorize tests/all.c -o $@ -lm
$(BUILD)/all-neon-clang: $(SECTIONS) mlp.h | $(BUILD)
	$(cmd_aarch64-clang) $(TEST_FLAGS) -O2 tests/all.c -o $@ -lm
$(BUILD)/all-s390x: $(SECTIONS) mlp.h | $(BUILD)
	$(cmd_s390x-gcc) $(TEST_FLAGS) -O1 tests/all.c -o $@ -lm
$(BUILD)/all-wasm: $(SECTIONS) mlp.h | $(BUILD)
	$(cmd_wasm-clang) $(TEST_FLAGS) $(flags_wasm) -O2 tests/all.c -o $@ -lm

# Builds of the library for tests/bits.c: build/compiler/options. Those of a compiler that is not here become skipped rows.
comma        := ,
BITS_LEVELS  := O0,c99 O2,gnu11 O3,c99
BITS_FASTER  := O2,gnu11 O3,c99
bits_rows     = $(foreach i,$(1),$(foreach c,$(2),$(foreach o,$(3),$(i)/$(c)/$(o))))
BITS_native  := $(call bits_rows,scalar sse2 scalar-fma avx2 avx512,gcc clang,$(BITS_LEVELS)) \
                $(call bits_rows,emulated emulated-fma,gcc,$(BITS_FASTER)) sse2-fma/gcc/O2,gnu11 avx2/gcc/O2,gnu11,blocks
BITS_neon    := $(call bits_rows,neon,aarch64-gcc aarch64-clang,$(BITS_FASTER)) scalar/aarch64-gcc/O2,gnu11 scalar/aarch64-clang/O3,c99
BITS_wasm    := wasm/wasm-clang/O2,gnu11 scalar/wasm-clang/O2,gnu11

bits_id       = bits-$(subst $(comma),-,$(subst /,-,$(1)))
bits_object   = $(BUILD)/$(call bits_id,$(1)).o
bits_word     = $(word $(2),$(subst /, ,$(1)))
bits_flags    = -$(word 1,$(subst $(comma), ,$(1))) -std=$(word 2,$(subst $(comma), ,$(1))) $(if $(findstring blocks,$(1)),-DMLP__BLOCK_ROWS=5)
bits_needs    = $(if $(filter avx2 avx512,$(1)),$(1),$(if $(filter %-fma,$(1)),fma,any))
bits_here     = $(foreach b,$(1),$(if $(filter $(call bits_word,$(b),2),$(COMPILERS)),$(b)))
bits_list     = $(foreach b,$(1),"$(patsubst %-fma,%,$(call bits_word,$(b),1))/$(call bits_word,$(b),2)/$(call bits_word,$(b),3)/$(call bits_needs,$(call bits_word,$(b),1))/$(subst /,|,$(call bits_object,$(b)))")

define BITS_RULE
$(call bits_object,$(1)): tests/isa.c tests/bits.h tests/test.h mlp.h | $(BUILD)
	$(cmd_$(call bits_word,$(1),2)) $(call bits_flags,$(call bits_word,$(1),3)) $(flags_$(call bits_word,$(1),1)) \
	    -DISA=$(subst -,_,$(call bits_id,$(1))) -c tests/isa.c -o $$@
endef
$(foreach b,$(call bits_here,$(BITS_native) $(BITS_neon) $(BITS_wasm)),$(eval $(call BITS_RULE,$(b))))

define BITS_PROGRAM
$(BUILD)/$(1): $(foreach b,$(call bits_here,$(2)),$(call bits_object,$(b))) tests/bits_list.sh tests/bits.c tests/bits.h tests/test.h
	@OBJDUMP="$(4)" sh tests/bits_list.sh $(call bits_list,$(2)) > $(BUILD)/$(1).h
	$(3) $(TEST_FLAGS) -O2 -DBITS_LIST='"../$(BUILD)/$(1).h"' tests/bits.c $(foreach b,$(call bits_here,$(2)),$(call bits_object,$(b))) -o $$@ -lm
endef
$(eval $(call BITS_PROGRAM,bits,$(BITS_native),$(CC),objdump))
$(eval $(call BITS_PROGRAM,bits-neon,$(BITS_neon),$(cmd_aarch64-gcc),aarch64-linux-gnu-objdump))
$(eval $(call BITS_PROGRAM,bits-wasm,$(BITS_wasm),$(cmd_wasm-clang) $(flags_wasm),objdump))

ALL_HERE := $(foreach i,$(HERE),$(BUILD)/all-$(i))
BITS_RUNS := "$(BUILD)/bits 0/4" "$(BUILD)/bits 1/4" "$(BUILD)/bits 2/4" "$(BUILD)/bits 3/4"
RUN := JOBS=$(JOBS) CC="$(CC)" CXX="$(CXX)" SIMD_FLAGS="$(flags_$(SIMD))" sh tests/run.sh

test:
	@$(MAKE) -j$(JOBS) $(ALL_HERE) $(OPENMP:%=$(BUILD)/%) $(BUILD)/bits $(BENCH_NAME)program $(if $(OPENMP),$(BENCH_NAME)threads)
	@$(RUN) "sh tests/examples.sh" "sh tests/compile.sh" "sh tests/symbols.sh" "sh tests/dispatch.sh" "sh tests/disk.sh" \
	    "sh tests/bench.sh $(BENCH_NAME)program" $(BITS_RUNS) $(ALL_HERE) $(if $(OPENMP),"$(BUILD)/all-openmp train","sh tests/missing.sh openmp")

# ---- wider checks ----

# SMALL=1, the default, runs emulated tests on fewer shapes; check-all runs them whole
SMALL ?= 1
small := env $(if $(filter 1,$(SMALL)),TEST_SMALL=1)
BENCH_NEON := $(BUILD)/bench-$(firstword $(cmd_aarch64-gcc))-neon-program
CROSS_BUILDS := $(if $(filter aarch64-gcc,$(COMPILERS)),all-neon-gcc bits-neon) $(if $(filter aarch64-clang,$(COMPILERS)),all-neon-clang) \
                $(if $(filter wasm-clang,$(COMPILERS)),all-wasm bits-wasm) $(if $(filter s390x-gcc,$(COMPILERS)),all-s390x)
CROSS_RUNS := $(if $(filter aarch64-gcc,$(COMPILERS)),"$(small) qemu-aarch64 $(BUILD)/all-neon-gcc" "qemu-aarch64 $(BUILD)/bits-neon" "sh tests/bench.sh $(BENCH_NEON) qemu-aarch64","sh tests/missing.sh aarch64-gcc") \
              $(if $(filter aarch64-clang,$(COMPILERS)),"$(small) qemu-aarch64 $(BUILD)/all-neon-clang","sh tests/missing.sh aarch64-clang") \
              $(if $(filter wasm-clang,$(COMPILERS)),"$(small) node --no-warnings tests/wasi.mjs $(BUILD)/all-wasm" "node --no-warnings tests/wasi.mjs $(BUILD)/bits-wasm","sh tests/missing.sh wasm-clang") \
              $(if $(filter s390x-gcc,$(COMPILERS)),"$(small) qemu-s390x $(BUILD)/all-s390x io_","sh tests/missing.sh s390x-gcc")
check-cross:
	@$(MAKE) -j$(JOBS) $(CROSS_BUILDS:%=$(BUILD)/%)
	@$(if $(filter aarch64-gcc,$(COMPILERS)),$(MAKE) -j$(JOBS) $(BENCH_NEON) CC="$(cmd_aarch64-gcc)")
	@$(RUN) $(CROSS_RUNS)

check-tiles:
	@sh tests/tiles.sh

# Needs python3-torch, python3-onnx, tcc, gcc-arm-none-eabi with libnewlib-arm-none-eabi, npm; skips what is not here
check-interop: | $(BUILD)
	@BUILD=$(BUILD) CC="$(CC)" SIMD_FLAGS="$(flags_$(SIMD))" sh tests/interop.sh

SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
$(BUILD)/sanitize-%: $(SECTIONS) mlp.h | $(BUILD)
	$(CC) $(TEST_FLAGS) $(SANITIZE) $(flags_$*) tests/all.c -o $@ -lm

SANITIZED := $(foreach i,$(filter emulated emulated-fma sse2 avx2,$(HERE)),$(BUILD)/sanitize-$(i))
check-sanitize:
	@$(MAKE) -j$(JOBS) $(SANITIZED)
	@$(RUN) $(foreach p,$(SANITIZED),"$(small) $(p)")

check-break:
	@CC="$(CC)" SIMD_FLAGS="$(flags_$(SIMD))" JOBS=$(JOBS) sh tests/break.sh

# clang with its fuzzer (Debian: libclang-rt-14-dev); what it finds stays in build/fuzz
FUZZ_SECONDS ?= 60
$(BUILD)/fuzz_load: tests/fuzz_load.c mlp.h | $(BUILD)
	clang -std=c99 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $< -o $@
$(BUILD)/fuzz_seeds: tests/fuzz_load.c mlp.h | $(BUILD)
	$(CC) -std=c99 -O1 -DFUZZ_SEEDS $< -o $@
check-fuzz:
	@sh tests/fuzz.sh $(BUILD) $(FUZZ_SECONDS)

ULP := $(foreach f,exp log tanh sigmoid sin cos,$(foreach i,$(if $(filter sse2,$(HERE)),sse2,scalar) $(filter avx512,$(HERE)),$(f)/$(i)))
check-ulp: $(ULP:%=check-ulp/%)
check-ulp/%:
	@$(MAKE) $(BUILD)/all-$(notdir $*)
	$(BUILD)/all-$(notdir $*) --every-input vmath_$(*D)_is

check-all: test check-tiles check-break check-interop
	@$(MAKE) check-cross check-sanitize SMALL=0
	@$(MAKE) -j$(JOBS) check-ulp
	@$(MAKE) check-fuzz

# ---- benchmarks ----

include bench/bench.mk bench/peers/peers.mk

# ---- the rest ----

install:
	install -d $(DESTDIR)$(PREFIX)/include
	install -m 644 mlp.h $(DESTDIR)$(PREFIX)/include/mlp.h

clean:
	rm -rf $(BUILD)
