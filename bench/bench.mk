# Benchmarks, read by the Makefile: bench/README.md says what they are. The compiler's target decides which instruction sets are
# built, so that CC="aarch64-linux-gnu-gcc -static" BENCH_RUN=qemu-aarch64 runs those of NEON.
.PHONY: bench bench-program

BENCH_TARGET := $(shell echo | $(CC) -dM -E - 2>/dev/null)
BENCH_ISAS   := $(if $(filter __x86_64__,$(BENCH_TARGET)),sse2 avx2 avx512,$(if $(filter __aarch64__,$(BENCH_TARGET)),neon))
BENCH_TABLES := $(filter avx2 avx512,$(BENCH_ISAS))
BENCH_NAME   := $(BUILD)/bench-$(notdir $(firstword $(CC)))-$(firstword $(BENCH_ISAS) scalar)-
BENCH_WARN   := -std=c99 $(WARN) -Wno-unused-function

# The scalar kernels twice, with and without the compiler's vectorizer, which may use everything that this machine has.
BENCH_NATIVE           := -O3 $(if $(NATIVE),-march=native) -DMLP_SIMD=MLP_SIMD_SCALAR
bench_flags_scalar     := $(BENCH_NATIVE) -fno-tree-vectorize -fno-tree-slp-vectorize
bench_flags_vectorized := $(BENCH_NATIVE)
bench_flags             = $(or $(bench_flags_$(1)),$(strip $(OPT) $(flags_$(1))))

define BENCH_PEAK
$(BENCH_NAME)peak_$(1).o: bench/peak.c bench/measure.h mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(call bench_flags,$(1)) -DPEAK=peak_$(1) -DFLAGS='"$(call bench_flags,$(1))"' -c $$< -o $$@
endef
define BENCH_SCALAR
$(BENCH_NAME)kernels_$(1).o: bench/scalar.c mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(call bench_flags,$(1)) -DTABLE=table_$(1) -c $$< -o $$@
endef
define BENCH_TABLE
$(BENCH_NAME)kernels_$(1).o: examples/dispatch/$(1).c mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(call bench_flags,$(1)) -I. -c $$< -o $$@
endef
$(foreach i,scalar vectorized $(BENCH_ISAS),$(eval $(call BENCH_PEAK,$(i))))
$(foreach i,scalar vectorized,$(eval $(call BENCH_SCALAR,$(i))))
$(foreach i,$(BENCH_TABLES),$(eval $(call BENCH_TABLE,$(i))))

$(BENCH_NAME)program: bench/bench.c bench/measure.h mlp.h $(foreach i,scalar vectorized $(BENCH_ISAS),$(BENCH_NAME)peak_$(i).o) \
                      $(foreach i,scalar vectorized $(BENCH_TABLES),$(BENCH_NAME)kernels_$(i).o)
	$(CC) $(BENCH_WARN) $(OPT) $(filter %.c %.o,$^) -o $@ -lm

# builds the program and prints its name as the last line, for tests/bench.sh
bench-program: $(BENCH_NAME)program
	@echo $(BENCH_NAME)program

# ONLY="forward softmax": kernels whose names have one of these in them; no results are written then.
ONLY        ?=
BENCH_RUN   ?=
BENCH_CPU   := $(if $(CPU),--cpu "$(CPU)")
BENCH_TIMES := $(foreach i,scalar $(BENCH_ISAS),--compile $(i) "$(CC) -O2 $(flags_$(i)) -o $(BENCH_NAME)compiled.o")
bench: $(BENCH_NAME)program
	@mkdir -p bench/results
	$(BENCH_RUN) $(BENCH_NAME)program $(BENCH_CPU) --paste $(BENCH_NAME)paste $(if $(ONLY),,--results bench/results) $(BENCH_TIMES) $(ONLY)
	@if [ -f $(BENCH_NAME)paste ]; then echo "---- to paste ----"; cat $(BENCH_NAME)paste; echo "----"; fi

