# The comparison with other libraries, read by the Makefile: bench/peers/README.md says what it is. x86-64 and Linux.
# A peer that cannot be built is left out; the comparison then says what it needs.
.PHONY: compare check-peers peers

PEERS  := $(BUILD)/peers
PEER_C := -std=gnu99 -O3 -Wall -Wextra -Wno-unused-function
PEER_X := -std=c++17 -O3 -Wall -Wextra
PEER_HERE := bench/peers/peer.c bench/peers/peer.h bench/peers/data.h bench/measure.h bench/peers/peers.mk
wide_512  := -march=skylake-avx512 -mprefer-vector-width=512
wide_avx2 := -march=haswell
PEER_LIB  := /usr/lib/$(shell $(CC) -print-multiarch 2>/dev/null)
BLIS_LIB  := $(firstword $(wildcard $(addprefix $(PEER_LIB)/blis-,serial openmp pthread)))

PEER_PROGRAMS := compare mlp openblas blis eigen-512 eigen-avx2 onednn fann \
                 libmvec-512 libmvec-avx2 sleef-512 sleef-avx2

$(PEERS):
	@mkdir -p $@

$(PEERS)/peer.o: $(PEER_HERE) | $(PEERS)
	$(CC) $(PEER_C) -march=haswell -c $< -o $@
$(PEERS)/peer-512.o: $(PEER_HERE) | $(PEERS)
	$(CC) $(PEER_C) $(wide_512) -c $< -o $@

# mlp.h as one builds it: at OPT, kernels by run-time dispatch
$(PEERS)/exp_%.o $(PEERS)/read_%.o: bench/peers/exp.c bench/peers/read.c mlp.h | $(PEERS)
	$(CC) $(BENCH_WARN) $(OPT) $(flags_$*) -DEXP=exp_$* -c bench/peers/exp.c -o $(PEERS)/exp_$*.o
	$(CC) $(BENCH_WARN) $(OPT) $(flags_$*) -DREAD=read_$* -c bench/peers/read.c -o $(PEERS)/read_$*.o
PEER_TABLES := $(foreach i,avx2 avx512,$(BENCH_NAME)kernels_$(i).o)
$(PEERS)/mlp: bench/peers/mlp.c mlp.h $(PEERS)/peer.o $(foreach i,avx2 avx512,$(PEERS)/exp_$(i).o) $(PEER_TABLES)
	$(CC) $(BENCH_WARN) $(OPT) $(filter %.c %.o,$^) -o $@ -lm
$(PEERS)/compare: bench/peers/compare.c bench/peers/reference.h bench/peers/data.h bench/measure.h \
                  $(foreach i,avx2 avx512,$(PEERS)/read_$(i).o $(BENCH_NAME)peak_$(i).o)
	$(CC) $(PEER_C) -march=haswell $(filter %.c %.o,$^) -o $@ -lm

# the loops around a library's sgemm are compiled for the widest vectors that it uses itself
$(PEERS)/openblas: bench/peers/blas.c $(PEERS)/peer.o
	$(CC) $(PEER_C) $^ -o $@ -L$(PEER_LIB)/openblas-serial -Wl,-rpath,$(PEER_LIB)/openblas-serial -lopenblas -lm
$(PEERS)/blis: bench/peers/blas.c $(PEERS)/peer.o
	$(CC) $(PEER_C) -DBLIS $^ -o $@ -L$(BLIS_LIB) -Wl,-rpath,$(BLIS_LIB) -lblis -lm
$(PEERS)/eigen-512: bench/peers/eigen.cpp $(PEERS)/peer-512.o
	$(CXX) $(PEER_X) $(wide_512) -isystem /usr/include/eigen3 -DEIGEN_DONT_PARALLELIZE $^ -o $@
$(PEERS)/eigen-avx2: bench/peers/eigen.cpp $(PEERS)/peer.o
	$(CXX) $(PEER_X) $(wide_avx2) -isystem /usr/include/eigen3 -DEIGEN_DONT_PARALLELIZE $^ -o $@
$(PEERS)/onednn: bench/peers/onednn.cpp $(PEERS)/peer.o
	$(CXX) $(PEER_X) $^ -o $@ -ldnnl
$(PEERS)/fann: bench/peers/fann.c $(PEERS)/peer.o
	$(CC) $(PEER_C) $^ -o $@ -lfloatfann -lm
$(PEERS)/libmvec-%: bench/peers/vectors.c $(PEERS)/peer.o
	$(CC) $(PEER_C) $(wide_$*) -ffast-math -DMVEC='"$*"' $^ -o $@ -lm
$(PEERS)/sleef-%: bench/peers/vectors.c $(PEERS)/peer.o
	$(CC) $(PEER_C) $(wide_$*) -DSLEEF $^ -o $@ -lsleef -lm

# ONNX Runtime is no package of Debian
$(PEERS)/onnxruntime: | $(PEERS)
	@mkdir -p $@ && cd $@ && echo '{"private":true}' > package.json && \
	    npm install --ignore-scripts --no-audit --no-fund onnxruntime-node > npm.log 2>&1 || \
	    echo "onnxruntime: npm cannot install it"

peers: | $(PEERS)
	@$(MAKE) -k -j$(JOBS) $(PEER_PROGRAMS:%=$(PEERS)/%) $(if $(shell command -v npm),$(PEERS)/onnxruntime) \
	    > $(PEERS).log 2>&1 || true
	@$(MAKE) -s $(PEERS)/compare $(PEERS)/mlp

# ONLY=gemm, train, batch1, elementwise and parts of names or shapes: these. COMPARE="--reps 4 --all" and the like: see
# bench/peers/compare.c
COMPARE ?=
compared = $(call bench_file,compare)
compare: peers $(BENCH_NAME)program | $(RESULTS)
	@$(COMPARE_RUN) $(PEERS)/compare $(PEERS) --json $(compared) $(COMPARE) $(ONLY)
	@for mode in all asked; do $(COMPARED_AWK) -v mode=$$mode $(compared); done

check-peers:
	@MAKE="$(MAKE)" sh tests/compare.sh $(PEERS)
