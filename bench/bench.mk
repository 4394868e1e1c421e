# Benchmarks, read by the Makefile: bench/README.md says what they are. The compiler's target decides which instruction
# sets are built, so that CC="aarch64-linux-gnu-gcc -static" BENCH_RUN=qemu-aarch64 runs those of NEON.
.PHONY: bench bench-program

BENCH_TARGET := $(shell echo | $(CC) -dM -E - 2>/dev/null)
BENCH_ISAS   := $(if $(filter __x86_64__,$(BENCH_TARGET)),sse2 avx2 avx512) \
                $(if $(filter __aarch64__,$(BENCH_TARGET)),neon)
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

# work.c for this mlp.h: here with run-time dispatch, threads with OpenMP and compiled for SIMD. WORK_CLIPS: a version
# that clips gradients
work_has  = $(if $(shell grep -s 'clip_norm;\|clip_norm,' $(1)),-DWORK_CLIPS)
WORK_HERE = $(call work_has,mlp.h) -I. -DVERSION=work_here
$(BENCH_NAME)work.o: bench/work.c bench/work.h mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(OPT) $(if $(BENCH_TABLES),-DMLP_DISPATCH) $(WORK_HERE) -c $< -o $@
$(BENCH_NAME)work-openmp.o: bench/work.c bench/work.h mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(call bench_flags,$(SIMD)) -fopenmp $(WORK_HERE) -c $< -o $@

BENCH_RUN_H  := bench/run.h bench/measure.h bench/work.h
BENCH_PEAKS  := $(BENCH_ISAS:%=$(BENCH_NAME)peak_%.o)
BENCH_OWN    := $(BENCH_NAME)work.o $(BENCH_TABLES:%=$(BENCH_NAME)kernels_%.o) $(BENCH_PEAKS)
BENCH_SCALAR_OBJECTS := $(foreach i,scalar vectorized,$(BENCH_NAME)kernels_$(i).o $(BENCH_NAME)peak_$(i).o)
$(BENCH_NAME)program: bench/kernels.c $(BENCH_RUN_H) $(BENCH_OWN) $(BENCH_SCALAR_OBJECTS)
	$(CC) $(BENCH_WARN) $(OPT) $(filter %.c %.o,$^) -o $@ -lm
$(BENCH_NAME)nets: bench/nets.c $(BENCH_RUN_H) $(BENCH_OWN)
	$(CC) $(BENCH_WARN) $(OPT) $(filter %.c %.o,$^) -o $@ -lm
$(BENCH_NAME)threads: bench/nets.c $(BENCH_RUN_H) $(BENCH_NAME)work-openmp.o $(BENCH_PEAKS)
	$(CC) $(BENCH_WARN) $(OPT) -fopenmp $(filter %.c %.o,$^) -o $@ -lm

# builds the program and prints its name as the last line, for tests/bench.sh
bench-program: $(BENCH_NAME)program
	@echo $(BENCH_NAME)program

# What a run measures is in $(BUILD)/results, one file for each CPU, compiler and kind; make bench-record takes those of
# this CPU into bench/results. ONLY="forward softmax nn 64,64,64": these; no file is written then.
ONLY      ?=
BENCH_RUN ?=
BENCH_CPU := $(if $(CPU),--cpu "$(CPU)")
RESULTS   := $(BUILD)/results
bench_name = $$($(BENCH_NAME)program $(BENCH_CPU) --name $(1))
bench_json = $(if $(ONLY),,--json $(RESULTS)/$(call bench_name,$(1)).jsonl)
bench_file = $(if $(ONLY),$(RESULTS)/last,$(RESULTS)/$(call bench_name,$(1)).jsonl)
BENCH_AWK    = awk -f bench/results.awk -f bench/table.awk
COMPARED_AWK = awk -f bench/results.awk -f bench/compared.awk
$(RESULTS):
	@mkdir -p $@