# ---- this mlp.h against an earlier one, in one process and in turns ----

# FROM=HEAD~1: a revision of git, or BEFORE=file; AFTER=file: another than ./mlp.h. ONLY="dX 64,256,256 train 784-128-10,32": these, see bench/change.c
.PHONY: bench-change
FROM   ?= HEAD
BEFORE ?=
AFTER  ?= mlp.h
CHANGE := $(BENCH_NAME)change
bench-change: $(BENCH_NAME)peak_$(SIMD).o
	@mkdir -p $(CHANGE)-before $(CHANGE)-after
	@cp "$(AFTER)" $(CHANGE)-after/mlp.h
	@$(if $(BEFORE),cp "$(BEFORE)" $(CHANGE)-before/mlp.h,git show "$(FROM):mlp.h" > $(CHANGE)-before/mlp.h)
	$(CC) $(BENCH_WARN) $(call bench_flags,$(SIMD)) -I$(CHANGE)-before -DVERSION=before -c bench/version.c -o $(CHANGE)-before.o
	$(CC) $(BENCH_WARN) $(call bench_flags,$(SIMD)) -I$(CHANGE)-after -DVERSION=after -c bench/version.c -o $(CHANGE)-after.o
	$(CC) $(BENCH_WARN) $(OPT) -DPEAK=peak_$(SIMD) bench/change.c $(CHANGE)-before.o $(CHANGE)-after.o $< -o $(CHANGE) -lm
	$(CHANGE) $(ONLY)

# ---- training with several threads, bound to cores of their own ----

.PHONY: bench-threads
$(BENCH_NAME)threads: bench/threads.c bench/measure.h mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(call bench_flags,$(SIMD)) -fopenmp -DFLAGS='"$(call bench_flags,$(SIMD)) -fopenmp"' $< -o $@

bench-threads: $(BENCH_NAME)threads $(BENCH_NAME)program
	OMP_PROC_BIND=true $(BENCH_NAME)threads $(BENCH_CPU) --json $(BENCH_NAME)threads.json
	@mkdir -p bench/results
	@mv $(BENCH_NAME)threads.json bench/results/$$($(BENCH_NAME)program $(BENCH_CPU) --name)-threads.json

# ---- whole programs, built for each instruction set of this CPU and compared by hyperfine ----

.PHONY: bench-builds bench-hyperfine report
BENCH_BUILDS := scalar vectorized $(filter sse2 avx2 avx512 neon,$(HERE))
bench_source_digits := examples/digits.c
bench_source_train  := bench/train.c

define BENCH_BUILD
$(BENCH_NAME)$(1)-$(2): $(bench_source_$(1)) mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(call bench_flags,$(2)) -I. $$< -o $$@
endef
$(foreach p,digits train,$(foreach i,$(BENCH_BUILDS),$(eval $(call BENCH_BUILD,$(p),$(i)))))

HYPERFINE    ?= hyperfine
bench_compare = $(HYPERFINE) -N --style basic --warmup 1 --runs 10 --export-json $(BENCH_NAME)$(1).json \
                $(foreach i,$(BENCH_BUILDS),-n "$(1) $(i) $(call bench_flags,$(i))" $(BENCH_NAME)$(1)-$(i))

bench-builds: bench-hyperfine $(BENCH_NAME)program $(foreach i,$(BENCH_BUILDS),$(BENCH_NAME)digits-$(i) $(BENCH_NAME)train-$(i))
	$(call bench_compare,digits)
	$(call bench_compare,train)
	@mkdir -p bench/results
	@name=$$($(BENCH_NAME)program $(BENCH_CPU) --name) && \
	    for p in digits train; do mv $(BENCH_NAME)$$p.json bench/results/$$name-$$p.json; done

bench-hyperfine:
	@command -v $(HYPERFINE) > /dev/null || { echo "make bench-builds needs hyperfine, which is not here (apt-get install hyperfine)" >&2; exit 1; }

report:
	@sh bench/report.sh bench/results README.md
