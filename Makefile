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

# What this machine runs: read off what the compiler would define for it.
NATIVE := $(shell echo | $(CC) -march=native -dM -E - 2>/dev/null)
has     = $(filter $(1),$(NATIVE))
X86    := $(if $(call has,__x86_64__),yes)
HERE   := $(if $(X86),scalar emulated $(if $(call has,__FMA__),scalar-fma emulated-fma) \
            $(if $(and $(call has,__AVX2__),$(call has,__FMA__)),avx2) $(if $(call has,__AVX512F__),avx512),scalar emulated)
SIMD   ?= $(lastword $(filter scalar avx2 avx512,$(HERE)))

# The flags of each build. -fma: with fused multiply-add, though not vectorized by hand.
flags_scalar       := -DMLP_SIMD=MLP_SIMD_SCALAR
flags_emulated     := -DMLP_SIMD=MLP_SIMD_EMULATED
flags_scalar-fma   := -mfma -DMLP_SIMD=MLP_SIMD_SCALAR
flags_emulated-fma := -mfma -DMLP_SIMD=MLP_SIMD_EMULATED
flags_avx2         := -mavx2 -mfma
flags_avx512       := -mavx512f

JOBS := $(shell nproc 2>/dev/null || echo 2)
MAKEFLAGS += --no-print-directory

.PHONY: run test check-break check-ulp check-sanitize check-all bench clean help install
.DEFAULT_GOAL := help

help:
	@echo "make run             train 64-32-10 on the digits, show what it learned"
	@echo "make test            all tests that this machine can run (REQUIRE=avx512,clang makes a skip of these a failure)"
	@echo "make check-sanitize  the tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make check-break     each patch of tests/break must make its test fail"
	@echo "make check-ulp       the error of exp, log, tanh, sigmoid over all 2^32 floats"
	@echo "make check-all       all of these"
	@echo "make bench           GFLOP/s and GB/s of every kernel, as a table and as JSON lines"
	@echo "make install         mlp.h to PREFIX/include ($(PREFIX))"
	@echo "SIMD=$(SIMD)  (of: $(sort $(HERE)); default: the best here)   CC=$(CC)  OPT=$(OPT)  BUILD=$(BUILD)"

# ---- the main job ----

$(BUILD)/%-$(SIMD): examples/%.c mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@

run: $(BUILD)/digits-$(SIMD)
	@echo "SIMD=$(SIMD) (of: $(sort $(HERE)))"
	@$(BUILD)/digits-$(SIMD)

$(BUILD):
	@mkdir -p $@

# ---- tests: one program of all sections for each instruction set, one of all builds against each other, scripts ----