.PHONY: bench bench-nets bench-fits bench-threads bench-record report bench-plots
bench: $(BENCH_NAME)program | $(RESULTS)
	@$(BENCH_RUN) $(BENCH_NAME)program $(BENCH_CPU) --json $(call bench_file,kernels) $(ONLY)
	@$(BENCH_AWK) -v mode=beside $(if $(ONLY),-v all=1) $(call bench_file,kernels) \
	    $(wildcard bench/results/*-kernels.jsonl)

bench-nets: $(BENCH_NAME)nets $(BENCH_NAME)program | $(RESULTS)
	@$(BENCH_RUN) $(BENCH_NAME)nets $(BENCH_CPU) $(call bench_json,nets) $(ONLY)

$(BUILD)/fits: bench/fits.c mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@
bench-fits: $(BUILD)/fits
	@$< bench/data/boston-housing.csv bench/data/diabetes.csv

.PHONY: bench-subnormals
$(BENCH_NAME)subnormals: bench/subnormals.c bench/measure.h mlp.h | $(BUILD)
	$(CC) $(BENCH_WARN) $(OPT) $(flags_$(SIMD)) -I. $< -o $@ -lm
bench-subnormals: $(BENCH_NAME)subnormals
	@$(BENCH_RUN) $<

bench-threads: $(BENCH_NAME)threads $(BENCH_NAME)program | $(RESULTS)
	@OMP_PROC_BIND=true $(BENCH_NAME)threads $(BENCH_CPU) $(call bench_json,threads) $(ONLY)

bench-record:
	@mkdir -p bench/results
	@cp $(RESULTS)/$$($(BENCH_NAME)program $(BENCH_CPU) --name "")-*.jsonl bench/results/ && ls -l bench/results

# ---- this mlp.h against an earlier one, in one process and in turns ----

# FROM=HEAD~1: a revision of git, or BEFORE=file; AFTER=file: another than ./mlp.h. ONLY="dX 64,256,256 train
# 784-128-10,32": these
.PHONY: bench-change
FROM   ?= HEAD
BEFORE ?=
AFTER  ?= mlp.h
CHANGE := $(BENCH_NAME)change
bench-change: $(BENCH_NAME)peak_$(SIMD).o
	@mkdir -p $(CHANGE)-before $(CHANGE)-after
	@cp "$(AFTER)" $(CHANGE)-after/mlp.h
	@$(if $(BEFORE),cp "$(BEFORE)" $(CHANGE)-before/mlp.h,git show "$(FROM):mlp.h" > $(CHANGE)-before/mlp.h)
	@for v in before after; do \
	    $(CC) $(BENCH_WARN) $(call bench_flags,$(SIMD)) -I$(CHANGE)-$$v -DVERSION=work_$$v -c bench/work.c \
	        -o $(CHANGE)-$$v.o || exit; \
	done
	@$(CC) $(BENCH_WARN) $(OPT) -DPEAK=peak_$(SIMD) bench/change.c $(CHANGE)-before.o $(CHANGE)-after.o $< -o $(CHANGE) -lm
	@$(CHANGE) $(ONLY)

# ---- compile time and size, against another version ----

.PHONY: bench-compile
bench-compile: | $(RESULTS)
	@mkdir -p $(CHANGE)-before
	@$(if $(BEFORE),cp "$(BEFORE)" $(CHANGE)-before/mlp.h,git show "$(FROM):mlp.h" > $(CHANGE)-before/mlp.h)
	@sh bench/compile.sh $(CHANGE)-before/mlp.h mlp.h $(BENCH_NAME)compiled.o \
	    $(foreach i,scalar $(BENCH_ISAS),"$(CC) -O2 $(flags_$(i))")

# ---- whole programs, built for each instruction set of this CPU and compared by hyperfine ----

.PHONY: bench-builds bench-hyperfine
BENCH_BUILDS := scalar vectorized $(filter sse2 avx2 avx512 neon,$(HERE))
bench_source_digits := examples/digits.c
bench_source_train  := bench/train.c

define BENCH_BUILD
$(BENCH_NAME)$(1)-$(2): $(bench_source_$(1)) mlp.h | $(BUILD)
	$(CC) -std=c99 $(WARN) $(call bench_flags,$(2)) -I. $$< -o $$@
endef
$(foreach p,digits train,$(foreach i,$(BENCH_BUILDS),$(eval $(call BENCH_BUILD,$(p),$(i)))))

# compiling is measured like the programs; its output is an ordinary file, never /dev/null, which a compiler run as root
# would replace
HYPERFINE    ?= hyperfine
bench_compare = $(HYPERFINE) -N --style basic --warmup 1 --runs $(2) --export-json $(BENCH_NAME)$(1).json
# a command's name in the form that bench/builds.awk reads, and the commands of a program
bench_title    = -n "$(1) $(2) $(call bench_flags,$(2))"
bench_programs = $(foreach i,$(BENCH_BUILDS),$(call bench_title,$(1),$(i)) $(BENCH_NAME)$(1)-$(i))
bench_compiler = "$(CC) -O2 $(flags_$(1)) -DMLP_IMPLEMENTATION -x c -c mlp.h -o $(BENCH_NAME)compiled.o"
BENCH_COMPILED = $(foreach i,$(filter-out vectorized,$(BENCH_BUILDS)),$(call bench_title,compile,$(i)) \
                     $(call bench_compiler,$(i)))
BENCH_BUILT   := $(foreach i,$(BENCH_BUILDS),$(BENCH_NAME)digits-$(i) $(BENCH_NAME)train-$(i))
bench-builds: bench-hyperfine $(BENCH_NAME)program $(BENCH_BUILT) | $(RESULTS)
	@$(foreach p,digits train,$(call bench_compare,$(p),10) $(call bench_programs,$(p)) && ) true
	@$(call bench_compare,compile,4) $(BENCH_COMPILED)
	@$(BENCH_NAME)program $(BENCH_CPU) --about | { \
	    read -r cpu; read -r compiler; \
	    awk -v cpu="$$cpu" -v compiler="$$compiler" -f bench/builds.awk \
	        $(foreach p,digits train compile,$(BENCH_NAME)$(p).json); \
	} > $(RESULTS)/$(call bench_name,builds).jsonl

# command, target, name and package of a program that the target needs
bench_needs = command -v $(1) > /dev/null || \
    { echo "make $(2) needs $(3), which is not here (apt-get install $(4))" >&2; exit 1; }
bench-hyperfine:
	@$(call bench_needs,$(HYPERFINE),bench-builds,hyperfine,hyperfine)

# ---- all recorded results: the tables of README.md, every row in build/report.md, and plots ----

README   ?= README.md
REPORTED ?= bench/results
report:
	@mkdir -p $(BUILD)
	@{ \
	    echo "# Measured"; echo; $(BENCH_AWK) -v mode=all $(REPORTED)/*.jsonl; \
	    for f in $(REPORTED)/*-compare.jsonl; do [ ! -f "$$f" ] || $(COMPARED_AWK) -v mode=all $$f; done; \
	} > $(BUILD)/report.md
	@{ \
	    $(BENCH_AWK) -v mode=short $(REPORTED)/*.jsonl; \
	    $(COMPARED_AWK) -v mode=short $(REPORTED)/*-compare.jsonl; \
	} > $(BUILD)/short.md
	@awk -v short=$(BUILD)/short.md \
	    '/^<!-- measured: make report -->$$/ { print; while ((getline line < short) > 0) print line; inside = 1 } \
	    /^<!-- end -->$$/ { inside = 0; ends++ } \
	    !inside { print } \
	    END { exit ends != 1 }' $(README) > $(BUILD)/readme.md || \
	    { echo "make report: no marks in $(README)" >&2; exit 1; }
	@cat $(BUILD)/readme.md > $(README)
	@echo "written: $(BUILD)/report.md, the tables in $(README)"

bench-plots:
	@mkdir -p $(BUILD)
	@$(call bench_needs,gnuplot,bench-plots,gnuplot,gnuplot-nox)
	@for f in $(REPORTED)/*-kernels.jsonl; do \
	    rm -rf $(BUILD)/plot && mkdir -p $(BUILD)/plot $(BUILD)/plots && \
	    $(BENCH_AWK) -v mode=plot -v out=$(BUILD)/plot $$f && \
	    isas=$$(cd $(BUILD)/plot && ls forward-* | sed s/forward-// | tr '\n' ' ') && \
	    heading=$$(sed -n '1s/.*"cpu":"\([^"]*\)","compiler":"\([^"]*\)".*/\1, \2/p' $$f) && \
	    out=$(BUILD)/plots/$$(basename $$f -kernels.jsonl) && \
	    gnuplot -e "data='$(BUILD)/plot'; isas='$$isas'; heading='$$heading'; out='$$out'" bench/plots.gp || exit; \
	done
	@ls $(BUILD)/plots/*.svg