SECTIONS := $(wildcard tests/*.c) tests/test.h tests/reference.h

$(BUILD)/all-%: $(SECTIONS) mlp.h | $(BUILD)
	$(CC) -std=c99 -Wall -Wextra -Wno-unused-function $(OPT) $(flags_$*) tests/all.c -o $@ -lm

# Builds of the library for tests/bits.c: isa x compiler x options. Those of a compiler that is not here become skipped rows.
COMPILERS    := $(foreach c,gcc clang,$(if $(shell command -v $(c)),$(c)))
BITS_ISAS    := scalar emulated scalar-fma emulated-fma avx2 avx512
BITS_OPTIONS := O0,c99 O2,gnu11 O3,c99
comma        := ,
bits_flags    = -$(word 1,$(subst $(comma), ,$(1))) -std=$(word 2,$(subst $(comma), ,$(1))) $(if $(findstring blocks,$(1)),-DMLP__BLOCK_ROWS=5)
bits_needs    = $(if $(findstring fma,$(1)),fma,$(if $(findstring avx,$(1)),$(1),any))
BITS_BUILDS  := $(foreach i,$(BITS_ISAS),$(foreach c,gcc clang,$(foreach o,$(BITS_OPTIONS),$(i)/$(c)/$(o)))) avx2/gcc/O2,gnu11,blocks
bits_id       = bits-$(subst $(comma),-,$(subst /,-,$(1)))
bits_object   = $(BUILD)/$(call bits_id,$(1)).o
bits_isa      = $(word 1,$(subst /, ,$(1)))
bits_compiler = $(word 2,$(subst /, ,$(1)))
bits_options  = $(word 3,$(subst /, ,$(1)))
BITS_HERE    := $(foreach b,$(BITS_BUILDS),$(if $(filter $(call bits_compiler,$(b)),$(COMPILERS)),$(b)))
BITS_OBJECTS := $(foreach b,$(BITS_HERE),$(call bits_object,$(b)))

define BITS_RULE
$(call bits_object,$(1)): tests/isa.c tests/bits.h tests/test.h mlp.h | $(BUILD)
	$(call bits_compiler,$(1)) $(call bits_flags,$(call bits_options,$(1))) $(flags_$(call bits_isa,$(1))) \
	    -DISA=$(subst -,_,$(call bits_id,$(1))) -c tests/isa.c -o $$@
endef
$(foreach b,$(BITS_HERE),$(eval $(call BITS_RULE,$(b))))

$(BUILD)/bits_list.h: $(BITS_OBJECTS) tests/bits_list.sh
	@sh tests/bits_list.sh $(foreach b,$(BITS_BUILDS),"$(patsubst %-fma,%,$(call bits_isa,$(b)))/$(call bits_compiler,$(b))/$(call bits_options,$(b))/$(call bits_needs,$(call bits_isa,$(b)))/$(subst /,|,$(call bits_object,$(b)))") > $@

$(BUILD)/bits: tests/bits.c $(BUILD)/bits_list.h tests/bits.h tests/test.h
	$(CC) -std=c99 -Wall -Wextra -Wno-unused-function $(OPT) -DBITS_LIST='"../$(BUILD)/bits_list.h"' tests/bits.c $(BITS_OBJECTS) -o $@ -lm

ALL_HERE := $(foreach i,$(HERE),$(BUILD)/all-$(i))

test:
	@$(MAKE) -j$(JOBS) $(ALL_HERE) $(BUILD)/bits
	@JOBS=$(JOBS) CC="$(CC)" CXX="$(CXX)" SIMD_FLAGS="$(flags_$(SIMD))" sh tests/run.sh $(ALL_HERE) $(BUILD)/bits "sh tests/symbols.sh" \
	    "sh tests/compile.sh" "sh tests/examples.sh"

# ---- wider checks ----

SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
$(BUILD)/sanitize-%: $(SECTIONS) mlp.h | $(BUILD)
	$(CC) -std=c99 -Wall -Wextra -Wno-unused-function $(SANITIZE) $(flags_$*) tests/all.c -o $@ -lm

SANITIZED := $(foreach i,$(filter emulated emulated-fma avx2,$(HERE)),$(BUILD)/sanitize-$(i))
check-sanitize:
	@$(MAKE) -j$(JOBS) $(SANITIZED)
	@JOBS=$(JOBS) TEST_SMALL=1 sh tests/run.sh $(SANITIZED)

check-break:
	@CC="$(CC)" SIMD_FLAGS="$(flags_$(SIMD))" JOBS=$(JOBS) sh tests/break.sh

ULP := $(foreach f,exp log tanh sigmoid,$(foreach i,scalar $(filter scalar-fma avx512,$(HERE)),$(f)/$(i)))
check-ulp: $(ULP:%=check-ulp/%)
check-ulp/%:
	@$(MAKE) $(BUILD)/all-$(notdir $*)
	$(BUILD)/all-$(notdir $*) --every-input vmath_$(*D)_

check-all: test check-sanitize check-break
	@$(MAKE) -j$(JOBS) check-ulp

# ---- the rest ----

install:
	install -d $(DESTDIR)$(PREFIX)/include
	install -m 644 mlp.h $(DESTDIR)$(PREFIX)/include/mlp.h

clean:
	rm -rf $(BUILD)
