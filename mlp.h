/* mlp.h - v0.1.0 - multi-layer perceptrons in one C header - MIT or public domain
                    no warranty; use at your own risk

   A whole fully connected network in one file: forward pass, backpropagation,
   training. The kernels are vectorized by hand and chosen when you compile;
   every instruction set returns the same bits.

   Do this:
      #define MLP_IMPLEMENTATION
   before you include this file in *one* C or C++ file to create the implementation:

      #define MLP_IMPLEMENTATION
      #include "mlp.h"

   All other files just #include "mlp.h". Compile with -march=native (or /arch:AVX2):
   without it a compiler for x86-64 may only use SSE2, and no fused multiply-add.

>>program

   #define MLP_IMPLEMENTATION
   #include "mlp.h"
   #include <stdio.h>

   int main(void)
   {
       static const float x[] = { 0,0,  0,1,  1,0,  1,1 };   // 4 rows of 2 inputs
       static const float y[] = { 0,    1,    1,    0   };   // 4 rows of 1 target
       mlp_desc desc = { .inputs = 2, .layers = { { .units = 8, .activation = MLP_ACT_TANH }, { .units = 1 } },
                         .loss = MLP_LOSS_BINARY_CROSS_ENTROPY };
       mlp_data data = { .rows = 4, .x = x, .y = y };
       mlp_fit_desc how = { .epochs = 400, .batch = MLP_FULL_BATCH, .opt = { .rate = 0.05f } };
       float p[4] = { 0 };
       mlp *net = NULL;

       mlp_result r = mlp_create(&net, &desc);
       if (!r) r = mlp_fit(net, &data, &how);
       if (!r) r = mlp_predict(net, x, 4, p);
       for (int i = 0; !r && i < 4; i++) printf("%d xor %d = %.3f\n", i / 2, i % 2, (double)p[i]);
       printf("%s kernels: %s\n", mlp_simd_name(), mlp_result_string(r));
       mlp_destroy(net);
       return r != MLP_OK;
   }

>>contents

   Search for a tag to jump to its section.

   >>program    a program                     >>gemm       tiles, matrix products, layer kernels
   >>manual     limits, model, files, bits    >>table      the kernels of this build as one table
   >>options    macros and their price        >>dispatch   which table a net uses
   >>api        types and functions           >>rng        random numbers, permutation
                                              >>net        texts, families, desc, memory, weights
   the implementation:                        >>data       checks, order of rows, targets, scaling
   >>platform   compilers, fma, square root   >>layers     forward beside backward, predict
   >>simd       choice; one block per ISA     >>loss       losses, forward beside backward
   >>vmath      exp, log, tanh, sin, erf ...  >>optim      optimizers, penalties, clipping
   >>kernels    elementwise and row kernels   >>train      gradients, evaluate, scaling, fit
                                              >>io         saving and loading models
                                              >>history    >>license

>>manual

   Limits, first
     float32 only. At most 32 layers, fully connected, one after another. No convolution,
     no recurrence, no GPU. The library never prints, exits, reads the environment, calls
     rand() or changes the floating-point environment, whose default state (round to
     nearest, subnormals kept) it expects. It keeps no state between calls but in the net
     (with MLP_DISPATCH besides: which kernels are the best).

   Model
     Layer l computes z = W a + b and a = g(z), a row of data at a time; the loss compares
     the last a with the targets. Rows are float arrays, one after another or with a
     stride. E = sum w_i L_i / sum w_i over the rows i of a batch, w_i = 1 without weights.

   Memory
     A net is one block. Training adds one block when it is first needed. Either may be
     yours, at any alignment: mlp_size + mlp_init_in, mlp_train_size + mlp_train_in. The
     parameters are one contiguous run of floats and so are the gradients, with the same
     offsets: for each layer the weights in panels of 16 units, [units/16][inputs][16] and
     the last panel [inputs][units % 16], then the biases. There is no padding in between.
     mlp_get_weights and mlp_set_weights speak [units][inputs].

   Files
     A model is a safetensors file with the state_dict of the same nn.Sequential in PyTorch:
     float32 "M.weight" [units][inputs] and "M.bias", M the number of the module: each layer
     is a module, and so is its activation unless it is identity. The desc (activations,
     loss, seed, ...) is in its __metadata__ under keys that begin with "mlp.", so that
     mlp_load(&net, path, NULL) makes the same net. Custom functions are not in a file: give
     them in mlp_load_desc.desc. The bytes do not depend on the platform. A checkpoint has
     the optimizer's state and the count of epochs besides: "mlp.state" [arrays][parameters]
     and the weights of the best epoch so far, "mlp.best", both in the order of mlp_params;
     mlp_load reads the net in it.
     Files of others, without that metadata, load when mlp_load_desc has the activations or
     a desc: Linears with tensors "*.weight" [units][inputs] and "*.bias" of F32, F64, F16 or
     BF16; any may lack its bias. Numbers in their names order them (0, 2; fc1, fc2;
     layers.0.0, layers.1.0), and each must take what the one before gives: fc1, fc2, out is
     a net, unless out gives as many values as fc1 takes. Where numbers and sizes do not say
     which one is next, give mlp_load_desc.names. All other files are refused by the tensor's
     name, and those of other formats (PyTorch's .pt, HDF5, GGUF, ...) by theirs.
     Scaling is one more tensor, "mlp.scales", so that PyTorch's strict loading refuses what
     would compute something else there; mlp_save_desc.fold makes a file that it takes.
     Members of an ensemble (mlp_save_desc.more) are tensors "mlp.member1.0.weight" and so
     on: strict loading refuses them, strict=False takes member 0. Strings of the metadata
     that are not ours are those of mlp_set_text.
     Later versions read what this one writes; what an older one cannot read, it refuses by
     mlp.version. Keys of the metadata that it does not know, it skips.
     A damaged or hostile file is an error with the place of its first bad byte (for a value
     of the metadata: where they begin), never more than that: nothing is believed before
     the bytes are there; a key twice, a hole, an overlap or a byte behind the end is refused.
     A test vector (mlp_save_desc.test_input) goes with the model and is checked when it is
     loaded.

   Threads
     Any number of threads may call the functions that take a const mlp * on one net at
     the same time, each with its own buffers; an allocator that they share must be
     thread-safe, too. All others need the net for themselves.
     mlp_fit uses mlp_fit_desc.threads threads of OpenMP if compiled with it (-fopenmp), and
     by itself never more than one. They share the rows of a batch, and the units for the
     gradient and the update, so the bits are those of one thread; batches too small to gain
     run on one, and there are never more threads than processors. A process that forks after
     a fit with threads cannot fit with threads in the child (libgomp hangs).

   Errors
     Every call that can fail returns an mlp_result, sets its out-parameters (NULL or 0 on
     failure; arrays have then what was computed) and leaves the net as it was, unless its
     comment says more. NULL where no
     comment allows it is MLP_ERR_ARGUMENT.

   Bits
     Two classes of builds. With fused multiply-add (x86-64-v3 and up, aarch64, ...) the
     scalar, AVX2, AVX-512, NEON and emulated kernels return the same bits for every kernel,
     any net, any number of training steps; so do gcc and clang at any optimisation level.
     Without it (plain x86-64, WebAssembly) scalar, SSE2, wasm and emulated agree with each
     other on one other set of bits.
     mlp_kernels.fma tells which. No result depends on how rows are cut over calls, on
     alignment or on a row's place in a batch. The payload of a NaN is not part of this.
     Outside of it: -ffast-math and x87, where results are accurate but not reproducible.
     A sum over k is one chain of fused multiply-adds, k ascending, starting from the bias;
     for layers of up to 16 units and at least 32 inputs it is four such chains over the
     quarters of the inputs, joined as (s0 + s1) + (s2 + s3).

>>options

   Define them before the #include that has MLP_IMPLEMENTATION; "everywhere" means before
   every #include of this file.

   MLP_IMPLEMENTATION   creates the implementation in this file: in one of a program's files. Not in
                        a file at all, but for each compiler its own object:
                            cc -O2 -DMLP_IMPLEMENTATION -x c -c mlp.h -o mlp.o
                        A program of one file may have it on the command line; where the file
                        defines it, too, write -DMLP_IMPLEMENTATION= with nothing behind.
   MLP_STATIC           (everywhere) all functions are static: several copies, each with its
                        own flags, may live in one program.
   MLP_SIMD             one of MLP_SIMD_SCALAR, _SSE2, _AVX2, _AVX512, _NEON, _WASM, _EMULATED.
                        Default: the best that the compiler flags enable. Asking for more is
                        an #error.
                        _EMULATED is 8 lanes in plain C, for tests under sanitizers; slow.
   MLP_KERNELS_ONLY     in place of MLP_IMPLEMENTATION: this file has only the kernels for one
                        instruction set, by its name in lower case (avx2, avx512, ...):
                            #define MLP_KERNELS_ONLY avx2
                            #include "mlp.h"
                        is the whole file; compile it with the flags for that instruction set.
   MLP_DISPATCH         with MLP_IMPLEMENTATION, compiled without such flags: the best kernels are
                        chosen at run time, or by name with mlp_desc.kernels. On x86-64 link the
                        files with avx2 and avx512 above. Price: 3 objects, one choice per net.
   MLP_DISPATCH_TABLES(X)
                        the tables to choose from, best first; default X(avx512) X(avx2).
   MLP_NO_FILES         (everywhere) no model files at all, neither on a disk nor in memory.
   MLP_NO_STDIO         (everywhere) models in memory only: nothing of the system's files is called.
   MLP_NO_TRAINING      for microcontrollers: what trains or evaluates says MLP_ERR_UNSUPPORTED,
                        and its kernels are left out.
   MLP_ACTIVATIONS      the activations that are compiled, as bits:
                            (1u << MLP_ACT_RELU | 1u << MLP_ACT_IDENTITY)
                        others are MLP_ERR_UNSUPPORTED. Default: all. Link with --gc-sections to
                        leave out what nobody calls.
   MLP_MALLOC(size,user), MLP_FREE(pointer,user)
                        replace malloc and free; both or neither. user is
                        mlp_desc.allocator.user. Price: none.
*/

#ifndef MLP_INCLUDE_MLP_H
#define MLP_INCLUDE_MLP_H

#include <stddef.h>
#include <stdint.h>

#define MLP_VERSION "0.1.0"

/* Values of MLP_SIMD, numbered from 1 so that #if can compare them. */
#define MLP_SIMD_SCALAR   1
#define MLP_SIMD_SSE2     2
#define MLP_SIMD_AVX2     3
#define MLP_SIMD_AVX512   4
#define MLP_SIMD_NEON     5
#define MLP_SIMD_WASM     6
#define MLP_SIMD_EMULATED 7

#ifdef MLP_STATIC
    #if defined(__GNUC__)
        #define MLP_API static __attribute__((unused))
    #else
        #define MLP_API static
    #endif
#else
    #define MLP_API extern
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------- >>api -- */
/* Zero is the default of every field and of every enum. Where zero itself is wanted for a
   field whose default is another number, a negative number means zero. What this version
   does not know yet is MLP_ERR_UNSUPPORTED, never ignored. */

typedef struct mlp mlp;
typedef struct mlp_kernels mlp_kernels;

typedef enum {
    MLP_OK,
    MLP_ERR_ARGUMENT,       /* a pointer, size or field that makes no sense */
    MLP_ERR_TOO_BIG,        /* sizes whose product does not fit into size_t; a test vector too long for a header */
    MLP_ERR_MEMORY,         /* the allocator said no */
    MLP_ERR_IO,
    MLP_ERR_FORMAT,
    MLP_ERR_NONFINITE,      /* NaN or infinity in data, loss or gradient, or a gradient so large that its update would
                               be (its square with kinds that take it, its product with the rate): nothing was applied.
                               Also when an update has made weights that are not finite; the text says which */
    MLP_ERR_UNSUPPORTED     /* not in this version */
} mlp_result;

/* Where an error is. Fields that say nothing about it are 0, layer is then -1. */
typedef struct {
    mlp_result code;
    int layer, epoch;       /* layer from 0; epoch from 1 */
    size_t row, column;     /* of the data, from 0 */
    size_t offset;          /* of a file, in bytes */
    char text[160];         /* for people; "" without an error */
} mlp_error;

enum { MLP_MAX_LAYERS = 32, MLP_FULL_BATCH = -1 };

/* Activations a = g(z); those of PyTorch by that name. The default of alpha, where there is one:
     identity z                   sigmoid 1/(1+e^-z)         tanh                        relu max(z,0)
     leaky_relu z<0 ? alpha z : z, alpha 0.01                elu z<0 ? alpha (e^z-1) : z, alpha 1
     selu 1.0507 (z<0 ? 1.67326 (e^z-1) : z)                 gelu z Phi(z), Phi(z) = (1+erf(z/sqrt(2)))/2
     gelu_tanh z/2 (1+tanh(sqrt(2/pi) (z+0.044715 z^3)))     silu z sigmoid(z)           softplus log(1+e^z)
     softsign z/(1+|z|)           hard_sigmoid clamp(z/6+1/2, 0, 1)                      hard_tanh clamp(z, -1, 1)
     mish z tanh(softplus(z))     sin                        gaussian e^(-z^2)           softmax e^z / sum of e^z
   At a kink the slope is that of the left side, at the ends of a clamp 0. softmax is for the last layer only.
   Default: relu for hidden layers; for the last layer softmax with cross_entropy, sigmoid with binary_cross_entropy,
   else identity. */
typedef enum {
    MLP_ACT_DEFAULT, MLP_ACT_IDENTITY, MLP_ACT_SIGMOID, MLP_ACT_TANH, MLP_ACT_RELU, MLP_ACT_LEAKY_RELU,
    MLP_ACT_ELU, MLP_ACT_SELU, MLP_ACT_GELU, MLP_ACT_GELU_TANH, MLP_ACT_SILU, MLP_ACT_SOFTPLUS, MLP_ACT_SOFTSIGN,
    MLP_ACT_HARD_SIGMOID, MLP_ACT_HARD_TANH, MLP_ACT_MISH, MLP_ACT_SIN, MLP_ACT_GAUSSIAN, MLP_ACT_SOFTMAX,
    MLP_ACT_CUSTOM
} mlp_activation;

/* Losses per element, y target, a output of the net; reduced over the outputs by mean or sum:
     squared (a-y)^2      half_squared (y-a)^2/2      absolute |a-y|      logistic log(1+e^(-y a))
     hinge max(0, 1-y a)      margin max(0, y-a)      binary_cross_entropy -y log a - (1-y) log(1-a)
     huber |a-y| <= delta ? (a-y)^2/2 : delta (|a-y| - delta/2), delta = mlp_desc.loss_delta, default 1
   and per row: cross_entropy -sum y log a. Default: squared.
   cross_entropy goes with softmax, binary_cross_entropy with sigmoid, the others with any. */
typedef enum {
    MLP_LOSS_DEFAULT, MLP_LOSS_SQUARED, MLP_LOSS_HALF_SQUARED, MLP_LOSS_ABSOLUTE, MLP_LOSS_HUBER, MLP_LOSS_LOGISTIC,
    MLP_LOSS_HINGE, MLP_LOSS_MARGIN, MLP_LOSS_BINARY_CROSS_ENTROPY, MLP_LOSS_CROSS_ENTROPY, MLP_LOSS_CUSTOM
} mlp_loss;

typedef enum { MLP_REDUCE_MEAN, MLP_REDUCE_SUM } mlp_reduction;

/* Weights at the start, with n inputs and m units, times gain: U is uniform within the limit, N normal with the
   deviation.
     zero 0    constant 1    he_uniform U(sqrt(6/n))    he_normal N(sqrt(2/n))    glorot_uniform U(sqrt(6/(n+m)))
     glorot_normal N(sqrt(2/(n+m)))    lecun_normal N(sqrt(1/n))    pytorch U(sqrt(1/n)), biases too, as nn.Linear
     orthogonal: rows are orthonormal, or columns where there are fewer of these; made of normal deviates
   (He et al. 2015; Glorot, Bengio 2010; LeCun et al. 1998; Saxe et al. 2014.) Default: he_uniform for relu,
   leaky_relu, elu, gelu, gelu_tanh, silu, softplus and mish, else glorot_uniform. Biases start at 0 but for
   pytorch's. */
typedef enum {
    MLP_INIT_DEFAULT, MLP_INIT_ZERO, MLP_INIT_CONSTANT, MLP_INIT_HE_UNIFORM, MLP_INIT_HE_NORMAL,
    MLP_INIT_GLOROT_UNIFORM, MLP_INIT_GLOROT_NORMAL, MLP_INIT_LECUN_NORMAL, MLP_INIT_PYTORCH, MLP_INIT_ORTHOGONAL
} mlp_initializer;

/* Scaling in the net, (value - shift) / width of each column: fitted by the first fit, on the rows it trains on, or by
   mlp_fit_scaling, identity before; applied by every function that runs the net, so that inputs and predictions are in
   the user's units; loss and progress are of scaled targets.
     standard: mean, standard deviation      min_max: least, range, so that values are in [0, 1]
     robust: median, distance of the quartiles (half of the range where that is 0), then v / sqrt(1 + (v/3)^2), which
     stays within 3; for inputs only
   A column that does not vary has width 1. Targets: with squared, half_squared, absolute and huber only. */
typedef enum { MLP_SCALE_NONE, MLP_SCALE_STANDARD, MLP_SCALE_MIN_MAX, MLP_SCALE_ROBUST } mlp_scaling;

/* Memory: both functions or neither. alloc returns NULL when it has none; free never gets NULL. */
typedef struct {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *pointer);
    void *user;
} mlp_allocator;

/* Functions of the caller's, for MLP_ACT_CUSTOM and MLP_LOSS_CUSTOM: called from any function that runs the net, for
   the float arrays it gives, which do not overlap. They decide about bits and threads themselves. */
typedef struct {
    void (*value)(void *user, size_t n, const float *z, float *a);                          /* a = g(z) */
    void (*slope)(void *user, size_t n, const float *z, const float *a, float *slope);      /* slope = g'(z) */
    void *user;
} mlp_custom_activation;

typedef struct {
    float (*value)(void *user, size_t outputs, const float *a, const float *y);                /* L of a row */
    void (*slope)(void *user, size_t outputs, const float *a, const float *y, float *slope);   /* dL/da */
    void *user;
} mlp_custom_loss;

typedef struct {
    int units;                      /* >= 1; 0 ends the list of layers */
    mlp_activation activation;
    float alpha;                    /* of leaky_relu and elu */
    float dropout;                  /* p, 0 <= p < 1, of the outputs while training, of which the rest is divided by 1-p
                                       (inverted dropout); not of the last layer */
    int no_bias;                    /* non-zero: z = W a */
    mlp_initializer initializer;
    float gain;                     /* factor of the initializer's spread, the value for constant; default 1 */
    float rate;                     /* factor of this layer's rate; default 1; -1: it does not learn */
    mlp_custom_activation custom;   /* with MLP_ACT_CUSTOM only */
} mlp_layer;

typedef struct {
    int inputs;                     /* >= 1 */
    mlp_layer layers[MLP_MAX_LAYERS]; /* at least one; the last gives the outputs */
    mlp_loss loss;
    float loss_delta;               /* of huber */
    mlp_reduction reduction;
    uint64_t seed;                  /* of the weights and of the order of rows; 0 is a seed like any other */
    const mlp_kernels *kernels;     /* NULL: the best that this CPU runs */
    mlp_allocator allocator;        /* all zero: MLP_MALLOC and MLP_FREE */
    mlp_error *error;               /* optional; used by mlp_create, mlp_size and mlp_init_in only */
    float label_smoothing;          /* s, 0 <= s < 1, of the two cross entropies: targets become (1-s) y + s/K for K
                                       classes */
    mlp_custom_loss custom_loss;    /* with MLP_LOSS_CUSTOM only */
    mlp_scaling input_scaling;      /* default none: a regression whose inputs and targets are not about [-1, 1] wants
                                       both, or it learns next to nothing in a few epochs */
    mlp_scaling target_scaling;
} mlp_desc;

/* Rows of data; every array is the caller's and is only read. Values are finite, also in rows of weight 0, which
   otherwise take part in nothing; targets of binary_cross_entropy are in [0, 1], those of cross_entropy not
   negative. */
typedef struct {
    size_t rows;
    const float *x;                 /* rows x inputs */
    const float *y;                 /* rows x outputs, or NULL and labels: */
    const int *labels;              /* rows; cross_entropy: the class, 0 .. outputs-1; with one output 0 or 1 for
                                       binary_cross_entropy, and for logistic and hinge, which read it as -1 or +1 */
    const float *sample_weights;    /* rows, >= 0; NULL: all 1 */
    size_t x_stride, y_stride;      /* floats from row to row; 0: no gap */
    mlp_error *error;               /* optional */
    const float *class_weights;     /* one per class, >= 0, with labels: a row's weight is multiplied by that of its
                                       label; NULL: all 1 */
    /* In place of x, y and labels: fills x (n x inputs) and y (n x outputs), or labels (n) with read_labels, the
       other pointer being NULL, with the rows that `rows` names. Called by one thread at a time; non-zero ends the
       call with MLP_ERR_IO. May not call what trains the net, which says MLP_ERR_ARGUMENT while it is trained. */
    int (*read)(void *user, const size_t *rows, size_t n, float *x, float *y, int *labels);
    int read_labels;
    void *user;
} mlp_data;

/* Optimizers, g the gradient, t the step from 1:
     sgd      v = momentum v + g,  w = w - rate v          (nesterov: w = w - rate (g + momentum v))
     adagrad  s = s + g^2,  w = w - rate g / (sqrt(s) + epsilon)
     rmsprop  v = rho v + (1-rho) g^2,  w = w - rate g / (sqrt(v) + epsilon)
     adam     m = beta1 m + (1-beta1) g,  v = beta2 v + (1-beta2) g^2,
              w = w - rate (m / (1-beta1^t)) / (sqrt(v / (1-beta2^t)) + epsilon)
     adamw    the same after w = w - rate weight_decay w
     rprop    w = w - sign(g) step, each weight's own, the first being rate, times eta_plus where g keeps its sign, and
              eta_minus where it turns, where w then waits (iRprop-); for full batches
     lbfgs    w = w + t d, d = -H g, H from the last `history` pairs of differences of w and g (Nocedal, Wright 2006,
              7.4); t meets the strong Wolfe conditions with 1e-4 and 0.9 (3.5, 3.6); tried first: rate, where d is -g
              times min(1, 1/|g|)
     lm       w = w - (J^T J + m D)^-1 g, J the Jacobian of what half the sum of squares is the objective (Levenberg
              1944; Marquardt 1963), with half the acceleration of the way (Transtrum, Sethna 2012); D the roots of the
              largest values so far on the diagonal of J^T J; m, at first the rate: 4 m and another try, up to 1e10,
              where that is not lower; 4 m, too, after less than 1/4 and m / 10 after more than 3/4 of what the model
              promised. For squared and half_squared and P <= 4,096 parameters. At most 8 (P + 31) (P + 34 + K) bytes
              more for the fit, K the outputs, at least 32, and 4 for each output of a block
   with v = m = s = 0 before the first step, as PyTorch has them (Duchi et al. 2011; Tieleman, Hinton 2012; Kingma, Ba
   2015; Loshchilov, Hutter 2019; Igel, Huesken 2000). State smaller than 2^-120 becomes 0. Default: adam.
   lbfgs and lm see the whole objective, E and the penalties, weight_decay |w|^2 / 2 + l1 |w|: in mlp_fit with
   MLP_FULL_BATCH, an epoch being one iteration; lbfgs in mlp_minimize, too. They take neither clipping, max_norm,
   dropout, schedules, on_gradients nor rates of layers but -1, lm no l1. Where nothing lower is found, w stays. */
typedef enum {
    MLP_OPT_DEFAULT, MLP_OPT_SGD, MLP_OPT_ADAGRAD, MLP_OPT_RMSPROP, MLP_OPT_ADAM, MLP_OPT_ADAMW, MLP_OPT_RPROP,
    MLP_OPT_LBFGS, MLP_OPT_LM
} mlp_opt;

/* A field that the kind does not take must be 0; where 0 is not the default, -1 means 0. */
typedef struct {
    mlp_opt kind;
    float rate;                     /* default 0.001 for adam, adamw, lm, 1 for lbfgs, else 0.01 */
    float momentum;                 /* of sgd, 0 <= momentum < 1; default 0 */
    int nesterov;                   /* of sgd with momentum */
    float beta1, beta2;             /* of adam and adamw, < 1; default 0.9, 0.999 */
    float epsilon;                  /* of adam, adamw, rmsprop: default 1e-8; of adagrad: 1e-10 */
    float weight_decay;             /* weight_decay w is added to the gradient; adamw: see there; default 0.01 for
                                       adamw, else 0 */
    float l1;                       /* l1 sign(w) is added to the gradient; default 0. Both: not of biases, unless */
    int decay_biases;
    float clip_norm, clip_value;    /* the gradient is cut to [-clip_value, clip_value], then scaled to a norm of at
                                       most clip_norm; 0: not */
    float max_norm;                 /* after the update each unit's weights are scaled to a norm of at most
                                       max_norm, but in layers that do not learn; 0: not */
    float rho;                      /* of rmsprop; default 0.99 */
    float eta_minus, eta_plus;      /* of rprop; default 0.5, 1.2 */
    float step_min, step_max;       /* of rprop; default 1e-6, 50 */
    int history;                    /* of lbfgs: pairs kept, at most 1000; default 10 */
    mlp_error *error;               /* optional; of mlp_step, mlp_train_in, mlp_opt_update and mlp_minimize */
} mlp_opt_desc;

/* How an epoch goes through the N rows, ceil(N / batch) updates in all, the last batch smaller:
   shuffled: each row once, in an order drawn anew from the seed; sequential: as they are;
   replacement: N rows drawn one by one, each with the same chance. */
typedef enum { MLP_ORDER_SHUFFLED, MLP_ORDER_SEQUENTIAL, MLP_ORDER_REPLACEMENT } mlp_order;

/* The factor of the rate, e the epochs done (a part of one counts), t = e / epochs in [0, 1]; floor is the least
   factor:
     constant     1                               step         gamma^floor(e / period), gamma 0.1, period 10
     exponential  gamma^floor(e), gamma 0.95      cosine       floor + (1 - floor) (1 + cos(pi t)) / 2
     one_cycle    by half cosines from 0.04 to 1 at t = 0.3, then to 4e-6 (Smith, Topin 2018; PyTorch's defaults)
     plateau      times gamma, 0.1, when the loss (of validation, if there is one) has not gained a part of 1e-4 for
                  more than period, 10, epochs
     coslog       (1 - cos(2 pi log2(1 + 15 t))) / 2 (Holzmueller et al. 2024)
     custom       rate(user, e, rate of opt) is the rate
   Before any of them: warmup epochs from 0 to the full rate, in steps; e and epochs are then counted without them. */
typedef enum {
    MLP_SCHEDULE_CONSTANT, MLP_SCHEDULE_STEP, MLP_SCHEDULE_EXPONENTIAL, MLP_SCHEDULE_COSINE, MLP_SCHEDULE_ONE_CYCLE,
    MLP_SCHEDULE_PLATEAU, MLP_SCHEDULE_COSLOG, MLP_SCHEDULE_CUSTOM
} mlp_schedule;

typedef struct {
    mlp_schedule kind;
    int epochs;                     /* 0: e runs from this fit's start to its end; > 0: e is the net's own count of
                                       epochs, of so many */
    int warmup, period;             /* epochs */
    float gamma, floor;
    float (*rate)(void *user, double epoch, float rate);
    void *user;
} mlp_schedule_desc;

/* What evaluating gives. Classes are there with labels, cross entropies, logistic, hinge or softmax. NaN: it does
   not apply. */
typedef struct {
    size_t rows;
    double loss;                    /* E as above */
    double accuracy;                /* with classes: weighted share of rows whose class is right: the largest output
                                       against the label or the largest target; with one output a >= 0.5 against y >=
                                       0.5, logistic and hinge a > 0 against y > 0; several outputs with one of these
                                       losses: each output counts for itself */
    double top_k;                   /* share of rows whose class is among the 5 largest outputs; from 6 outputs on */
    double mae, rmse;               /* without classes, in the units of y: mean of |a-y|, root of the mean of (a-y)^2,
                                       over outputs, too */
    double r2;                      /* 1 - sum (a-y)^2 / sum (y - mean y)^2, mean over outputs; 1 or 0 for one that does
                                       not vary */
} mlp_metrics;

typedef struct {
    int epoch, epochs;              /* epoch from 1 */
    size_t step, steps, rows;       /* updates done and in all of this epoch; rows to train on */
    double loss, rate;              /* mean over the epoch's rows so far, each before its update, NaN: none of them has
                                       weight; of the last update */
    mlp_metrics validation;         /* after the epoch, in on_step after the one before; rows 0: none */
} mlp_progress;

typedef enum { MLP_STOP_EPOCHS, MLP_STOP_PATIENCE, MLP_STOP_CALLBACK, MLP_STOP_ERROR } mlp_stop;

typedef struct {
    mlp_stop stop;
    int epochs, best_epoch;         /* epochs done; the one of best_loss, from 1, of a resumed fit as that
                                       counts which saved the checkpoint; 0: none */
    double loss, validation_loss, best_loss;        /* of the last epoch, and the least of validation; NaN: none */
} mlp_fit_report;

typedef struct {
    int epochs;                     /* default 10 */
    int batch;                      /* rows per update; default 32; 1: online; MLP_FULL_BATCH: all */
    mlp_order order;
    mlp_opt_desc opt;
    int threads;                    /* 0 and 1: one; more need OpenMP (see Threads), and memory while mlp_fit runs */
    /* NULL, or: called after each epoch, may change the values of the data, which are looked at again; non-zero ends
       fit */
    int (*on_epoch)(void *user, const mlp_progress *);
    /* of all callbacks here; none may call what trains this net, which is MLP_ERR_ARGUMENT, or mlp_destroy */
    void *user;
    mlp_schedule_desc schedule;
    /* evaluated after each epoch; or a share of the rows, drawn from the seed, of each class alike with labels in
       memory, that is not trained on. The best weights come back, unless keep_last */
    const mlp_data *validation;
    float validation_split;
    int patience;                   /* ends after so many epochs without a gain of validation loss; 0: not */
    float min_delta;                /* a gain is a loss < best - min_delta */
    int keep_last;                  /* non-zero: the last weights stay */
    /* as on_epoch, after each update; before each update, on the calling thread: may change the gradient, and non-zero
       ends fit without that update */
    int (*on_step)(void *user, const mlp_progress *);
    int (*on_gradients)(void *user, mlp *, float *gradients, size_t count);
    mlp_fit_report *report;         /* optional; filled after an error, too */
} mlp_fit_desc;

/* 0 where nothing is divided by nothing */
typedef struct { double precision, recall, f1; size_t support; } mlp_class_score;

/* What went wrong, for people: a constant string, never NULL. */
MLP_API const char *mlp_result_string(mlp_result);

/* Makes a net with one allocation (and another for a while with orthogonal). *net is NULL on failure. */
MLP_API mlp_result mlp_create(mlp **net, const mlp_desc *);

/* The same in memory of the caller's, which must outlive the net: at least mlp_size bytes, any alignment.
   mlp_size is 0 for a desc that mlp_init_in would refuse. */
MLP_API size_t     mlp_size(const mlp_desc *);
MLP_API mlp_result mlp_init_in(mlp **net, void *memory, size_t size, const mlp_desc *);

/* Memory of the caller's for training with this optimizer (NULL: the default one), any alignment; it must outlive
   the net. mlp_train_size: for blocks of so many rows that go through the layers together (0: 256); 0 for a desc
   that mlp_train_in would refuse. mlp_train_in takes blocks of as many rows as fit; their number changes no bit.
   Gradients and optimizer state start at 0. Without it, the first call that needs the block allocates it. Besides, a
   fit allocates for validation, scaling and threads only. */
MLP_API size_t     mlp_train_size(const mlp *, const mlp_opt_desc *, size_t rows);
MLP_API mlp_result mlp_train_in(mlp *, void *memory, size_t size, const mlp_opt_desc *);

/* A net of its own with the same desc, parameters and scaling, without gradients, optimizer state or epochs. */
MLP_API mlp_result mlp_copy(mlp **copy, const mlp *);

/* Gives back what the net allocated. NULL is fine. */
MLP_API void       mlp_destroy(mlp *);

/* The desc as it was given, or stands in the file, error NULL; NULL for NULL. Valid as long as the net. */
MLP_API const mlp_desc *mlp_get_desc(const mlp *);

/* What the defaults of a desc stand for; a wanted zero stays negative. All 0 on failure. */
MLP_API mlp_result mlp_resolve_desc(const mlp_desc *, mlp_desc *resolved);

/* Trains. A NULL desc is all defaults. The whole data is checked before the first update. Optimizer state and the
   count of epochs go on from call to call: two fits of 5 epochs are one of 10, unless best weights came back in
   between or the schedule runs over the fit. Best loss, patience and plateau start anew, but go on after loading a
   checkpoint. On MLP_ERR_NONFINITE after the start the updates before the bad one stay, with validation the best
   weights; data->error has the epoch and the layer, and all other errors of a fit. */
MLP_API mlp_result mlp_fit(mlp *, const mlp_data *, const mlp_fit_desc *);

/* Fits input_scaling and target_scaling anew to these rows; of robust ones to a seeded sample of at most 65,536. */
MLP_API mlp_result mlp_fit_scaling(mlp *, const mlp_data *);

/* What to train on a table of `rows` rows, as a start: fills both descs, which you then read and change. classes >= 2:
   labels 0 .. classes-1, and outputs is not read; 0: regression of `outputs` numbers. Clears both (either may be NULL)
   and sets everything but seed, allocator, error and callbacks; numbers that make no net are mlp_create's to refuse.
   Inputs and targets may be in any units: both are scaled in the net. Two layers of mish with dropout, adamw with
   decay, and a fifth of the rows held back for the best epoch (not of fewer than 50 rows, which train for 30 epochs);
   robust scaling, coslog, beta2 and smoothing are those of RealMLP (Holzmueller, Grinsztajn, Steinwart 2024).
   bench/tables.md has what the parts bring on fifteen tables. Better still: the mean of five nets, each with a seed of
   its own. */
MLP_API void       mlp_recipe_tabular(mlp_desc *, mlp_fit_desc *, size_t rows, int inputs, int outputs, int classes);

/* x: rows x inputs, y: rows x outputs, no gaps, not overlapping. Row by row: NaN and infinity stay in their row.
   mlp_predict uses at most 12 KiB of stack; nets or batches too large for it cost one allocation. mlp_predict_with
   never allocates: scratch is `size` bytes of the caller's, any alignment of float, at least mlp_scratch_size(net,
   1); how much changes no bit. mlp_scratch_size: so that that many rows (0 and above 256: 256) go through the layers
   together. */
MLP_API mlp_result mlp_predict(const mlp *, const float *x, size_t rows, float *y);
MLP_API size_t     mlp_scratch_size(const mlp *, size_t rows);
MLP_API mlp_result mlp_predict_with(const mlp *, void *scratch, size_t size, const float *x, size_t rows, float *y);

/* The class of each row, for nets with classes: 0 .. outputs-1, with one output 0 or 1, as accuracy has it.
   Allocates as mlp_predict does. */
MLP_API mlp_result mlp_classify(const mlp *, const float *x, size_t rows, int *labels);

/* Metrics over data; *metrics is all 0 on failure. Outputs that overflow are none: the loss is then not finite
   either, but with logistic, hinge and margin where they do to the right side. One allocation. Uses as many threads as
   the net's last fit was told. */
MLP_API mlp_result mlp_evaluate(const mlp *, const mlp_data *, mlp_metrics *);

/* counts: classes x classes, how many rows of class [true] were taken for [predicted]; rows are not weighted, but
   those of weight 0 are left out. One output: two classes. Refused where a row may have several. mlp_class_scores:
   precision, recall, F1 of each. */
MLP_API mlp_result mlp_confusion(const mlp *, const mlp_data *, size_t *counts);
MLP_API mlp_result mlp_class_scores(const size_t *counts, int classes, mlp_class_score *scores);

/* The gradient of E over these rows, as one batch of any size, into the gradient run; *loss (may be NULL) is E. With
   dropout. MLP_ERR_NONFINITE when E or the gradient is not finite: then the run and *loss hold what was computed. */
MLP_API mlp_result mlp_compute_gradients(mlp *, const mlp_data *, double *loss);

/* One update of all parameters from the gradient run, which clipping changes. NULL: the default optimizer. A change
   of kind starts from zero state. MLP_ERR_ARGUMENT before there is a gradient. */
MLP_API mlp_result mlp_step(mlp *, const mlp_opt_desc *);

/* dE/dx over these rows, E as in mlp_compute_gradients but without dropout; dx: rows x inputs, in the units of x. The
   gradient run stays. MLP_ERR_NONFINITE: also where a slope overflows, which is in dx then. */
MLP_API mlp_result mlp_input_gradients(mlp *, const mlp_data *, float *dx);

/* dy/dx of one row; x: inputs, j: outputs x inputs. The gradient run stays. */
MLP_API mlp_result mlp_jacobian(mlp *, const float *x, float *j);

/* The runs of parameters and gradients, for reading and writing; NULL and 0 when there is none (yet). That of
   parameters stays where it is as long as the net lives; that of gradients until mlp_train_in, mlp_fit with larger
   batches, or an optimizer that needs more state than before. */
MLP_API float     *mlp_params(mlp *, size_t *count);
MLP_API float     *mlp_gradients(mlp *, size_t *count);

/* Copies the weights [units][inputs] and biases [units] of a layer (from 0) out or in, or their gradients out;
   either may be NULL. A layer without bias gives zeros and takes none. */
MLP_API mlp_result mlp_get_weights(const mlp *, int layer, float *w, float *b);
MLP_API mlp_result mlp_set_weights(mlp *, int layer, const float *w, const float *b);
MLP_API mlp_result mlp_get_gradients(const mlp *, int layer, float *w, float *b);

/* The optimizers on any vector v of n floats with gradient g, without a net. state: mlp_opt_state_size bytes of the
   caller's, aligned for float, all zero before the first step. Uses the best kernels that this CPU runs. Decay and
   l1 are of all values; clipping and max_norm are for nets. */
MLP_API size_t     mlp_opt_state_size(const mlp_opt_desc *, size_t n);
MLP_API mlp_result mlp_opt_update(const mlp_opt_desc *, void *state, size_t n, float *v, const float *g);

/* Minimizes any function from v on, which becomes the last point: `steps` updates as by mlp_opt_update, or iterations
   of lbfgs, fewer where nothing lower is found any more; not lm. f: the value at v, and its gradient into g, n floats
   of the library's. One allocation by MLP_MALLOC, of 2 history + 2 times n floats for lbfgs. MLP_ERR_NONFINITE: value
   or gradient at v are not finite, or an update would not be; with lbfgs only at the first point, later ones are then
   too far. For scale: lbfgs takes the functions of Rosenbrock, Beale, Powell (singular) and Wood from their usual
   starts to 1e-8 in 45, 15, 39 and 118 calls. */
MLP_API mlp_result mlp_minimize(const mlp_opt_desc *, size_t n, float *v,
                                double (*f)(void *user, const float *v, float *g), void *user, int steps);

#ifndef MLP_NO_FILES
/* Files are safetensors of nn.Sequential's state_dict; see Files above. */

/* A file system, for tests and for systems whose files are not those of POSIX or Windows. The last three may be
   NULL. */
typedef struct {
    /* create: a new file to write, failing when one is there, but for what a crash left; else one to read; NULL:
       failed */
    void *(*open)(void *user, const char *path, int create);
    size_t (*read)(void *user, void *file, void *to, size_t size);  /* bytes read; fewer: the end; SIZE_MAX: failed */
    int (*write)(void *user, void *file, const void *from, size_t size);    /* 0: all written; others return 0, too */
    int (*sync)(void *user, void *file);                            /* what was written is on the disk */
    int (*close)(void *user, void *file);
    int (*rename)(void *user, const char *from, const char *to);    /* replaces a file `to` */
    int (*remove)(void *user, const char *path);
    int (*sync_folder)(void *user, const char *folder);             /* the renaming is on the disk */
    void *user;
    size_t (*size)(void *user, void *file);                         /* of a file to read; SIZE_MAX: not known */
    /* NULL, or why no other file may replace the one at path; file, unless NULL, is to replace it and gets its mode */
    const char *(*replace)(void *user, void *file, const char *path);
    const char *(*reason)(void *user);                                      /* why the last call failed */
} mlp_io;

typedef struct {
    const float *test_input;        /* optional, one row: the file then has it and the outputs for it, and loading
                                       checks them */
    float test_tolerance;           /* of the check: |difference| <= tolerance (1 + |output|); default 1e-4 */
    int checkpoint;                 /* non-zero: with optimizer state and count of epochs */
    const mlp_io *io;               /* NULL: the system's files */
    mlp_error *error;               /* optional */
    /* further members of an ensemble: nets of the same desc but for the seed; not with checkpoint or fold. The test
       vector and the texts are those of the net itself, member 0 */
    const mlp *const *more;
    int more_count;
    int fold;                       /* non-zero: standard and min_max scaling go into the weights of the first and the
                                       last layer, which needs a bias, and for targets identity; not with checkpoint */
} mlp_save_desc;

typedef struct {
    const mlp_desc *desc;           /* NULL: the file's own. Else its place is taken by this one, whose inputs and units
                                       may all be 0: then they come from the file, as no_bias always does */
    mlp_activation hidden, output;  /* without desc: of the hidden layers, of the last, each in place of the file's;
                                       with another output the loss is cross_entropy for softmax, else squared */
    int checkpoint;                 /* non-zero: optimizer state and count of epochs, too; with state the net gets its
                                       training block, and a fit with the same optimizer has the bits of a run never
                                       interrupted */
    size_t max_header;              /* more is refused; default 1 MiB */
    const mlp_kernels *kernels;     /* these three: NULL or zero: those of desc */
    mlp_allocator allocator;
    mlp_error *error;
    const mlp_io *io;               /* NULL: the system's files */
    /* the Linears, in order, by what is before ".weight" in the file, others are left out; 0: all Linears, in the order
       that numbers in their names and their sizes give */
    const char *const *names;
    int name_count;
    int member;                     /* 0: the net itself, whose seed all have here; one that the file does not have is
                                       MLP_ERR_ARGUMENT */
} mlp_load_desc;

/* Saves into memory of the caller's, *size bytes; *size becomes what the file takes, the same bytes on every
   platform, also when that is more: MLP_ERR_ARGUMENT. memory NULL: only *size. NULL desc: all defaults. Not every
   net can be saved with a test_input: one too long for a header of 1 MiB is MLP_ERR_TOO_BIG, outputs or folded weights
   that are not finite are MLP_ERR_NONFINITE. */
MLP_API mlp_result mlp_save_memory(const mlp *, void *memory, size_t *size, const mlp_save_desc *);

/* Makes a net from a file in memory, which is only read and not needed afterwards. *net is NULL on failure. NULL
   desc: a file of ours. MLP_ERR_FORMAT: damaged; MLP_ERR_UNSUPPORTED: a valid file, but not of such a net; the error
   has the byte and the tensor. Weights that are not finite are loaded. Memory: at most 4 times the file, besides the
   few kilobytes that any net has and a checkpoint's training block. */
MLP_API mlp_result mlp_load_memory(mlp **net, const void *data, size_t size, const mlp_load_desc *);

/* Strings of your own (names of columns, classes, a licence) that go with the net into its files and its copies: key
   and value in UTF-8. Keys "format" and "mlp.*" are not yours. A NULL value takes the key away. mlp_get_text: NULL when
   there is none, else valid until the next mlp_set_text. Other programs' metadata are texts, too. */
MLP_API mlp_result mlp_set_text(mlp *, const char *key, const char *value);
MLP_API const char *mlp_get_text(const mlp *, const char *key);

#ifndef MLP_NO_STDIO
/* All or nothing: a new file in the same folder is written, synced and renamed to path, so that after any failure or
   loss of power either the old or the new file is there, whole. A failing sync of the folder is an error, too; then
   it is the new. A file that is there keeps its mode, and must be a regular file that may be written: else
   MLP_ERR_IO. A symbolic link at path is replaced by the file. The new file is path + ".mlp-tmpN" until then (of a
   long name the beginning); what a crash left of it, the next save removes. On Windows paths are UTF-8. MLP_ERR_IO:
   the error has the path and what the system said. */
MLP_API mlp_result mlp_save(const mlp *, const char *path, const mlp_save_desc *);

/* As mlp_load_memory. A pipe will do; its memory is not bounded by the above. */
MLP_API mlp_result mlp_load(mlp **net, const char *path, const mlp_load_desc *);
#endif
#endif /* MLP_NO_FILES */

/* What one update takes. Which fields a kind reads stands at `update`. */
typedef struct {
    mlp_opt_desc opt;               /* resolved: no defaults; rate of adam, adamw: already divided by 1-beta1^t */
    float scale;                    /* adam, adamw: 1 / sqrt(1-beta2^t) */
    float shrink;                   /* adamw: factor of the weights, 1 - rate decay; weight_decay is then 0 */
    int first;                      /* rprop's step of each weight starts as rate */
} mlp_update;

/* The kernels, for benchmarks and for use of their own. Matrices are row-major, sizes in floats. An output may be
   one of the inputs (elementwise, in place) but not overlap them otherwise; gemm's c overlaps nothing. Nothing
   outside of the named elements is written, or read but for what stands at the layers. No alignment is needed.
   Compiled with optimization a call takes up to 16 KiB of stack, without it several times as much. Errors do not
   exist here: arguments must be right. */
struct mlp_kernels {
    const char *name;               /* "scalar" "emulated" "sse2" "avx2" "avx512" "neon" "wasm" */
    int lanes, fma;                 /* floats per vector; non-zero: fused multiply-add (see Bits) */

    /* c[i][j] = sum over k of a[i][k] b[k][j], + c[i][j] with accumulate; m x n x k. a[i][k] is at a[i*a_row +
       k*a_col], so that a transposed matrix is a pair of swapped strides; c has unit columns. */
    void (*gemm)(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
                 const float *b, ptrdiff_t b_row, ptrdiff_t b_col, float *c, ptrdiff_t c_row, int accumulate);
    /* out = a * b, element by element */
    void (*hadamard)(size_t n, const float *a, const float *b, float *out);
    /* a = g(z) and dz = da * g'(z), any activation but softmax and custom; g' is taken from z or from a, as its kind
       has it */
    void (*activate)(mlp_activation, float alpha, size_t n, const float *z, float *a);
    void (*activate_backward)(mlp_activation, float alpha, size_t n, const float *z, const float *a, const float *da,
                              float *dz);
    /* a = softmax of each row of z; dz = a * (da - sum a da), the product with its Jacobian */
    void (*softmax)(size_t rows, size_t cols, const float *z, float *a);
    void (*softmax_backward)(size_t rows, size_t cols, const float *a, const float *da, float *dz);
    /* With softmax non-zero a = softmax(z) is written first, else it must be there. l = - y log a, from z and a;
       dz[i][j] = (a sum y - y) factors[i], the slope of sum factors l with respect to z, none with factors NULL. l
       and dz are neither each other nor one of the inputs. */
    void (*cross_entropy)(size_t rows, size_t cols, const float *z, float *a, const float *y, const float *factors,
                          float *l, float *dz, int softmax);

    /* The same, with softmax, of at most 16 columns, where y is 0 but for a 1 at the row's label: losses[i] = sum of
       row i of l. Neither a nor y nor l is in memory. */
    void (*class_entropy)(size_t rows, size_t cols, const float *z, const int *labels, const float *factors,
                          float *losses, float *dz);

    /* Layers; w, dw in panels (see Memory). forward: z = x W + b, b may be NULL; up to 15 floats behind the end of w
       are read. backward_weights: dw = x^T dz, + dw with accumulate; up to 15 floats behind the end of dz are read.
       backward_input: dx = dz W^T. What is read behind an end changes nothing. scratch: rows x (in + out) floats
       below 64 rows, else (rows + 16) x (in + out + 96). */
    void (*forward)(size_t rows, size_t in, size_t out, const float *x, size_t x_stride, const float *w, const float *b,
                    float *z, size_t z_stride);
    void (*backward_weights)(size_t rows, size_t in, size_t out, const float *x, size_t x_stride,
                             const float *dz, size_t dz_stride, float *dw, int accumulate, float *scratch);
    void (*backward_input)(size_t rows, size_t in, size_t out, const float *dz, size_t dz_stride, const float *w,
                           float *dx, size_t dx_stride, float *scratch);

    /* sums[j] = sum of x[i][j] over the rows i, + sums[j] with accumulate */
    void (*column_sums)(size_t rows, size_t cols, const float *x, size_t stride, float *sums, int accumulate);
    /* x[i][j] = x[i][j] * factors[i] */
    void (*scale_rows)(size_t rows, size_t cols, const float *factors, float *x);
    /* l = loss per element, d = its slope with respect to a; for binary_cross_entropy l is taken from z, and d is
       the slope with respect to z, a - y. Not for cross_entropy and custom. */
    void (*loss)(mlp_loss, float delta, size_t n, const float *z, const float *a, const float *y, float *l);
    void (*loss_backward)(mlp_loss, float delta, size_t n, const float *a, const float *y, float *d);

    /* y = y + alpha x */
    void (*axpy)(size_t n, float alpha, const float *x, float *y);
    /* One update of n weights w by the gradient g, as at mlp_opt; s1, s2: the state, n each, of which a kind has none,
       one or two:
         sgd      w - rate g without momentum, s1 is NULL; else s1 = v; takes momentum, nesterov
         adagrad  s1 = s + g^2, w - rate g / (sqrt(s1) + epsilon)
         rmsprop  s1 = rho v + (1-rho) g^2, w - rate g / (sqrt(s1) + epsilon)
         adam     s1 = m, s2 = v; takes beta1, beta2, scale, epsilon; adamw: the same from shrink w on
         rprop    p = g s1; step = s2 times eta_plus for p > 0, eta_minus for p < 0, within step_min and step_max;
                  g = 0 for p < 0; w - step sign(g); s1 = g, s2 = step
       and of any kind g + weight_decay w + l1 sign(w) in the place of g, where these are not both 0. Non-zero: a weight
       has become NaN or infinite. Other kinds do nothing. */
    int (*update)(mlp_opt kind, const mlp_update *u, size_t n, float *w, const float *g, float *s1, float *s2);
    /* index of the first x for which scale x is NaN or infinity, n when there is none; scale >= 0, 0: for which x is
       one */
    size_t (*first_nonfinite)(size_t n, float scale, const float *x);
    /* the sum of a b in double, where the products are exact: 16 chains and a tree (8, 4, 2, 1) */
    double (*inner)(size_t n, const float *a, const float *b);
    /* y[i*stride + j] = y[i*stride + j] - sum of a[r*stride + i] b[r*stride + j] over the rows r, ascending, in
       double; i below m, j below n, a multiple of 16 */
    void (*subtract_products)(size_t rows, size_t m, size_t n, const double *a, const double *b, size_t stride,
                              double *y);
};

/* The table with that name, NULL when this build or CPU has none such. A NULL name: the best. */
MLP_API const mlp_kernels *mlp_kernels_for(const char *name);
/* The name of the best. */
MLP_API const char *mlp_simd_name(void);

#ifdef __cplusplus
}
#endif

#endif /* MLP_INCLUDE_MLP_H */

/* ======================================================================================
   Implementation
   ====================================================================================== */
#if (defined(MLP_IMPLEMENTATION) || defined(MLP_KERNELS_ONLY)) && !defined(MLP__IMPLEMENTED)
#define MLP__IMPLEMENTED

/* ----------------------------------------------------------------------- >>platform -- */

#ifndef MLP_ACTIVATIONS
    #define MLP_ACTIVATIONS ~0u
#endif
#define MLP__HAS(activation) \
    ((activation) <= MLP_ACT_IDENTITY || ((unsigned)(MLP_ACTIVATIONS) >> (int)(activation) & 1))

#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#if INT_MAX < 2147483647 || FLT_MANT_DIG != 24 || DBL_MANT_DIG != 53
    #error "mlp.h: needs int of 32 bits, float and double of IEEE 754 (not AVR)"
#endif

#ifdef MLP_KERNELS_ONLY
    /* no memory functions */
#elif defined(MLP_MALLOC) != defined(MLP_FREE)
    #error "mlp.h: define both MLP_MALLOC(size,user) and MLP_FREE(pointer,user), or neither"
#elif !defined(MLP_MALLOC)
    #include <stdlib.h>
    #define MLP_MALLOC(size, user) ((void)(user), malloc(size))
    #define MLP_FREE(pointer, user) ((void)(user), free(pointer))
#endif

/* The first that a linker finds twice says what is wrong. */
#if !defined(MLP_STATIC) && !defined(MLP_KERNELS_ONLY)
    #ifdef __cplusplus
    extern "C" {
    #endif
    void mlp__define_MLP_IMPLEMENTATION_in_one_file_only(void);
    void mlp__define_MLP_IMPLEMENTATION_in_one_file_only(void) { }
    #ifdef __cplusplus
    }
    #endif
#endif

/* clang-cl has these, too, but not the macro. */
#if (defined(__GNUC__) || defined(__clang__)) && !defined(__TINYC__)
    #define MLP__GNU 1
#else
    #define MLP__GNU 0
#endif

#if MLP__GNU
    #define MLP__INLINE static inline __attribute__((always_inline, unused))
    #define MLP__NOINLINE static __attribute__((noinline, unused))
    #define MLP__UNUSED __attribute__((unused))
    #define MLP__PREFETCH(p) __builtin_prefetch(p)
#elif defined(_MSC_VER)
    #define MLP__INLINE static __forceinline
    #define MLP__NOINLINE static __declspec(noinline)
    #define MLP__UNUSED
    #define MLP__PREFETCH(p) ((void)(p))
#else
    #define MLP__INLINE static inline
    #define MLP__NOINLINE static
    #define MLP__UNUSED
    #define MLP__PREFETCH(p) ((void)(p))
#endif

/* Before every loop over the registers of a tile. Without it gcc 12 -O2 keeps the accumulators in memory (2 fma in the
   loop in place of 12), and -O3 stores them around the loop. The count must be at least the loop's. gcc has it from
   version 8 on. */
#if defined(__clang__)
    #define MLP__UNROLL _Pragma("clang loop unroll(full)")
#elif MLP__GNU && __GNUC__ >= 8
    #define MLP__UNROLL _Pragma("GCC unroll 32")
#else
    #define MLP__UNROLL
#endif

#if (defined(__x86_64__) || defined(__i386__)) && defined(__SSE2__) && MLP__GNU
    #define MLP__X86 1
#elif defined(_M_X64) || (defined(_M_IX86_FP) && _M_IX86_FP == 2)
    #define MLP__X86 1
#else
    #define MLP__X86 0
#endif

/* Fused multiply-add in hardware? Decided per architecture, since clang does not define __FP_FAST_FMAF. */
#if defined(__TINYC__)
    #define MLP__FMA 0
#elif defined(__FMA__) || defined(__aarch64__) || defined(_M_ARM64) || defined(__ARM_FEATURE_FMA) \
   || defined(__s390x__) || (defined(__powerpc__) && !defined(_SOFT_FLOAT) && !defined(__NO_FPRS__)) \
   || defined(__riscv_flen) || (defined(__loongarch_frlen) && __loongarch_frlen >= 32) || defined(__FP_FAST_FMAF) \
   || (defined(_MSC_VER) && !defined(__clang__) && defined(__AVX2__))
    #define MLP__FMA 1
#else
    #define MLP__FMA 0
#endif
#if defined(__FMA4__) && !defined(__FMA__)
    #error "mlp.h: fused multiply-add with four operands is not supported: add -mno-fma4"
#endif

#if MLP__X86
    #include <immintrin.h>
#elif !MLP__GNU
    #include <math.h>
#endif

/* clang 14 gets the sign of zero wrong where ARM and WebAssembly have an instruction that almost fits: `x < 0 ? 0 : x`
   becomes their maximum, which makes +0 of -0, and -(a b + c) becomes -a b - c. A value hidden from it (constraint:
   where it is kept) is left alone; that costs no instruction. */
#if defined(__clang__) && !MLP__X86
    #define MLP__HIDE(constraint, value) __asm__("" : constraint(value))
#else
    #define MLP__HIDE(constraint, value) ((void)0)
#endif

/* Keeps a value in one register, of the kind that constraint says. gcc 12 makes of a pointer that goes from row to row
   a pointer for each row, computed ahead and spilled, and loads a vector anew for each of two or three uses. */
#if MLP__GNU
    #define MLP__ONE_REGISTER(constraint, value) __asm__("" : constraint(value))
#else
    #define MLP__ONE_REGISTER(constraint, value) ((void)0)
#endif
#define MLP__ONE_POINTER(pointer) MLP__ONE_REGISTER("+r", pointer)

/* -ffast-math lets compilers rearrange sums whose rounding is what is asked for: not across this. */
#if defined(__FAST_MATH__) && MLP__GNU
    #define MLP__AS_WRITTEN(value) __asm__("" : "+m"(value))
#else
    #define MLP__AS_WRITTEN(value) ((void)0)
#endif

/* a b + c with one rounding, as one instruction: __builtin_fmaf is that even at gcc -O0, fmaf() is a call there.
   Without the hardware it is multiply and add: gcc fuses only what it has __FP_FAST_FMAF for, clang is told not to. */
MLP__INLINE float mlp__fma(float a, float b, float c)
{
#if !MLP__FMA
    #if defined(__clang__)
        #pragma STDC FP_CONTRACT OFF
    #endif
    return a * b + c;
#elif defined(__aarch64__) && MLP__GNU
    c = __builtin_fmaf(a, b, c);
    MLP__HIDE("+w", c);
    return c;
#elif MLP__GNU
    return __builtin_fmaf(a, b, c);
#elif MLP__X86
    return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
#else
    return fmaf(a, b, c);
#endif
}

/* The same in double, for kernels. Some have fused multiply-add for float only: those have bits of their own here. */
MLP__INLINE double mlp__fma_of_doubles(double a, double b, double c)
{
#if !MLP__FMA || (defined(__riscv_flen) && __riscv_flen < 64) || (defined(__ARM_FP) && !(__ARM_FP & 8))
    #if defined(__clang__)
        #pragma STDC FP_CONTRACT OFF
    #endif
    return a * b + c;
#elif MLP__GNU
    return __builtin_fma(a, b, c);
#elif MLP__X86
    return _mm_cvtsd_f64(_mm_fmadd_sd(_mm_set_sd(a), _mm_set_sd(b), _mm_set_sd(c)));
#else
    return fma(a, b, c);
#endif
}

/* sum + a b in double: the product of two floats is exact, so fused or not is the same, also outside of kernels. */
MLP__INLINE double mlp__fma_double(float a, float b, double sum)
{
    return mlp__fma_of_doubles((double)a, (double)b, sum);
}

/* Square roots without libm's errno where the instruction can be had by name, so that no -lm is needed there. */
MLP__INLINE float mlp__sqrt(float x)
{
#if MLP__X86
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#elif MLP__GNU
    return __builtin_sqrtf(x);
#else
    return sqrtf(x);
#endif
}

MLP__INLINE double mlp__sqrt_double(double x)
{
#if MLP__X86
    return _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(x), _mm_set_sd(x)));
#elif MLP__GNU
    return __builtin_sqrt(x);
#else
    return sqrt(x);
#endif
}

MLP__INLINE uint32_t mlp__bits(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
MLP__INLINE float mlp__float(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }

/* By the bits: -ffast-math lets compilers fold x != x and isfinite(). */
MLP__INLINE int mlp__finite(float x) { return (mlp__bits(x) & 0x7f800000u) != 0x7f800000u; }
MLP__INLINE int mlp__finite_double(double x) { uint64_t u; memcpy(&u, &x, 8); return (u >> 52 & 0x7ff) != 0x7ff; }

MLP__INLINE size_t mlp__smaller(size_t a, size_t b) { return a < b ? a : b; }

/* asks for n floats that will be needed soon */
MLP__INLINE void mlp__fetch(size_t n, const float *x)
{
    size_t i;
    for (i = 0; i < n; i += 16) MLP__PREFETCH(x + i);
}

/* --------------------------------------------------------------------------- >>simd -- */
/* The one place that knows instruction sets. Each block below defines the same operations in the same order. Two parts
   behind the blocks define what several have in common: those marked * for x86, whose blocks have MLP__MM, the prefix
   of their intrinsics, and those marked + for four lanes, whose blocks have MLP__FOUR_LANES.

     mlp__vf, mlp__vm, mlp__vi  a vector of MLP__W floats; a mask; the lanes as 32-bit integers
     vload* vstore*       any alignment
     vload_n+ vstore_n+   the first n < MLP__W lanes, vload_n takes the rest from fill
     vload_halves+        the lower half of the lanes from p, the upper from q
     vset1* vset4*        all lanes; four vset1, of p[0..3]: an x86 block has vfour for it, p[0..3] in each four lanes
     vadd* vsub* vmul* vdiv* vsqrt*  IEEE
     vfma* vfnma*         a b + c and c - a b: one rounding if MLP__FMA, else two
     vmin* vmax*          a < b ? a : b and a > b ? a : b: the second when one is NaN or both are zero
     vround               to the nearest integer, ties to even, for |a| < 2^22; NaN stays
     vabs vsign           |a|; a with the sign of b in the place of its own
     vlt vselect vany     a < b, false for NaN; m ? a : b; non-zero: some lane of the mask is set
     vint* vfloat*        of whole numbers, |a| < 2^22, else anything; as floats
     vbits vunbits        the same bits as integers, as floats
     viadd* viand         with one number in all lanes, wrapping around
     viup* vidown*        by 23 bits, where the exponent stands: to the left, and to the right with copies of the sign
     vswap vfirst*        lane i takes lane i ^ d, d a power of two below MLP__W; lane 0
     vzip_low* vzip_high* within each four lanes: a0 b0 a1 b1; a2 b2 a3 b3
     vfours_even+ _odd+   the even fours of a, then of b; the odd ones

   Then MLP__NAME. Where a product may take a vector from memory, MLP__KEEP(v) keeps v in a register. At the end of a
   block stand the numbers that the products are tuned by; each block has to state them all:

     MLP__TILE_VECTORS    vectors of a row of a tile; MLP__TILE_VECTORS * MLP__W is a multiple or a divisor of 16
     MLP__TILE_ROWS(v)    the most rows of a tile of v vectors: rows * v sums, v vectors of b and one of a must fit into
                          the registers, and 8 or more chains must be under way to hide the latency of fma
     MLP__ONE_ROW_VECTORS vectors of a tile of one row, 4 or 8: streams of weights at once */

#define MLP__SIMD_scalar   MLP_SIMD_SCALAR
#define MLP__SIMD_sse2     MLP_SIMD_SSE2
#define MLP__SIMD_avx2     MLP_SIMD_AVX2
#define MLP__SIMD_avx512   MLP_SIMD_AVX512
#define MLP__SIMD_neon     MLP_SIMD_NEON
#define MLP__SIMD_wasm     MLP_SIMD_WASM
#define MLP__SIMD_emulated MLP_SIMD_EMULATED
#define MLP__JOIN2(a, b) a##b
#define MLP__JOIN(a, b) MLP__JOIN2(a, b)

#ifdef MLP_KERNELS_ONLY
    #undef MLP_SIMD
    #define MLP_SIMD MLP__JOIN(MLP__SIMD_, MLP_KERNELS_ONLY)
#elif !defined(MLP_SIMD)
    #if MLP__X86 && defined(__AVX512F__)
        #define MLP_SIMD MLP_SIMD_AVX512
    #elif MLP__X86 && defined(__AVX2__) && MLP__FMA
        #define MLP_SIMD MLP_SIMD_AVX2
    #elif MLP__X86
        #define MLP_SIMD MLP_SIMD_SSE2
    #elif (defined(__aarch64__) && defined(__ARM_NEON) && MLP__GNU) || defined(_M_ARM64)
        #define MLP_SIMD MLP_SIMD_NEON
    #elif defined(__wasm_simd128__)
        #define MLP_SIMD MLP_SIMD_WASM
    #else
        #define MLP_SIMD MLP_SIMD_SCALAR
    #endif
#endif

/* The operations on one float that are more than an expression. */
MLP__INLINE float mlp__min1(float a, float b) { int less = a < b; MLP__HIDE("+r", less); return less ? a : b; }
MLP__INLINE float mlp__max1(float a, float b) { int more = a > b; MLP__HIDE("+r", more); return more ? a : b; }
MLP__INLINE float mlp__abs1(float a) { return mlp__float(mlp__bits(a) & 0x7fffffffu); }
MLP__INLINE float mlp__sign1(float a, float b)
{
    return mlp__float((mlp__bits(a) & 0x7fffffffu) | (mlp__bits(b) & 0x80000000u));
}
MLP__INLINE uint32_t mlp__int1(float a) { return a > -4194304.0f && a < 4194304.0f ? (uint32_t)(int32_t)a : 0; }

MLP__INLINE float mlp__round1(float a)
{
    const int n = (int)(int32_t)mlp__int1(a);
    const float d = a - (float)n;                       /* exact */
    if (!(a > -4194304.0f && a < 4194304.0f)) return a;
    return mlp__sign1((float)(n + (d > 0.5f || (d == 0.5f && n & 1)) - (d < -0.5f || (d == -0.5f && n & 1))), a);
}

#if MLP_SIMD == MLP_SIMD_SCALAR || MLP_SIMD == MLP_SIMD_EMULATED

    #if MLP_SIMD == MLP_SIMD_SCALAR     /* one lane */
        #define MLP__NAME "scalar"
        #define MLP__W 1
        typedef float mlp__vf;
        typedef int mlp__vm;
        typedef uint32_t mlp__vi;
        #define MLP__OP MLP__INLINE
        #define MLP__LANE(a, i) ((void)(i), a)
        #define MLP__LANES(type, expression) enum { i = 0 }; type r = (expression); return r
    #else       /* plain calls and loops: unrolled, gcc 12 -fsanitize=address takes over 10 minutes */
        #define MLP__NAME "emulated"
        #define MLP__W 8
        typedef struct { float lane[8]; } mlp__vf;
        typedef struct { int lane[8]; } mlp__vm;
        typedef struct { uint32_t lane[8]; } mlp__vi;
        #undef MLP__UNROLL
        #define MLP__UNROLL
        #define MLP__OP MLP__NOINLINE
        #define MLP__LANE(a, i) a.lane[i]
        #define MLP__LANES(type, expression) \
            type r; int i; for (i = 0; i < MLP__W; i++) r.lane[i] = (expression); return r
    #endif
    #define MLP__AT(a) MLP__LANE(a, i)
    #define MLP__VF(expression) MLP__LANES(mlp__vf, expression)
    #define MLP__VI(expression) MLP__LANES(mlp__vi, expression)
    MLP__OP mlp__vf mlp__vload(const float *p) { MLP__VF(p[i]); }
    MLP__OP void mlp__vstore(float *p, mlp__vf a) { int i; for (i = 0; i < MLP__W; i++) p[i] = MLP__AT(a); }
    MLP__OP mlp__vf mlp__vload_n(const float *p, size_t n, mlp__vf fill)
    {
        MLP__VF((size_t)i < n ? p[i] : MLP__AT(fill));
    }
    MLP__OP void mlp__vstore_n(float *p, mlp__vf a, size_t n) { size_t i; for (i = 0; i < n; i++) p[i] = MLP__AT(a); }
    MLP__OP mlp__vf mlp__vload_halves(const float *p, const float *q)
    {
        MLP__VF(i < MLP__W / 2 || MLP__W == 1 ? p[i] : q[i - MLP__W / 2]);
    }
    MLP__OP mlp__vf mlp__vset1(float a) { MLP__VF(a); }
    MLP__OP void mlp__vset4(const float *p, mlp__vf v[4]) { size_t t; for (t = 0; t < 4; t++) v[t] = mlp__vset1(p[t]); }
    MLP__OP mlp__vf mlp__vadd(mlp__vf a, mlp__vf b) { MLP__VF(MLP__AT(a) + MLP__AT(b)); }
    MLP__OP mlp__vf mlp__vsub(mlp__vf a, mlp__vf b) { MLP__VF(MLP__AT(a) - MLP__AT(b)); }
    MLP__OP mlp__vf mlp__vmul(mlp__vf a, mlp__vf b) { MLP__VF(MLP__AT(a) * MLP__AT(b)); }
    MLP__OP mlp__vf mlp__vdiv(mlp__vf a, mlp__vf b) { MLP__VF(MLP__AT(a) / MLP__AT(b)); }
    MLP__OP mlp__vf mlp__vsqrt(mlp__vf a) { MLP__VF(mlp__sqrt(MLP__AT(a))); }
    MLP__OP mlp__vf mlp__vfma(mlp__vf a, mlp__vf b, mlp__vf c)
    {
        MLP__VF(mlp__fma(MLP__AT(a), MLP__AT(b), MLP__AT(c)));
    }
    MLP__OP mlp__vf mlp__vfnma(mlp__vf a, mlp__vf b, mlp__vf c)
    {
        MLP__VF(mlp__fma(-MLP__AT(a), MLP__AT(b), MLP__AT(c)));
    }
    MLP__OP mlp__vf mlp__vmin(mlp__vf a, mlp__vf b) { MLP__VF(mlp__min1(MLP__AT(a), MLP__AT(b))); }
    MLP__OP mlp__vf mlp__vmax(mlp__vf a, mlp__vf b) { MLP__VF(mlp__max1(MLP__AT(a), MLP__AT(b))); }
    MLP__OP mlp__vf mlp__vround(mlp__vf a) { MLP__VF(mlp__round1(MLP__AT(a))); }
    MLP__OP mlp__vf mlp__vabs(mlp__vf a) { MLP__VF(mlp__abs1(MLP__AT(a))); }
    MLP__OP mlp__vf mlp__vsign(mlp__vf a, mlp__vf b) { MLP__VF(mlp__sign1(MLP__AT(a), MLP__AT(b))); }
    MLP__OP mlp__vm mlp__vlt(mlp__vf a, mlp__vf b) { MLP__LANES(mlp__vm, MLP__AT(a) < MLP__AT(b)); }
    MLP__OP mlp__vf mlp__vselect(mlp__vm m, mlp__vf a, mlp__vf b) { MLP__VF(MLP__AT(m) ? MLP__AT(a) : MLP__AT(b)); }
    MLP__OP int mlp__vany(mlp__vm m)
    {
        int i, any = 0;
        for (i = 0; i < MLP__W; i++) any |= MLP__AT(m) != 0;
        return any;
    }
    MLP__OP mlp__vi mlp__vint(mlp__vf a) { MLP__VI(mlp__int1(MLP__AT(a))); }
    MLP__OP mlp__vf mlp__vfloat(mlp__vi a) { MLP__VF((float)(int32_t)MLP__AT(a)); }
    MLP__OP mlp__vi mlp__vbits(mlp__vf a) { MLP__VI(mlp__bits(MLP__AT(a))); }
    MLP__OP mlp__vf mlp__vunbits(mlp__vi a) { MLP__VF(mlp__float(MLP__AT(a))); }
    MLP__OP mlp__vi mlp__viadd(mlp__vi a, int b) { MLP__VI(MLP__AT(a) + (uint32_t)b); }
    MLP__OP mlp__vi mlp__viand(mlp__vi a, int b) { MLP__VI(MLP__AT(a) & (uint32_t)b); }
    MLP__OP mlp__vi mlp__viup(mlp__vi a) { MLP__VI(MLP__AT(a) << 23); }
    MLP__OP mlp__vi mlp__vidown(mlp__vi a) { MLP__VI(MLP__AT(a) >> 23 | (MLP__AT(a) >> 31 ? 0xfffffe00u : 0)); }
    MLP__OP mlp__vf mlp__vswap(mlp__vf a, int d) { MLP__VF(MLP__LANE(a, i ^ d)); }
    MLP__OP float mlp__vfirst(mlp__vf a) { return MLP__LANE(a, 0); }
    MLP__OP mlp__vf mlp__vzip_low(mlp__vf a, mlp__vf b)
    {
        MLP__VF(i % 2 ? MLP__LANE(b, (i & 4) + i % 4 / 2) : MLP__LANE(a, (i & 4) + i % 4 / 2));
    }
    MLP__OP mlp__vf mlp__vzip_high(mlp__vf a, mlp__vf b)
    {
        MLP__VF(i % 2 ? MLP__LANE(b, (i & 4) + 2 + i % 4 / 2) : MLP__LANE(a, (i & 4) + 2 + i % 4 / 2));
    }
    MLP__OP mlp__vf mlp__vfours_even(mlp__vf a, mlp__vf b) { MLP__VF(i < 4 ? MLP__AT(a) : MLP__LANE(b, i - 4)); }
    MLP__OP mlp__vf mlp__vfours_odd(mlp__vf a, mlp__vf b) { MLP__VF(i < 4 ? MLP__LANE(a, i + 4) : MLP__AT(b)); }

    #define MLP__TILE_VECTORS (MLP__W == 1 ? 4 : 2)
    #define MLP__TILE_ROWS(vectors) 3
    #define MLP__ONE_ROW_VECTORS 8

#elif MLP_SIMD == MLP_SIMD_SSE2

    #if !MLP__X86
        #error "mlp.h: MLP_SIMD_SSE2 needs -msse2, which x86-64 always has"
    #endif
    #define MLP__NAME "sse2"
    #define MLP__MM(name) _mm_##name
    #define MLP__W 4
    #define MLP__FOUR_LANES
    typedef __m128 mlp__vf;
    typedef __m128 mlp__vm;
    typedef __m128i mlp__vi;
    MLP__INLINE mlp__vf mlp__vfour(const float *p) { return _mm_loadu_ps(p); }
    MLP__INLINE mlp__vf mlp__vround(mlp__vf a)
    {
        const __m128 sign = _mm_set1_ps(-0.0f), inside = _mm_cmplt_ps(_mm_andnot_ps(sign, a), _mm_set1_ps(4194304.0f));
        const __m128 whole = _mm_or_ps(_mm_cvtepi32_ps(_mm_cvtps_epi32(a)), _mm_and_ps(sign, a));
        return _mm_or_ps(_mm_and_ps(inside, whole), _mm_andnot_ps(inside, a));
    }
    MLP__INLINE mlp__vf mlp__vabs(mlp__vf a) { return _mm_andnot_ps(_mm_set1_ps(-0.0f), a); }
    MLP__INLINE mlp__vf mlp__vsign(mlp__vf a, mlp__vf b)
    {
        return _mm_or_ps(mlp__vabs(a), _mm_and_ps(_mm_set1_ps(-0.0f), b));
    }
    MLP__INLINE mlp__vm mlp__vlt(mlp__vf a, mlp__vf b) { return _mm_cmplt_ps(a, b); }
    MLP__INLINE mlp__vf mlp__vselect(mlp__vm m, mlp__vf a, mlp__vf b)
    {
        return _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b));
    }
    MLP__INLINE int mlp__vany(mlp__vm m) { return _mm_movemask_ps(m); }
    MLP__INLINE mlp__vi mlp__vbits(mlp__vf a) { return _mm_castps_si128(a); }
    MLP__INLINE mlp__vf mlp__vunbits(mlp__vi a) { return _mm_castsi128_ps(a); }
    MLP__INLINE mlp__vi mlp__viand(mlp__vi a, int b) { return _mm_and_si128(a, _mm_set1_epi32(b)); }
    MLP__INLINE mlp__vf mlp__vswap(mlp__vf a, int d)
    {
        return d == 2 ? _mm_shuffle_ps(a, a, 0x4e) : _mm_shuffle_ps(a, a, 0xb1);
    }

    #define MLP__TILE_VECTORS 2
    #define MLP__TILE_ROWS(vectors) ((vectors) == 1 ? 8 : 5)
    #define MLP__ONE_ROW_VECTORS 8

#elif MLP_SIMD == MLP_SIMD_AVX2

    #if !defined(__AVX2__) || !MLP__FMA
        #error "mlp.h: MLP_SIMD_AVX2 needs -mavx2 -mfma (or /arch:AVX2)"
    #endif
    #define MLP__NAME "avx2"
    #define MLP__MM(name) _mm256_##name
    #define MLP__W 8
    #define MLP__KEEP(v) MLP__ONE_REGISTER("+x", v)
    typedef __m256 mlp__vf;
    typedef __m256 mlp__vm;
    typedef __m256i mlp__vi;
    MLP__INLINE __m256i mlp__vfirst_n(size_t n)
    {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    MLP__INLINE mlp__vf mlp__vload_n(const float *p, size_t n, mlp__vf fill)
    {
        const __m256i m = mlp__vfirst_n(n);
        return _mm256_blendv_ps(fill, _mm256_maskload_ps(p, m), _mm256_castsi256_ps(m));
    }
    MLP__INLINE void mlp__vstore_n(float *p, mlp__vf a, size_t n)
    {
        /* in parts: maskstore is slow on Zen */
        __m128 part = _mm256_castps256_ps128(a);
        if (n & 4) { _mm_storeu_ps(p, part); p += 4; part = _mm256_extractf128_ps(a, 1); }
        if (n & 2) { _mm_storel_pi((__m64 *)p, part); p += 2; part = _mm_movehl_ps(part, part); }
        if (n & 1) _mm_store_ss(p, part);
    }
    MLP__INLINE mlp__vf mlp__vload_halves(const float *p, const float *q)
    {
        return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(q), 1);
    }
    MLP__INLINE mlp__vf mlp__vfour(const float *p) { return _mm256_broadcast_ps((const __m128 *)p); }
    MLP__INLINE mlp__vf mlp__vround(mlp__vf a) { return _mm256_round_ps(a, 8); }
    MLP__INLINE mlp__vf mlp__vabs(mlp__vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
    MLP__INLINE mlp__vf mlp__vsign(mlp__vf a, mlp__vf b)
    {
        return _mm256_or_ps(mlp__vabs(a), _mm256_and_ps(_mm256_set1_ps(-0.0f), b));
    }
    MLP__INLINE mlp__vm mlp__vlt(mlp__vf a, mlp__vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
    MLP__INLINE mlp__vf mlp__vselect(mlp__vm m, mlp__vf a, mlp__vf b) { return _mm256_blendv_ps(b, a, m); }
    MLP__INLINE int mlp__vany(mlp__vm m) { return _mm256_movemask_ps(m); }
    MLP__INLINE mlp__vi mlp__vbits(mlp__vf a) { return _mm256_castps_si256(a); }
    MLP__INLINE mlp__vf mlp__vunbits(mlp__vi a) { return _mm256_castsi256_ps(a); }
    MLP__INLINE mlp__vi mlp__viand(mlp__vi a, int b) { return _mm256_and_si256(a, _mm256_set1_epi32(b)); }
    MLP__INLINE mlp__vf mlp__vswap(mlp__vf a, int d)
    {
        return d == 4 ? _mm256_permute2f128_ps(a, a, 1)
             : d == 2 ? _mm256_permute_ps(a, 0x4e) : _mm256_permute_ps(a, 0xb1);
    }
    MLP__INLINE mlp__vf mlp__vfours_even(mlp__vf a, mlp__vf b) { return _mm256_permute2f128_ps(a, b, 0x20); }
    MLP__INLINE mlp__vf mlp__vfours_odd(mlp__vf a, mlp__vf b) { return _mm256_permute2f128_ps(a, b, 0x31); }

    #define MLP__TILE_VECTORS 2
    #define MLP__TILE_ROWS(vectors) ((vectors) == 1 ? 8 : 6)
    #define MLP__ONE_ROW_VECTORS 8

#elif MLP_SIMD == MLP_SIMD_AVX512

    #if !defined(__AVX512F__)
        #error "mlp.h: MLP_SIMD_AVX512 needs -mavx512f (or /arch:AVX512)"
    #endif
    #define MLP__NAME "avx512"
    #define MLP__MM(name) _mm512_##name
    #define MLP__W 16
    #define MLP__KEEP(v) MLP__ONE_REGISTER("+v", v)
    typedef __m512 mlp__vf;
    typedef __mmask16 mlp__vm;
    typedef __m512i mlp__vi;
    MLP__INLINE __mmask16 mlp__vfirst_n(size_t n) { return (__mmask16)((1u << n) - 1); }
    MLP__INLINE mlp__vf mlp__vload_n(const float *p, size_t n, mlp__vf fill)
    {
        return _mm512_mask_loadu_ps(fill, mlp__vfirst_n(n), p);
    }
    MLP__INLINE void mlp__vstore_n(float *p, mlp__vf a, size_t n) { _mm512_mask_storeu_ps(p, mlp__vfirst_n(n), a); }
    MLP__INLINE mlp__vf mlp__vload_halves(const float *p, const float *q)
    {
        const __m512d low = _mm512_castps_pd(_mm512_castps256_ps512(_mm256_loadu_ps(p)));
        return _mm512_castpd_ps(_mm512_insertf64x4(low, _mm256_castps_pd(_mm256_loadu_ps(q)), 1));
    }
    MLP__INLINE mlp__vf mlp__vfour(const float *p) { return _mm512_broadcast_f32x4(_mm_loadu_ps(p)); }
    MLP__INLINE mlp__vf mlp__vround(mlp__vf a) { return _mm512_roundscale_ps(a, 8); }
    MLP__INLINE mlp__vf mlp__vabs(mlp__vf a)
    {
        return _mm512_castsi512_ps(_mm512_and_epi32(_mm512_castps_si512(a), _mm512_set1_epi32(0x7fffffff)));
    }
    MLP__INLINE mlp__vf mlp__vsign(mlp__vf a, mlp__vf b)
    {
        const __m512i ai = _mm512_castps_si512(a), bi = _mm512_castps_si512(b);
        const __m512i sign = _mm512_set1_epi32((int)0x80000000u);
        return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(sign, bi, ai, 0xca));      /* sign ? b : a, bit by bit */
    }
    MLP__INLINE mlp__vm mlp__vlt(mlp__vf a, mlp__vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
    MLP__INLINE mlp__vf mlp__vselect(mlp__vm m, mlp__vf a, mlp__vf b) { return _mm512_mask_blend_ps(m, b, a); }
    MLP__INLINE int mlp__vany(mlp__vm m) { return m; }
    MLP__INLINE mlp__vi mlp__vbits(mlp__vf a) { return _mm512_castps_si512(a); }
    MLP__INLINE mlp__vf mlp__vunbits(mlp__vi a) { return _mm512_castsi512_ps(a); }
    MLP__INLINE mlp__vi mlp__viand(mlp__vi a, int b) { return _mm512_and_epi32(a, _mm512_set1_epi32(b)); }
    MLP__INLINE mlp__vf mlp__vswap(mlp__vf a, int d)
    {
        return d == 8 ? _mm512_shuffle_f32x4(a, a, 0x4e) : d == 4 ? _mm512_shuffle_f32x4(a, a, 0xb1)
             : d == 2 ? _mm512_permute_ps(a, 0x4e) : _mm512_permute_ps(a, 0xb1);
    }
    MLP__INLINE mlp__vf mlp__vfours_even(mlp__vf a, mlp__vf b) { return _mm512_shuffle_f32x4(a, b, 0x88); }
    MLP__INLINE mlp__vf mlp__vfours_odd(mlp__vf a, mlp__vf b) { return _mm512_shuffle_f32x4(a, b, 0xdd); }
    #define MLP__SCALEF(a, n) _mm512_scalef_ps(a, n)            /* a 2^n, rounded once */

    #define MLP__TILE_VECTORS 4
    #define MLP__TILE_ROWS(vectors) ((vectors) <= 2 ? 11 : (vectors) == 3 ? 8 : 6) /* for want of general registers */
    #define MLP__ONE_ROW_VECTORS 4

#elif MLP_SIMD == MLP_SIMD_NEON

    #if !defined(__aarch64__) && !defined(_M_ARM64)
        #error "mlp.h: MLP_SIMD_NEON needs 64-bit ARM"
    #endif
    #include <arm_neon.h>
    #define MLP__NAME "neon"
    #define MLP__W 4
    #define MLP__FOUR_LANES
    typedef float32x4_t mlp__vf;
    typedef uint32x4_t mlp__vm;
    typedef int32x4_t mlp__vi;
    MLP__INLINE mlp__vf mlp__vload(const float *p) { return vld1q_f32(p); }
    MLP__INLINE void mlp__vstore(float *p, mlp__vf a) { vst1q_f32(p, a); }
    MLP__INLINE mlp__vf mlp__vset1(float a) { return vdupq_n_f32(a); }
    MLP__INLINE void mlp__vset4(const float *p, mlp__vf v[4])
    {
        const mlp__vf a = mlp__vload(p);
        v[0] = vdupq_laneq_f32(a, 0);   v[1] = vdupq_laneq_f32(a, 1);
        v[2] = vdupq_laneq_f32(a, 2);   v[3] = vdupq_laneq_f32(a, 3);
    }
    MLP__INLINE mlp__vf mlp__vadd(mlp__vf a, mlp__vf b) { return vaddq_f32(a, b); }
    MLP__INLINE mlp__vf mlp__vsub(mlp__vf a, mlp__vf b) { return vsubq_f32(a, b); }
    MLP__INLINE mlp__vf mlp__vmul(mlp__vf a, mlp__vf b) { return vmulq_f32(a, b); }
    MLP__INLINE mlp__vf mlp__vdiv(mlp__vf a, mlp__vf b) { return vdivq_f32(a, b); }
    MLP__INLINE mlp__vf mlp__vsqrt(mlp__vf a) { return vsqrtq_f32(a); }
    MLP__INLINE mlp__vf mlp__vfma(mlp__vf a, mlp__vf b, mlp__vf c) { return vfmaq_f32(c, a, b); }
    MLP__INLINE mlp__vf mlp__vfnma(mlp__vf a, mlp__vf b, mlp__vf c) { return vfmsq_f32(c, a, b); }
    MLP__INLINE mlp__vf mlp__vmin(mlp__vf a, mlp__vf b)
    {
        mlp__vm less = vcltq_f32(a, b); MLP__HIDE("+w", less); return vbslq_f32(less, a, b);
    }
    MLP__INLINE mlp__vf mlp__vmax(mlp__vf a, mlp__vf b)
    {
        mlp__vm more = vcgtq_f32(a, b); MLP__HIDE("+w", more); return vbslq_f32(more, a, b);
    }
    MLP__INLINE mlp__vf mlp__vround(mlp__vf a) { return vrndnq_f32(a); }
    MLP__INLINE mlp__vf mlp__vabs(mlp__vf a) { return vabsq_f32(a); }
    MLP__INLINE mlp__vf mlp__vsign(mlp__vf a, mlp__vf b) { return vbslq_f32(vdupq_n_u32(0x80000000u), b, a); }
    MLP__INLINE mlp__vm mlp__vlt(mlp__vf a, mlp__vf b) { return vcltq_f32(a, b); }
    MLP__INLINE mlp__vf mlp__vselect(mlp__vm m, mlp__vf a, mlp__vf b) { return vbslq_f32(m, a, b); }
    MLP__INLINE int mlp__vany(mlp__vm m) { return vmaxvq_u32(m) != 0; }
    MLP__INLINE mlp__vi mlp__vint(mlp__vf a) { return vcvtq_s32_f32(a); }
    MLP__INLINE mlp__vf mlp__vfloat(mlp__vi a) { return vcvtq_f32_s32(a); }
    MLP__INLINE mlp__vi mlp__vbits(mlp__vf a) { return vreinterpretq_s32_f32(a); }
    MLP__INLINE mlp__vf mlp__vunbits(mlp__vi a) { return vreinterpretq_f32_s32(a); }
    MLP__INLINE mlp__vi mlp__viadd(mlp__vi a, int b) { return vaddq_s32(a, vdupq_n_s32(b)); }
    MLP__INLINE mlp__vi mlp__viand(mlp__vi a, int b) { return vandq_s32(a, vdupq_n_s32(b)); }
    MLP__INLINE mlp__vi mlp__viup(mlp__vi a) { return vshlq_n_s32(a, 23); }
    MLP__INLINE mlp__vi mlp__vidown(mlp__vi a) { return vshrq_n_s32(a, 23); }
    MLP__INLINE mlp__vf mlp__vswap(mlp__vf a, int d) { return d == 2 ? vextq_f32(a, a, 2) : vrev64q_f32(a); }
    MLP__INLINE float mlp__vfirst(mlp__vf a) { return vgetq_lane_f32(a, 0); }
    MLP__INLINE mlp__vf mlp__vzip_low(mlp__vf a, mlp__vf b) { return vzip1q_f32(a, b); }
    MLP__INLINE mlp__vf mlp__vzip_high(mlp__vf a, mlp__vf b) { return vzip2q_f32(a, b); }

    #define MLP__TILE_VECTORS 4
    #define MLP__TILE_ROWS(vectors) ((vectors) == 1 ? 12 : (vectors) == 2 ? 8 : 5) /* 6 x 4 spills (gcc 12) */
    #define MLP__ONE_ROW_VECTORS 8

#elif MLP_SIMD == MLP_SIMD_WASM

    #if !defined(__wasm_simd128__)
        #error "mlp.h: MLP_SIMD_WASM needs -msimd128"
    #endif
    #include <wasm_simd128.h>
    #define MLP__NAME "wasm"
    #define MLP__W 4
    #define MLP__FOUR_LANES
    typedef v128_t mlp__vf;
    typedef v128_t mlp__vm;
    typedef v128_t mlp__vi;
    MLP__INLINE mlp__vf mlp__vload(const float *p) { return wasm_v128_load(p); }
    MLP__INLINE void mlp__vstore(float *p, mlp__vf a) { wasm_v128_store(p, a); }
    MLP__INLINE mlp__vf mlp__vset1(float a) { return wasm_f32x4_splat(a); }
    MLP__INLINE void mlp__vset4(const float *p, mlp__vf v[4])
    {
        const mlp__vf a = mlp__vload(p);
        v[0] = wasm_i32x4_shuffle(a, a, 0, 0, 0, 0);    v[1] = wasm_i32x4_shuffle(a, a, 1, 1, 1, 1);
        v[2] = wasm_i32x4_shuffle(a, a, 2, 2, 2, 2);    v[3] = wasm_i32x4_shuffle(a, a, 3, 3, 3, 3);
    }
    MLP__INLINE mlp__vf mlp__vadd(mlp__vf a, mlp__vf b) { return wasm_f32x4_add(a, b); }
    MLP__INLINE mlp__vf mlp__vsub(mlp__vf a, mlp__vf b) { return wasm_f32x4_sub(a, b); }
    MLP__INLINE mlp__vf mlp__vmul(mlp__vf a, mlp__vf b) { return wasm_f32x4_mul(a, b); }
    MLP__INLINE mlp__vf mlp__vdiv(mlp__vf a, mlp__vf b) { return wasm_f32x4_div(a, b); }
    MLP__INLINE mlp__vf mlp__vsqrt(mlp__vf a) { return wasm_f32x4_sqrt(a); }
    MLP__INLINE mlp__vf mlp__vfma(mlp__vf a, mlp__vf b, mlp__vf c) { return wasm_f32x4_add(wasm_f32x4_mul(a, b), c); }
    MLP__INLINE mlp__vf mlp__vfnma(mlp__vf a, mlp__vf b, mlp__vf c) { return wasm_f32x4_sub(c, wasm_f32x4_mul(a, b)); }
    MLP__INLINE mlp__vf mlp__vmin(mlp__vf a, mlp__vf b) { return wasm_f32x4_pmin(b, a); }
    MLP__INLINE mlp__vf mlp__vmax(mlp__vf a, mlp__vf b) { return wasm_f32x4_pmax(b, a); }
    MLP__INLINE mlp__vf mlp__vround(mlp__vf a) { return wasm_f32x4_nearest(a); }
    MLP__INLINE mlp__vf mlp__vabs(mlp__vf a) { return wasm_f32x4_abs(a); }
    MLP__INLINE mlp__vf mlp__vsign(mlp__vf a, mlp__vf b) { return wasm_v128_bitselect(b, a, wasm_f32x4_splat(-0.0f)); }
    MLP__INLINE mlp__vm mlp__vlt(mlp__vf a, mlp__vf b) { return wasm_f32x4_lt(a, b); }
    MLP__INLINE mlp__vf mlp__vselect(mlp__vm m, mlp__vf a, mlp__vf b) { return wasm_v128_bitselect(a, b, m); }
    MLP__INLINE int mlp__vany(mlp__vm m) { return wasm_v128_any_true(m); }
    MLP__INLINE mlp__vi mlp__vint(mlp__vf a) { return wasm_i32x4_trunc_sat_f32x4(a); }
    MLP__INLINE mlp__vf mlp__vfloat(mlp__vi a) { return wasm_f32x4_convert_i32x4(a); }
    MLP__INLINE mlp__vi mlp__vbits(mlp__vf a) { return a; }
    MLP__INLINE mlp__vf mlp__vunbits(mlp__vi a) { return a; }
    MLP__INLINE mlp__vi mlp__viadd(mlp__vi a, int b) { return wasm_i32x4_add(a, wasm_i32x4_splat(b)); }
    MLP__INLINE mlp__vi mlp__viand(mlp__vi a, int b) { return wasm_v128_and(a, wasm_i32x4_splat(b)); }
    MLP__INLINE mlp__vi mlp__viup(mlp__vi a) { return wasm_i32x4_shl(a, 23); }
    MLP__INLINE mlp__vi mlp__vidown(mlp__vi a) { return wasm_i32x4_shr(a, 23); }
    MLP__INLINE mlp__vf mlp__vswap(mlp__vf a, int d)
    {
        return d == 2 ? wasm_i32x4_shuffle(a, a, 2, 3, 0, 1) : wasm_i32x4_shuffle(a, a, 1, 0, 3, 2);
    }
    MLP__INLINE float mlp__vfirst(mlp__vf a) { return wasm_f32x4_extract_lane(a, 0); }
    MLP__INLINE mlp__vf mlp__vzip_low(mlp__vf a, mlp__vf b) { return wasm_i32x4_shuffle(a, b, 0, 4, 1, 5); }
    MLP__INLINE mlp__vf mlp__vzip_high(mlp__vf a, mlp__vf b) { return wasm_i32x4_shuffle(a, b, 2, 6, 3, 7); }

    #define MLP__TILE_VECTORS 2
    #define MLP__TILE_ROWS(vectors) ((vectors) == 1 ? 8 : 4)
    #define MLP__ONE_ROW_VECTORS 8

#else
    #error "mlp.h: unknown value of MLP_SIMD"
#endif

#ifdef MLP__MM                              /* x86 */
    MLP__INLINE mlp__vf mlp__vload(const float *p) { return MLP__MM(loadu_ps)(p); }
    MLP__INLINE void mlp__vstore(float *p, mlp__vf a) { MLP__MM(storeu_ps)(p, a); }
    MLP__INLINE mlp__vf mlp__vset1(float a) { return MLP__MM(set1_ps)(a); }
    MLP__INLINE void mlp__vset4(const float *p, mlp__vf v[4])
    {
        const mlp__vf a = mlp__vfour(p);
        v[0] = MLP__MM(shuffle_ps)(a, a, 0x00); v[1] = MLP__MM(shuffle_ps)(a, a, 0x55);
        v[2] = MLP__MM(shuffle_ps)(a, a, 0xaa); v[3] = MLP__MM(shuffle_ps)(a, a, 0xff);
    }
    MLP__INLINE mlp__vf mlp__vadd(mlp__vf a, mlp__vf b) { return MLP__MM(add_ps)(a, b); }
    MLP__INLINE mlp__vf mlp__vsub(mlp__vf a, mlp__vf b) { return MLP__MM(sub_ps)(a, b); }
    MLP__INLINE mlp__vf mlp__vmul(mlp__vf a, mlp__vf b) { return MLP__MM(mul_ps)(a, b); }
    MLP__INLINE mlp__vf mlp__vdiv(mlp__vf a, mlp__vf b) { return MLP__MM(div_ps)(a, b); }
    MLP__INLINE mlp__vf mlp__vsqrt(mlp__vf a) { return MLP__MM(sqrt_ps)(a); }
    #if MLP__FMA
    MLP__INLINE mlp__vf mlp__vfma(mlp__vf a, mlp__vf b, mlp__vf c) { return MLP__MM(fmadd_ps)(a, b, c); }
    MLP__INLINE mlp__vf mlp__vfnma(mlp__vf a, mlp__vf b, mlp__vf c) { return MLP__MM(fnmadd_ps)(a, b, c); }
    #else
    MLP__INLINE mlp__vf mlp__vfma(mlp__vf a, mlp__vf b, mlp__vf c) { return mlp__vadd(mlp__vmul(a, b), c); }
    MLP__INLINE mlp__vf mlp__vfnma(mlp__vf a, mlp__vf b, mlp__vf c) { return mlp__vsub(c, mlp__vmul(a, b)); }
    #endif
    MLP__INLINE mlp__vf mlp__vmin(mlp__vf a, mlp__vf b) { return MLP__MM(min_ps)(a, b); }
    MLP__INLINE mlp__vf mlp__vmax(mlp__vf a, mlp__vf b) { return MLP__MM(max_ps)(a, b); }
    MLP__INLINE mlp__vi mlp__vint(mlp__vf a) { return MLP__MM(cvtps_epi32)(a); }
    MLP__INLINE mlp__vf mlp__vfloat(mlp__vi a) { return MLP__MM(cvtepi32_ps)(a); }
    MLP__INLINE mlp__vi mlp__viadd(mlp__vi a, int b) { return MLP__MM(add_epi32)(a, MLP__MM(set1_epi32)(b)); }
    MLP__INLINE mlp__vi mlp__viup(mlp__vi a) { return MLP__MM(slli_epi32)(a, 23); }
    MLP__INLINE mlp__vi mlp__vidown(mlp__vi a) { return MLP__MM(srai_epi32)(a, 23); }
    MLP__INLINE float mlp__vfirst(mlp__vf a) { return MLP__MM(cvtss_f32)(a); }
    MLP__INLINE mlp__vf mlp__vzip_low(mlp__vf a, mlp__vf b) { return MLP__MM(unpacklo_ps)(a, b); }
    MLP__INLINE mlp__vf mlp__vzip_high(mlp__vf a, mlp__vf b) { return MLP__MM(unpackhi_ps)(a, b); }
#endif

#ifdef MLP__FOUR_LANES                      /* four lanes: no masks; rows of a transposed square are whole vectors */
    MLP__INLINE mlp__vf mlp__vload_n(const float *p, size_t n, mlp__vf fill)
    {
        float t[MLP__W];
        size_t i;
        mlp__vstore(t, fill);
        for (i = 0; i < n; i++) t[i] = p[i];
        return mlp__vload(t);
    }
    MLP__INLINE void mlp__vstore_n(float *p, mlp__vf a, size_t n)
    {
        float t[MLP__W];
        size_t i;
        mlp__vstore(t, a);
        for (i = 0; i < n; i++) p[i] = t[i];
    }
    MLP__INLINE mlp__vf mlp__vload_halves(const float *p, const float *q) { (void)q; return mlp__vload(p); }
    MLP__INLINE mlp__vf mlp__vfours_even(mlp__vf a, mlp__vf b) { (void)b; return a; }
    MLP__INLINE mlp__vf mlp__vfours_odd(mlp__vf a, mlp__vf b) { (void)a; return b; }
#endif

/* What follows from these operations. */
#ifndef MLP__KEEP
    #define MLP__KEEP(v) ((void)0)                      /* every product has its vectors in registers */
#endif
#define MLP__PANEL 16                                   /* units per panel of weights; lanes of a row sum */
#define MLP__N16 (MLP__PANEL / MLP__W)                  /* vectors per 16 lanes */
#define MLP__TILE_COLUMNS (MLP__TILE_VECTORS * MLP__W)

MLP__INLINE mlp__vf mlp__vzero(void) { return mlp__vset1(0.0f); }
MLP__INLINE mlp__vf mlp__vneg(mlp__vf a) { return mlp__vsub(mlp__vset1(-0.0f), a); }

/* up to MLP__W lanes: all that n has */
MLP__INLINE mlp__vf mlp__vget(const float *p, size_t n, mlp__vf fill)
{
    return n >= MLP__W ? mlp__vload(p) : mlp__vload_n(p, n, fill);
}
MLP__INLINE void mlp__vput(float *p, mlp__vf a, size_t n)
{
    if (n >= MLP__W) mlp__vstore(p, a);
    else mlp__vstore_n(p, a, n);
}

/* non-zero: no lane is NaN or infinity, by the exponents, which -ffast-math lets alone */
MLP__INLINE int mlp__vfinite(mlp__vf a)
{
    return !mlp__vany(mlp__vlt(mlp__vset1(254.0f), mlp__vfloat(mlp__vidown(mlp__viand(mlp__vbits(a), 0x7f800000)))));
}

/* 2^(n + more) for integers n, the sum in -126 .. 127 */
MLP__INLINE mlp__vf mlp__vpow2(mlp__vf n, int more)
{
    return mlp__vunbits(mlp__viup(mlp__viadd(mlp__vint(n), 127 + more)));
}

/* (1 + h r) 2^n, rounded once, for integers -152 <= n <= 63 and |h r| <= 0.5; NaN with NaN. 2^-64 brings
   (1 + h r) 2^(n + 64), which is normal, down to its place; by fma with 0, for the product may be inlined where it is
   added to something. */
MLP__INLINE mlp__vf mlp__vpower(mlp__vf h, mlp__vf r, mlp__vf n)
{
#ifdef MLP__SCALEF
    return MLP__SCALEF(mlp__vfma(h, r, mlp__vset1(1.0f)), n);
#else
    const mlp__vf s = mlp__vpow2(n, 64);
    return mlp__vfma(mlp__vfma(h, mlp__vmul(r, s), s), mlp__vset1(5.42101086e-20f), mlp__vzero());
#endif
}

/* a = m 2^e for normal a > 0 with sqrt(1/2) <= m < sqrt(2): returns m */
MLP__INLINE mlp__vf mlp__vsplit(mlp__vf a, mlp__vf *e)
{
    const mlp__vi i = mlp__viadd(mlp__vbits(a), -0x3f3504f3);       /* from sqrt(1/2) on */
    *e = mlp__vfloat(mlp__vidown(i));
    return mlp__vunbits(mlp__viadd(mlp__viand(i, 0x7fffff), 0x3f3504f3));
}

MLP__INLINE void mlp__vzip(mlp__vf *a, mlp__vf *b)
{
    const mlp__vf low = mlp__vzip_low(*a, *b);
    *b = mlp__vzip_high(*a, *b);
    *a = low;
}

MLP__INLINE void mlp__vunzip4(mlp__vf *a, mlp__vf *b)
{
    const mlp__vf even = mlp__vfours_even(*a, *b);
    *b = mlp__vfours_odd(*a, *b);
    *a = even;
}

typedef mlp__vf mlp__binary(mlp__vf, mlp__vf);

/* 16 lanes to one float by the tree 8, 4, 2, 1, the same for every MLP__W; first the part of it between n vectors */
MLP__INLINE mlp__vf mlp__fold_vectors(mlp__binary *op, int n, mlp__vf *v)
{
    int i, d;
    MLP__UNROLL
    for (d = n / 2; d > 0; d /= 2) {
        MLP__UNROLL
        for (i = 0; i < d; i++) v[i] = op(v[i], v[i + d]);
    }
    return v[0];
}

MLP__INLINE float mlp__fold(mlp__binary *op, mlp__vf v[MLP__N16])
{
    int d;
    v[0] = mlp__fold_vectors(op, MLP__N16, v);
    MLP__UNROLL
    for (d = MLP__W / 2; d > 0; d /= 2) v[0] = op(v[0], mlp__vswap(v[0], d));
    return mlp__vfirst(v[0]);
}

/* v: n = MLP__W vectors, as rows of a square, become its columns: squares of 4 x 4 first, then the places of these.
   Zips within four lanes are one instruction on x86, and its fastest. Or n = MLP__COLUMNS: what mlp__load_columns
   loads. */
MLP__INLINE void mlp__transpose(size_t n, mlp__vf *v)
{
    size_t i;
    MLP__UNROLL
    for (i = 0; i + 4 <= n; i += 4) {
        mlp__vzip(&v[i], &v[i + 2]);
        mlp__vzip(&v[i + 1], &v[i + 3]);
        mlp__vzip(&v[i], &v[i + 1]);
        mlp__vzip(&v[i + 2], &v[i + 3]);
    }
    MLP__UNROLL
    for (i = 0; i < n / 8 * 4; i++) mlp__vunzip4(&v[i / 4 * 8 + i % 4], &v[i / 4 * 8 + i % 4 + 4]);
    MLP__UNROLL
    for (i = 0; i + 8 < n; i++) mlp__vunzip4(&v[i], &v[i + 8]);
}

/* v[t] = from[lane * row + t] for MLP__COLUMNS columns t of MLP__W rows. Halves of vectors come together as they are
   loaded, so that half the registers do. */
#define MLP__COLUMNS (MLP__W > 4 ? MLP__W / 2 : MLP__W)
MLP__INLINE void mlp__load_columns(const float *from, ptrdiff_t row, mlp__vf v[MLP__COLUMNS])
{
    const ptrdiff_t upper = MLP__W > 4 ? 4 * row : 0;
    size_t t;
    MLP__UNROLL
    for (t = 0; t < MLP__COLUMNS; t++, from += row) {      /* rows 0 1 2 3, with 4 on in the upper halves, 8 9 10 11 */
        if (t == 4) from += upper;
        MLP__ONE_POINTER(from);
        v[t] = mlp__vload_halves(from, from + upper);
    }
    mlp__transpose(MLP__COLUMNS, v);
}

/* -------------------------------------------------------------------------- >>vmath -- */
/* Largest errors over all 2^32 inputs, in units in the last place, with and without fused multiply-add (see check-ulp):
     exp 0.90    log 0.84    tanh 1.21    sigmoid 1.97    sin 1.65    cos 1.65
   gelu has an absolute bound: 4e-7 max(1, |z|).
   Coefficients: minimax fits with single precision coefficients (Sollya's fpminimax). */

/* by Horner's rule, the coefficient of the highest power first */
MLP__INLINE mlp__vf mlp__vpolynomial(size_t n, const float *coefficients, mlp__vf x)
{
    mlp__vf y = mlp__vset1(coefficients[0]);
    size_t i;
    MLP__UNROLL
    for (i = 1; i < n; i++) y = mlp__vfma(y, x, mlp__vset1(coefficients[i]));
    return y;
}

/* x = n ln 2 + r, |r| <= ln(2)/2, |x| <= 1000: exp(r) = 1 + r + p r^2; returns p.
   ln 2 = high + low, n * high and so r_high exact. */
MLP__INLINE mlp__vf mlp__vexp_reduced(mlp__vf x, mlp__vf *n, mlp__vf *r_high, mlp__vf *r)
{
    mlp__vf p;
    *n = mlp__vround(mlp__vmul(x, mlp__vset1(1.442695f)));
    *r_high = mlp__vfnma(*n, mlp__vset1(0.69314575f), x);
    *r = mlp__vfnma(*n, mlp__vset1(1.4286068e-06f), *r_high);
    p = mlp__vfma(mlp__vset1(0.0013782465f), *r, mlp__vset1(0.00836867f));
    p = mlp__vfma(p, mlp__vmul(*r, *r), mlp__vfma(mlp__vset1(0.041668963f), *r, mlp__vset1(0.16666521f)));
    return mlp__vfma(p, *r, mlp__vset1(0.4999999f));
}

/* exp(r) - 1 and n; r + p r^2 without the rounding of r */
MLP__INLINE mlp__vf mlp__vexpm1_reduced(mlp__vf x, mlp__vf *n)
{
    mlp__vf r_high, r, p = mlp__vexp_reduced(x, n, &r_high, &r);
    return mlp__vadd(r_high, mlp__vfnma(*n, mlp__vset1(1.4286068e-06f), mlp__vmul(p, mlp__vmul(r, r))));
}

/* exp(x) = (1 + h r) 2^n: returns h. Without fused multiply-add the rounding of h r would make the error 1.11 units. */
MLP__INLINE mlp__vf mlp__vexp_parts(mlp__vf x, mlp__vf *r, mlp__vf *n)
{
#if MLP__FMA
    mlp__vf r_high, p = mlp__vexp_reduced(x, n, &r_high, r);
    return mlp__vfma(p, *r, mlp__vset1(1.0f));
#else
    *r = mlp__vset1(1.0f);
    return mlp__vexpm1_reduced(x, n);
#endif
}

/* For x <= 43; below -104 the result is 0. NaN passes the bound as the second operand. */
MLP__INLINE mlp__vf mlp__vexp(mlp__vf x)
{
    mlp__vf n, r, h = mlp__vexp_parts(mlp__vmax(mlp__vset1(-104.0f), x), &r, &n);
    return mlp__vpower(h, r, n);
}

/* log((1 + f) 2^e) = e ln 2 + f - f^2/2 + f^3 p(f) for sqrt(1/2) <= 1 + f < sqrt(2) */
MLP__INLINE mlp__vf mlp__vlog_near_1(mlp__vf f, mlp__vf e)
{
    static const float c[9] = { 0.0734139f, -0.1166256f, 0.11632338f, -0.12396162f, 0.14251375f, -0.16669184f,
                                0.2000068f, -0.2499998f, 0.3333333f };
    mlp__vf f2 = mlp__vmul(f, f), p = mlp__vpolynomial(9, c, f), y;
    y = mlp__vfma(mlp__vmul(p, f), f2, mlp__vmul(e, mlp__vset1(1.4286068e-06f)));
    y = mlp__vfma(f2, mlp__vset1(-0.5f), y);
    return mlp__vfma(e, mlp__vset1(0.69314575f), mlp__vadd(f, y));
}

/* x = (1 + f) 2^e; subnormal x are scaled by 2^24 first */
MLP__INLINE mlp__vf mlp__vlog(mlp__vf x)
{
    const mlp__vf zero = mlp__vzero();
    const mlp__vf infinity = mlp__vset1(mlp__float(0x7f800000u)), nan = mlp__vset1(mlp__float(0x7fc00000u));
    mlp__vm tiny = mlp__vlt(x, mlp__vset1(1.1754944e-38f));
    mlp__vf e, f, y;
    f = mlp__vsub(mlp__vsplit(mlp__vselect(tiny, mlp__vmul(x, mlp__vset1(16777216.0f)), x), &e), mlp__vset1(1.0f));
    y = mlp__vlog_near_1(f, mlp__vsub(e, mlp__vselect(tiny, mlp__vset1(24.0f), zero)));
    /* log 0 = -infinity */
    y = mlp__vselect(mlp__vlt(zero, x), y, mlp__vselect(mlp__vlt(x, zero), nan, mlp__vsub(x, infinity)));
    return mlp__vselect(mlp__vlt(x, infinity), y, x);                               /* infinity and NaN as they are */
}

/* |x| < 0.625: odd polynomial; else 1 - 2 / (exp(2|x|) + 1), which is 1 from 9.01 on. */
MLP__INLINE mlp__vf mlp__vtanh(mlp__vf x)
{
    static const float c[5] = { -0.0060572685f, 0.020970574f, -0.053845376f, 0.13332732f, -0.33333328f };
    mlp__vf one = mlp__vset1(1.0f), a = mlp__vabs(x), a2 = mlp__vmul(a, a), b = mlp__vmin(mlp__vset1(9.1f), a);
    mlp__vf n, s, p = mlp__vfma(mlp__vpolynomial(5, c, a2), mlp__vmul(a2, a), a);
    mlp__vf q = mlp__vexpm1_reduced(mlp__vadd(b, b), &n);
    s = mlp__vpow2(n, 0);
    q = mlp__vsub(one, mlp__vdiv(mlp__vset1(2.0f), mlp__vfma(s, q, mlp__vadd(s, one))));
    return mlp__vsign(mlp__vselect(mlp__vlt(a, mlp__vset1(0.625f)), p, q), x);
}

/* With e = exp(-|x|) <= 1: (x < 0 ? e : 1) / d, d = 1 + e. The rounding error of d, (1 + e) - d, is known exactly and
   is put right as if d were 1: it counts in full only where e is small. Without that the error is 2.40 units. */
MLP__INLINE mlp__vf mlp__vsigmoid(mlp__vf x)
{
    mlp__vf one = mlp__vset1(1.0f), e, d, lost, y;
    e = mlp__vexp(mlp__vsign(x, mlp__vset1(-1.0f)));
    d = mlp__vadd(one, e);
    lost = mlp__vsub(e, mlp__vsub(d, one));
    y = mlp__vdiv(mlp__vselect(mlp__vlt(x, mlp__vzero()), e, one), d);
    return mlp__vfnma(y, lost, y);
}

/* log(1 + u) for 0 <= u <= 1. What 1 + u loses counts in full only where u is small, so that its factor 1/(1 + u)
   may be rough. */
MLP__INLINE mlp__vf mlp__vlog1p(mlp__vf u)
{
    mlp__vf one = mlp__vset1(1.0f), v = mlp__vadd(one, u), kept, lost, f;
    mlp__vm big = mlp__vlt(mlp__vset1(1.41421354f), v);
    MLP__AS_WRITTEN(v);
    kept = mlp__vsub(v, one);
    MLP__AS_WRITTEN(kept);
    lost = mlp__vsub(u, kept);
    f = mlp__vfma(v, mlp__vselect(big, mlp__vset1(0.5f), one), mlp__vset1(-1.0f));          /* exact */
    return mlp__vfma(lost, mlp__vfnma(mlp__vset1(0.5f), u, one),
                     mlp__vlog_near_1(f, mlp__vselect(big, one, mlp__vzero())));
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which neither overflows nor cancels */
MLP__INLINE mlp__vf mlp__vsoftplus(mlp__vf x)
{
    return mlp__vadd(mlp__vlog1p(mlp__vexp(mlp__vsign(x, mlp__vset1(-1.0f)))), mlp__vmax(mlp__vzero(), x));
}

/* e^x - 1 for x <= 0: 2^n (1 + q) - 1 = 2^n q + (2^n - 1), without cancellation */
MLP__INLINE mlp__vf mlp__vexpm1_negative(mlp__vf x)
{
    mlp__vf n, q = mlp__vexpm1_reduced(mlp__vmax(mlp__vset1(-30.0f), x), &n), s = mlp__vpow2(n, 0);
    return mlp__vfma(s, q, mlp__vsub(s, mlp__vset1(1.0f)));
}

/* The normal distribution: returns Phi(x) = (1 + erf(x/sqrt(2))) / 2, with a small relative error also where it is
   small, and *e = exp(-x^2/2). Phi(-u) = e erfcx(u/sqrt(2))/2, and erfcx is smooth: a polynomial in 1/(1 + 0.3 u). */
MLP__INLINE mlp__vf mlp__vnormal(mlp__vf x, mlp__vf *e)
{
    static const float c[8] = { 0.03566792f, -0.15717658f, 0.20631142f, -0.053648174f, 0.12854455f, 0.09991817f,
                                0.12075328f, 0.11962934f };
    mlp__vf one = mlp__vset1(1.0f), t, p;
    *e = mlp__vexp(mlp__vmul(mlp__vmul(mlp__vset1(-0.5f), x), x));
    t = mlp__vdiv(one, mlp__vfma(mlp__vset1(0.3f), mlp__vabs(x), one));
    p = mlp__vmul(mlp__vpolynomial(8, c, t), t);
    return mlp__vselect(mlp__vlt(x, mlp__vzero()), mlp__vmul(*e, p), mlp__vfnma(*e, p, one));
}

/* One float: x = n pi/2 + r, n modulo 4, for |x| >= 1, by whole numbers (Payne and Hanek 1983): x = m 2^k, and of the
   bits of 2/pi only the 96 from the weight 2^(1-k) on matter, those above giving multiples of 4. NaN and infinity give
   NaN. */
static float mlp__reduce_large(float x, float *n)
{
    static const uint32_t two_over_pi[8] = { 0,           0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                             0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu };
    const uint32_t bits = mlp__bits(x), m = (bits & 0x7fffffu) | 0x800000u;
    /* at: bits before the first that matters */
    const int at = (int)(bits >> 23 & 255) - 150 + 30, word = at / 32, shift = at % 32;
    uint64_t low, middle, high, fraction;
    uint32_t w[3];
    int i, quadrant;
    double r;
    if (!mlp__finite(x)) return *n = mlp__float(0x7fc00000u);
    for (i = 0; i < 3; i++) {
        w[i] = two_over_pi[word + i];
        if (shift) w[i] = w[i] << shift | two_over_pi[word + i + 1] >> (32 - shift);
    }
    low = (uint64_t)m * w[2];
    middle = (uint64_t)m * w[1] + (low >> 32);
    high = (uint64_t)m * w[0] + (middle >> 32);                     /* modulo 2^32: its two top bits are the quadrant */
    fraction = (high << 34) | (middle & 0xffffffffu) << 2 | (low & 0xffffffffu) >> 30;
    quadrant = (int)(high >> 30 & 3) + (int)(fraction >> 63);       /* round to nearest, so that |r| <= pi/4 */
    r = (double)(int64_t)fraction * (1.5707963267948966 / 18446744073709551616.0);
    *n = (float)(bits >> 31 ? -quadrant : quadrant);
    return (float)(bits >> 31 ? -r : r);
}

/* x = n pi/2 + r, |r| <= pi/4: returns r. pi/2 in parts of 14, 11 and 14 bits, whose products with |n| <= 1024 are
   exact, and a rest. The first two differences are exact, too; what the third loses comes back with the rest, so r is
   rounded once. */
MLP__INLINE mlp__vf mlp__vreduce(mlp__vf x, mlp__vf *n)
{
    mlp__vf part3 = mlp__vset1(1.589251e-08f), r1, r2, r3, r;
    *n = mlp__vround(mlp__vmul(x, mlp__vset1(0.63661975f)));
    r1 = mlp__vfnma(*n, mlp__vset1(1.5706787f), x);
    MLP__AS_WRITTEN(r1);
    r2 = mlp__vfnma(*n, mlp__vset1(0.000117599964f), r1);
    MLP__AS_WRITTEN(r2);
    r3 = mlp__vfnma(*n, part3, r2);
    MLP__AS_WRITTEN(r3);
    r = mlp__vadd(r3, mlp__vfnma(*n, mlp__vset1(7.443548e-13f), mlp__vfnma(*n, part3, mlp__vsub(r2, r3))));
    if (mlp__vany(mlp__vlt(mlp__vset1(1600.0f), mlp__vabs(x)))) {
        float xs[MLP__W], rs[MLP__W], ns[MLP__W];
        int i;
        mlp__vstore(xs, x); mlp__vstore(rs, r); mlp__vstore(ns, *n);
        for (i = 0; i < MLP__W; i++)
            if (mlp__abs1(xs[i]) > 1600.0f) rs[i] = mlp__reduce_large(xs[i], &ns[i]);
        r = mlp__vload(rs); *n = mlp__vload(ns);
    }
    return r;
}

/* sin(x + quarters pi/2): sin or cos of r, by the quarter that n + quarters falls into, m = -2 .. 2 modulo 4 */
MLP__INLINE mlp__vf mlp__vsin_of(mlp__vf x, float quarters)
{
    static const float of_sin[3] = { -0.000195828994f, 0.00833271351f, -0.166666642f };
    static const float of_cos[3] = { 2.45430238e-05f, -0.00138882687f, 0.0416666642f };
    const mlp__vf four = mlp__vset1(4.0f), half = mlp__vset1(0.5f), one = mlp__vset1(1.0f);
    mlp__vf n, r = mlp__vreduce(x, &n), r2 = mlp__vmul(r, r), m, s, c, y;
    s = mlp__vfma(mlp__vpolynomial(3, of_sin, r2), mlp__vmul(r2, r), r);
    c = mlp__vfma(mlp__vmul(mlp__vpolynomial(3, of_cos, r2), r2), r2, mlp__vfnma(half, r2, one));
    n = mlp__vadd(n, mlp__vset1(quarters));
    m = mlp__vfnma(four, mlp__vround(mlp__vmul(n, mlp__vset1(0.25f))), n);
    y = mlp__vselect(mlp__vlt(mlp__vabs(mlp__vsub(mlp__vabs(m), one)), half), c, s);
    y = mlp__vselect(mlp__vlt(m, mlp__vneg(half)), mlp__vneg(y), y);
    return mlp__vselect(mlp__vlt(mlp__vset1(1.5f), m), mlp__vneg(y), y);
}

/* sin(-0) = -0 */
MLP__INLINE mlp__vf mlp__vsin(mlp__vf x)
{
    return mlp__vselect(mlp__vlt(mlp__vzero(), mlp__vabs(x)), mlp__vsin_of(x, 0.0f), x);
}
MLP__INLINE mlp__vf mlp__vcos(mlp__vf x) { return mlp__vsin_of(x, 1.0f); }

/* ------------------------------------------------------------------------ >>kernels -- */

/* An elementwise function of up to three arrays and two parameters; the driver is inlined around each of them. */
typedef mlp__vf mlp__elementwise(mlp__vf x, mlp__vf y, mlp__vf z, mlp__vf p, mlp__vf q);
#define MLP__ELEMENTWISE(name, x, y, z, p, q) \
    MLP__INLINE mlp__vf mlp__##name(MLP__UNUSED mlp__vf x, MLP__UNUSED mlp__vf y, MLP__UNUSED mlp__vf z, \
                                    MLP__UNUSED mlp__vf p, MLP__UNUSED mlp__vf q)

/* x, y, z, out: n */
MLP__INLINE void mlp__map(mlp__elementwise *f, float p, float q, size_t n, const float *x, const float *y,
                          const float *z, float *out)
{
    const mlp__vf ps = mlp__vset1(p), qs = mlp__vset1(q), zero = mlp__vzero();
    size_t i, left;
    for (i = 0; i + MLP__W <= n; i += MLP__W)
        mlp__vstore(out + i, f(mlp__vload(x + i), mlp__vload(y + i), mlp__vload(z + i), ps, qs));
    left = n - i;
    if (left)
        mlp__vstore_n(out + i, f(mlp__vload_n(x + i, left, zero), mlp__vload_n(y + i, left, zero),
                                 mlp__vload_n(z + i, left, zero), ps, qs), left);
}

/* The activations: value g(z) and slope g', from z or from a = g(z), whichever is cheaper. Adding one is two functions
   and a line in the list. */
#define MLP__VALUE(name) MLP__INLINE mlp__vf mlp__##name##_value(mlp__vf z, MLP__UNUSED mlp__vf alpha)
#define MLP__SLOPE(name) \
    MLP__INLINE mlp__vf mlp__##name##_slope(MLP__UNUSED mlp__vf z, MLP__UNUSED mlp__vf a, MLP__UNUSED mlp__vf alpha)

/* x > 0 ? 1 : 0 */
MLP__INLINE mlp__vf mlp__step(mlp__vf x)
{
    return mlp__vselect(mlp__vlt(mlp__vzero(), x), mlp__vset1(1.0f), mlp__vzero());
}

/* -1, 0 or 1; 0 for NaN */
MLP__INLINE mlp__vf mlp__signum(mlp__vf x)
{
    return mlp__vselect(mlp__vlt(mlp__vzero(), mlp__vabs(x)), mlp__vsign(mlp__vset1(1.0f), x), mlp__vzero());
}

MLP__VALUE(identity) { return z; }
MLP__SLOPE(identity) { return mlp__vset1(1.0f); }

MLP__VALUE(sigmoid) { return mlp__vsigmoid(z); }
MLP__SLOPE(sigmoid) { return mlp__vfnma(a, a, a); }                        /* a (1 - a) */

MLP__VALUE(tanh) { return mlp__vtanh(z); }
MLP__SLOPE(tanh) { return mlp__vfnma(a, a, mlp__vset1(1.0f)); }            /* 1 - a^2 */

MLP__VALUE(relu) { return mlp__vmax(mlp__vzero(), z); }                    /* z < 0 ? 0 : z */
MLP__SLOPE(relu) { return mlp__step(a); }

MLP__VALUE(leaky_relu) { return mlp__vselect(mlp__vlt(z, mlp__vzero()), mlp__vmul(alpha, z), z); }
MLP__SLOPE(leaky_relu) { return mlp__vselect(mlp__vlt(mlp__vzero(), a), mlp__vset1(1.0f), alpha); }

MLP__VALUE(elu)
{
    mlp__vf y = mlp__vmul(alpha, mlp__vexpm1_negative(mlp__vmin(mlp__vzero(), z)));
    return mlp__vselect(mlp__vlt(z, mlp__vzero()), y, z);
}
/* alpha e^z = a + alpha */
MLP__SLOPE(elu) { return mlp__vselect(mlp__vlt(mlp__vzero(), a), mlp__vset1(1.0f), mlp__vadd(a, alpha)); }

MLP__VALUE(selu) { return mlp__vmul(mlp__vset1(1.05070099f), mlp__elu_value(z, mlp__vset1(1.67326324f))); }
MLP__SLOPE(selu)
{
    return mlp__vselect(mlp__vlt(mlp__vzero(), a), mlp__vset1(1.05070099f), mlp__vadd(a, mlp__vset1(1.75809934f)));
}

MLP__VALUE(gelu) { mlp__vf e; return mlp__vmul(z, mlp__vnormal(z, &e)); }
/* Phi + z Phi' */
MLP__SLOPE(gelu)
{
    mlp__vf e, phi = mlp__vnormal(z, &e);
    return mlp__vfma(mlp__vmul(mlp__vset1(0.39894228f), z), e, phi);
}

/* (1 + tanh(u)) / 2 = sigmoid(2 u), 2 u = z (1.59577 + 0.0713548 z^2) */
MLP__INLINE mlp__vf mlp__gelu_tanh_gate(mlp__vf z)
{
    return mlp__vsigmoid(mlp__vmul(z, mlp__vfma(mlp__vset1(0.0713548163f), mlp__vmul(z, z), mlp__vset1(1.59576912f))));
}
MLP__VALUE(gelu_tanh) { return mlp__vmul(z, mlp__gelu_tanh_gate(z)); }
MLP__SLOPE(gelu_tanh)                                                      /* s + z s (1 - s) (2 u)' */
{
    mlp__vf s = mlp__gelu_tanh_gate(z);
    mlp__vf u = mlp__vmul(z, mlp__vfma(mlp__vset1(0.214064449f), mlp__vmul(z, z), mlp__vset1(1.59576912f)));
    return mlp__vfma(mlp__vfnma(s, s, s), u, s);
}

MLP__VALUE(silu) { return mlp__vmul(z, mlp__vsigmoid(z)); }
MLP__SLOPE(silu) { mlp__vf s = mlp__vsigmoid(z); return mlp__vfma(mlp__vfnma(s, s, s), z, s); }  /* s + z s (1 - s) */

MLP__VALUE(softplus) { return mlp__vsoftplus(z); }
MLP__SLOPE(softplus) { return mlp__vsigmoid(z); }

MLP__VALUE(softsign) { return mlp__vdiv(z, mlp__vadd(mlp__vset1(1.0f), mlp__vabs(z))); }
MLP__SLOPE(softsign)                                                       /* 1 / (1 + |z|)^2 */
{
    mlp__vf one = mlp__vset1(1.0f), i = mlp__vdiv(one, mlp__vadd(one, mlp__vabs(z)));
    return mlp__vmul(i, i);
}

MLP__INLINE mlp__vf mlp__clamp(mlp__vf low, mlp__vf high, mlp__vf x) { return mlp__vmin(high, mlp__vmax(low, x)); }

MLP__VALUE(hard_sigmoid)
{
    return mlp__clamp(mlp__vzero(), mlp__vset1(1.0f), mlp__vfma(z, mlp__vset1(0.166666672f), mlp__vset1(0.5f)));
}
MLP__SLOPE(hard_sigmoid)                                                   /* 1/6 where 0 < a < 1 */
{
    mlp__vf half = mlp__vset1(0.5f);
    return mlp__vselect(mlp__vlt(mlp__vabs(mlp__vsub(a, half)), half), mlp__vset1(0.166666672f), mlp__vzero());
}

MLP__VALUE(hard_tanh) { return mlp__clamp(mlp__vset1(-1.0f), mlp__vset1(1.0f), z); }
MLP__SLOPE(hard_tanh) { return mlp__vselect(mlp__vlt(mlp__vabs(a), mlp__vset1(1.0f)), mlp__vset1(1.0f), mlp__vzero()); }

/* w = e^z, n = w^2 + 2 w, d = n + 2: tanh(log(1 + w)) = n / d. From z = 20 on it is 1. */
MLP__VALUE(mish)
{
    mlp__vf w = mlp__vexp(mlp__vmin(mlp__vset1(20.0f), z)), n = mlp__vfma(w, w, mlp__vadd(w, w));
    return mlp__vmul(z, mlp__vdiv(n, mlp__vadd(n, mlp__vset1(2.0f))));
}
MLP__SLOPE(mish)                                                           /* n/d + 4 z w (1 + w) / d^2 */
{
    mlp__vf c = mlp__vmin(mlp__vset1(20.0f), z), w = mlp__vexp(c), n = mlp__vfma(w, w, mlp__vadd(w, w));
    mlp__vf i = mlp__vdiv(mlp__vset1(1.0f), mlp__vadd(n, mlp__vset1(2.0f)));
    mlp__vf v = mlp__vmul(mlp__vmul(mlp__vset1(4.0f), c), mlp__vfma(w, w, w));
    return mlp__vfma(n, i, mlp__vmul(mlp__vmul(v, i), i));
}

MLP__VALUE(sin) { return mlp__vsin(z); }
MLP__SLOPE(sin) { return mlp__vcos(z); }

MLP__VALUE(gaussian) { return mlp__vexp(mlp__vneg(mlp__vmul(z, z))); }
MLP__SLOPE(gaussian) { return mlp__vmul(mlp__vmul(mlp__vset1(-2.0f), z), a); }

/* Columns: enum, name, default of alpha (0: it takes none), the slope needs z, initializer. */
#define MLP__ACTIVATIONS(X) \
    X(IDENTITY,     identity,     0,     0, GLOROT_UNIFORM) \
    X(SIGMOID,      sigmoid,      0,     0, GLOROT_UNIFORM) \
    X(TANH,         tanh,         0,     0, GLOROT_UNIFORM) \
    X(RELU,         relu,         0,     0, HE_UNIFORM)     \
    X(LEAKY_RELU,   leaky_relu,   0.01f, 0, HE_UNIFORM)     \
    X(ELU,          elu,          1.0f,  0, HE_UNIFORM)     \
    X(SELU,         selu,         0,     0, GLOROT_UNIFORM) \
    X(GELU,         gelu,         0,     1, HE_UNIFORM)     \
    X(GELU_TANH,    gelu_tanh,    0,     1, HE_UNIFORM)     \
    X(SILU,         silu,         0,     1, HE_UNIFORM)     \
    X(SOFTPLUS,     softplus,     0,     1, HE_UNIFORM)     \
    X(SOFTSIGN,     softsign,     0,     1, GLOROT_UNIFORM) \
    X(HARD_SIGMOID, hard_sigmoid, 0,     0, GLOROT_UNIFORM) \
    X(HARD_TANH,    hard_tanh,    0,     0, GLOROT_UNIFORM) \
    X(MISH,         mish,         0,     1, HE_UNIFORM)     \
    X(SIN,          sin,          0,     1, GLOROT_UNIFORM) \
    X(GAUSSIAN,     gaussian,     0,     1, GLOROT_UNIFORM)

#define MLP__AS_ELEMENTWISE(NAME, name, alpha_default, needs_z, initializer) \
    MLP__ELEMENTWISE(name##_forward, z, a, da, alpha, q) { return mlp__##name##_value(z, alpha); } \
    MLP__ELEMENTWISE(name##_backward, z, a, da, alpha, q) { return mlp__vmul(da, mlp__##name##_slope(z, a, alpha)); }
MLP__ACTIVATIONS(MLP__AS_ELEMENTWISE)

/* z, a: n */
static void mlp__k_activate(mlp_activation activation, float alpha, size_t n, const float *z, float *a)
{
    switch (activation) {
    #define MLP__CASE(NAME, name, alpha_default, needs_z, initializer) \
        case MLP_ACT_##NAME: \
            if (MLP__HAS(MLP_ACT_##NAME)) mlp__map(mlp__##name##_forward, alpha, 0.0f, n, z, z, z, a); \
            break;
    MLP__ACTIVATIONS(MLP__CASE)
    #undef MLP__CASE
    default: break;
    }
}

/* z, a, da, dz: n */
static void mlp__k_activate_backward(mlp_activation activation, float alpha, size_t n, const float *z, const float *a,
                                     const float *da, float *dz)
{
    switch (activation) {
    #define MLP__CASE(NAME, name, alpha_default, needs_z, initializer) \
        case MLP_ACT_##NAME: mlp__map(mlp__##name##_backward, alpha, 0.0f, n, z, a, da, dz); break;
    MLP__ACTIVATIONS(MLP__CASE)
    #undef MLP__CASE
    default: break;
    }
}

/* The losses of one element, from z and a = g(z), and their slopes dl/da; binary_cross_entropy gives dl/dz instead, its
   activation being fixed. Adding one is two functions and a line. */
#define MLP__LOSS(name)       MLP__ELEMENTWISE(name##_loss, z, a, y, delta, q)
#define MLP__LOSS_SLOPE(name) MLP__ELEMENTWISE(name##_loss_slope, a, y, z, delta, q)

MLP__LOSS(squared)            { mlp__vf d = mlp__vsub(a, y); return mlp__vmul(d, d); }
MLP__LOSS_SLOPE(squared)      { mlp__vf d = mlp__vsub(a, y); return mlp__vadd(d, d); }

MLP__LOSS(half_squared)       { mlp__vf d = mlp__vsub(a, y); return mlp__vmul(mlp__vmul(mlp__vset1(0.5f), d), d); }
MLP__LOSS_SLOPE(half_squared) { return mlp__vsub(a, y); }

MLP__LOSS(absolute)           { return mlp__vabs(mlp__vsub(a, y)); }
MLP__LOSS_SLOPE(absolute)     { return mlp__signum(mlp__vsub(a, y)); }

/* with c = min(|a-y|, delta): c (|a-y| - c/2) */
MLP__LOSS(huber)
{
    mlp__vf d = mlp__vabs(mlp__vsub(a, y)), c = mlp__vmin(delta, d);
    return mlp__vmul(c, mlp__vfnma(mlp__vset1(0.5f), c, d));
}
MLP__LOSS_SLOPE(huber)        { return mlp__clamp(mlp__vneg(delta), delta, mlp__vsub(a, y)); }

MLP__LOSS(logistic)           { return mlp__vsoftplus(mlp__vneg(mlp__vmul(y, a))); }
MLP__LOSS_SLOPE(logistic)     { return mlp__vneg(mlp__vmul(y, mlp__vsigmoid(mlp__vneg(mlp__vmul(y, a))))); }

MLP__LOSS(hinge)              { return mlp__vmax(mlp__vzero(), mlp__vfnma(y, a, mlp__vset1(1.0f))); }
MLP__LOSS_SLOPE(hinge)        { return mlp__vneg(mlp__vmul(y, mlp__step(mlp__vfnma(y, a, mlp__vset1(1.0f))))); }

MLP__LOSS(margin)             { return mlp__vmax(mlp__vzero(), mlp__vsub(y, a)); }
MLP__LOSS_SLOPE(margin)       { return mlp__vneg(mlp__step(mlp__vsub(y, a))); }

/* a = sigmoid(z): -y log a - (1-y) log(1-a) = log(1 + e^z) - y z */
MLP__LOSS(binary_cross_entropy)       { return mlp__vfnma(y, z, mlp__vsoftplus(z)); }
MLP__LOSS_SLOPE(binary_cross_entropy) { return mlp__vsub(a, y); }

/* Columns: enum, name, the activation of the last layer it goes with (DEFAULT: any), what integer labels mean. */
#define MLP__LOSSES(X) \
    X(SQUARED,              squared,              DEFAULT, NONE) \
    X(HALF_SQUARED,         half_squared,         DEFAULT, NONE) \
    X(ABSOLUTE,             absolute,             DEFAULT, NONE) \
    X(HUBER,                huber,                DEFAULT, NONE) \
    X(LOGISTIC,             logistic,             DEFAULT, SIGN) \
    X(HINGE,                hinge,                DEFAULT, SIGN) \
    X(MARGIN,               margin,               DEFAULT, NONE) \
    X(BINARY_CROSS_ENTROPY, binary_cross_entropy, SIGMOID, ZERO_ONE)

/* z, a, y, l: n */
static void mlp__k_loss(mlp_loss loss, float delta, size_t n, const float *z, const float *a, const float *y, float *l)
{
    switch (loss) {
    #define MLP__CASE(NAME, name, activation, labels) \
        case MLP_LOSS_##NAME: mlp__map(mlp__##name##_loss, delta, 0.0f, n, z, a, y, l); break;
    MLP__LOSSES(MLP__CASE)
    #undef MLP__CASE
    default: break;
    }
}

/* a, y, d: n */
static void mlp__k_loss_backward(mlp_loss loss, float delta, size_t n, const float *a, const float *y, float *d)
{
    switch (loss) {
    #define MLP__CASE(NAME, name, activation, labels) \
        case MLP_LOSS_##NAME: mlp__map(mlp__##name##_loss_slope, delta, 0.0f, n, a, y, y, d); break;
    MLP__LOSSES(MLP__CASE)
    #undef MLP__CASE
    default: break;
    }
}

MLP__ELEMENTWISE(hadamard, x, y, z, p, q) { return mlp__vmul(x, y); }
MLP__ELEMENTWISE(axpy, x, y, z, p, q)     { return mlp__vfma(p, x, y); }

static void mlp__k_hadamard(size_t n, const float *a, const float *b, float *out)
{
    mlp__map(mlp__hadamard, 0.0f, 0.0f, n, a, b, b, out);
}

static void mlp__k_axpy(size_t n, float alpha, const float *x, float *y)
{
    mlp__map(mlp__axpy, alpha, 0.0f, n, x, y, y, y);
}

/* a whole square of MLP__W x MLP__W: to[i][j] = from[j][i] */
MLP__INLINE void mlp__transposed_square(const float *from, ptrdiff_t from_row, float *to, ptrdiff_t to_row)
{
    mlp__vf v[MLP__COLUMNS];
    size_t i, t;
    for (i = 0; i < MLP__W; i += MLP__COLUMNS) {
        mlp__load_columns(from + i, from_row, v);
        MLP__UNROLL
        for (t = 0; t < MLP__COLUMNS; t++, to += to_row) mlp__vstore(to, v[t]);
    }
}

/* k x n of it; `stored` >= n columns of `to` may be written, where the last repeats */
MLP__NOINLINE void mlp__transposed_part(size_t k, size_t n, const float *from, ptrdiff_t from_row, float *to,
                                        ptrdiff_t to_row, size_t stored)
{
    mlp__vf v[MLP__W];
    size_t t;
    MLP__UNROLL
    for (t = 0; t < MLP__W; t++) v[t] = mlp__vget(from + (ptrdiff_t)mlp__smaller(t, n - 1) * from_row, k, mlp__vzero());
    mlp__transpose(MLP__W, v);
    MLP__UNROLL
    for (t = 0; t < MLP__W; t++)
        if (t < k) mlp__vput(to + (ptrdiff_t)t * to_row, v[t], stored);
}

/* to[i][j] = from[j][i], k x n; stored: as above. The last square begins earlier where it is whole then: the same
   values twice. */
static void mlp__transposed(size_t k, size_t n, const float *from, ptrdiff_t from_row, float *to, ptrdiff_t to_row,
                            size_t stored)
{
    size_t i, j;
    for (j = 0; j < n; j += MLP__W) {
        if (j + MLP__W > n && n >= MLP__W && stored == n) j = n - MLP__W;
        for (i = 0; i < k; i += MLP__W) {
            const float *f;
            float *t;
            if (i + MLP__W > k && k >= MLP__W && j + MLP__W <= n) i = k - MLP__W;
            f = from + (ptrdiff_t)j * from_row + (ptrdiff_t)i;
            t = to + (ptrdiff_t)i * to_row + (ptrdiff_t)j;
            if (i + MLP__W <= k && j + MLP__W <= n) mlp__transposed_square(f, from_row, t, to_row);
            else mlp__transposed_part(k - i, n - j, f, from_row, t, to_row, stored - j);
        }
    }
}

/* Rows. Each row has values of its own, folded from its elements, and its elements are then functions of these. A fold
   goes on with the next elements of x and y. */
typedef mlp__vf mlp__folding(mlp__vf lanes, mlp__vf x, mlp__vf y);

MLP__INLINE mlp__vf mlp__fold_max(mlp__vf m, mlp__vf x, MLP__UNUSED mlp__vf y) { return mlp__vmax(m, x); }
MLP__INLINE mlp__vf mlp__fold_sum(mlp__vf sum, mlp__vf x, MLP__UNUSED mlp__vf y) { return mlp__vadd(sum, x); }
MLP__INLINE mlp__vf mlp__fold_dot(mlp__vf sum, mlp__vf x, mlp__vf y) { return mlp__vfma(x, y, sum); }

/* One row of n: element j belongs to lane j % 16, lanes without one keep their value. */
MLP__INLINE float mlp__fold_row(mlp__folding *f, mlp__binary *op, float start, size_t n, const float *x, const float *y)
{
    mlp__vf lanes[MLP__N16];
    size_t i, j;
    MLP__UNROLL
    for (i = 0; i < MLP__N16; i++) lanes[i] = mlp__vset1(start);
    for (j = 0; j + MLP__PANEL <= n; j += MLP__PANEL) {
        MLP__UNROLL
        for (i = 0; i < MLP__N16; i++)
            lanes[i] = f(lanes[i], mlp__vload(x + j + i * MLP__W), mlp__vload(y + j + i * MLP__W));
    }
    MLP__UNROLL
    for (i = 0; i < MLP__N16; i++, j += MLP__W) {
        const mlp__vf fill = f == mlp__fold_max ? lanes[i] : mlp__vzero();
        if (j < n) lanes[i] = f(lanes[i], mlp__vget(x + j, n - j, fill), mlp__vget(y + j, n - j, fill));
    }
    return mlp__fold(op, lanes);
}

#define MLP__LOWEST mlp__float(0xff800000u)              /* -infinity, exp of which is 0 */
MLP__NOINLINE float mlp__max_of(size_t n, const float *x)
{
    return mlp__fold_row(mlp__fold_max, mlp__vmax, MLP__LOWEST, n, x, x);
}
MLP__NOINLINE float mlp__sum_of(size_t n, const float *x)
{
    return mlp__fold_row(mlp__fold_sum, mlp__vadd, 0.0f, n, x, x);
}

#define MLP__BY_ROW(name) MLP__ELEMENTWISE(name, x, y, z, p, q)
MLP__BY_ROW(row_scale)          { return mlp__vmul(x, p); }
MLP__BY_ROW(row_divide)         { return mlp__vdiv(x, p); }
MLP__BY_ROW(row_exp)            { return mlp__vexp(mlp__vsub(x, p)); }
MLP__BY_ROW(row_softmax_slope)  { return mlp__vmul(x, mlp__vsub(y, p)); }
MLP__BY_ROW(row_cross_entropy)  /* -y ((z - p) + q); a target of 0 counts nothing */
{
    const mlp__vf l = mlp__vneg(mlp__vmul(y, mlp__vadd(mlp__vsub(x, p), q)));
    return mlp__vselect(mlp__vlt(mlp__vzero(), mlp__vabs(y)), l, mlp__vzero());
}
MLP__BY_ROW(row_cross_entropy_slope) { return mlp__vmul(mlp__vfma(x, p, mlp__vneg(y)), q); }

/* rows with the same factor, most often all, are one */
static void mlp__k_scale_rows(size_t rows, size_t cols, const float *factors, float *x)
{
    size_t n;
    for (; rows > 0; rows -= n, factors += n, x += n * cols) {
        for (n = 1; n < rows && mlp__bits(factors[n]) == mlp__bits(*factors); n++) { }
        mlp__map(mlp__row_scale, *factors, 0.0f, n * cols, x, x, x, x);
    }
}

/* Rows of at most MLP__PANEL elements go MLP__W at a time, side by side: lanes are rows, so that folds need no
   shuffles. t: MLP__PANEL columns of rows, the lowest where x has none. */
MLP__INLINE int mlp__side_by_side(size_t rows, size_t cols)
{
    return MLP__W > 1 && cols <= MLP__PANEL && rows > MLP__W / 4;
}

MLP__INLINE void mlp__load_side_by_side(size_t rows, size_t cols, const float *x, float *t)
{
    mlp__transposed(cols, rows, x, (ptrdiff_t)cols, t, MLP__W, MLP__W);
    for (; cols < MLP__PANEL; cols++) mlp__vstore(t + cols * MLP__W, mlp__vset1(MLP__LOWEST));
}

MLP__INLINE mlp__vf mlp__fold_side_by_side(mlp__binary *op, const float *t)
{
    mlp__vf v[MLP__PANEL];
    size_t j;
    MLP__UNROLL
    for (j = 0; j < MLP__PANEL; j++) v[j] = mlp__vload(t + j * MLP__W);
    return mlp__fold_vectors(op, MLP__PANEL, v);
}

/* exp(z - max) in place; returns their sums */
MLP__INLINE mlp__vf mlp__exp_side_by_side(size_t cols, mlp__vf max, float *t)
{
    size_t j;
    for (j = 0; j < cols; j++) mlp__vstore(t + j * MLP__W, mlp__vexp(mlp__vsub(mlp__vload(t + j * MLP__W), max)));
    for (; j < MLP__PANEL; j++) mlp__vstore(t + j * MLP__W, mlp__vzero());
    return mlp__fold_side_by_side(mlp__vadd, t);
}

/* a = exp(z - max z) / sum of these. z, a: rows x cols, at most MLP__W rows; max, sum: MLP__W, of z and of the
   exponentials */
static void mlp__softmax_of(size_t rows, size_t cols, const float *z, float *a, float *max, float *sum)
{
    float t[MLP__PANEL * MLP__W];
    size_t r, j;
    if (mlp__side_by_side(rows, cols)) {
        mlp__vf maxima, sums;
        mlp__load_side_by_side(rows, cols, z, t);
        maxima = mlp__fold_side_by_side(mlp__vmax, t);
        sums = mlp__exp_side_by_side(cols, maxima, t);
        mlp__vstore(max, maxima);
        mlp__vstore(sum, sums);
        for (j = 0; j < cols; j++) mlp__vstore(t + j * MLP__W, mlp__vdiv(mlp__vload(t + j * MLP__W), sums));
        mlp__transposed(rows, cols, t, MLP__W, a, (ptrdiff_t)cols, cols);
        return;
    }
    for (r = 0; r < rows; r++, z += cols, a += cols) {
        max[r] = mlp__max_of(cols, z);
        mlp__map(mlp__row_exp, max[r], 0.0f, cols, z, z, z, a);
        sum[r] = mlp__sum_of(cols, a);
        mlp__map(mlp__row_divide, sum[r], 0.0f, cols, a, a, a, a);
    }
}

/* z, a: rows x cols */
static void mlp__k_softmax(size_t rows, size_t cols, const float *z, float *a)
{
    float max[MLP__W], sum[MLP__W];
    size_t n;
    for (; rows > 0; rows -= n, z += n * cols, a += n * cols) {
        n = mlp__smaller(rows, MLP__W);
        mlp__softmax_of(n, cols, z, a, max, sum);
    }
}

/* a, da, dz: rows x cols. dz_j = sum over i of da_i da_i/dz_j = a_j (da_j - sum of a da) */
static void mlp__k_softmax_backward(size_t rows, size_t cols, const float *a, const float *da, float *dz)
{
    for (; rows > 0; rows--, a += cols, da += cols, dz += cols) {
        const float dot = mlp__fold_row(mlp__fold_dot, mlp__vadd, 0.0f, cols, a, da);
        mlp__map(mlp__row_softmax_slope, dot, 0.0f, cols, a, da, da, dz);
    }
}

/* z, a, y, l, dz: rows x cols; factors: rows, or NULL, and then no dz. a = softmax(z), made here with softmax non-zero.
   l = - y log a with log a_j = z_j - max z + log(max a): one logarithm a row, finite where a_j underflows; max a is
   1 / sum of the exponentials, since exp(0) is 1. dz = (a sum(y) - y) factor: a - y with rows of y that sum to 1. */
static void mlp__k_cross_entropy(size_t rows, size_t cols, const float *z, float *a, const float *y,
                                 const float *factors, float *l, float *dz, int softmax)
{
    const mlp__vf one = mlp__vset1(1.0f);
    float max[MLP__W], top[MLP__W], sum[MLP__W];            /* of z; log(max a); of the exponentials, then of y */
    size_t begin, n, r;
    for (begin = 0; begin < rows; begin += n) {
        n = mlp__smaller(rows - begin, MLP__W);
        if (softmax) mlp__softmax_of(n, cols, z, a, max, sum);
        for (r = 0; !softmax && r < n; r++) {
            max[r] = mlp__max_of(cols, z + r * cols);
            top[r] = mlp__max_of(cols, a + r * cols);
        }
        mlp__vstore(top, mlp__vlog(softmax ? mlp__vdiv(one, mlp__vget(sum, n, one)) : mlp__vget(top, n, one)));
        for (r = 0; factors && r < n; r++) sum[r] = mlp__sum_of(cols, y + r * cols);
        for (r = 0; r < n; r++, z += cols, a += cols, y += cols, l += cols) {
            mlp__map(mlp__row_cross_entropy, max[r], top[r], cols, z, y, y, l);
            if (factors)
                mlp__map(mlp__row_cross_entropy_slope, sum[r], factors[begin + r], cols, a, y, y,
                         dz + (begin + r) * cols);
        }
    }
}

/* z, dz: rows x cols, labels, factors, losses: rows. A row has one logarithm and one loss. t: z, its exponentials, its
   slopes, side by side; to: how far the label is; at: z there. */
static void mlp__k_class_entropy(size_t rows, size_t cols, const float *z, const int *labels, const float *factors,
                                 float *losses, float *dz)
{
    const mlp__vf zero = mlp__vzero(), one = mlp__vset1(1.0f), half = mlp__vset1(0.5f);
    float t[MLP__PANEL * MLP__W], left[MLP__W];
    size_t n, j, r;
    for (; rows > 0; rows -= n, z += n * cols, labels += n, factors += n, losses += n, dz += n * cols) {
        mlp__vf max, sum, f, to, at = zero;
        n = mlp__smaller(rows, MLP__W);
        for (r = 0; r < MLP__W; r++) left[r] = (float)labels[mlp__smaller(r, n - 1)];
        mlp__load_side_by_side(n, cols, z, t);
        for (j = 0, to = mlp__vload(left); j < cols; j++, to = mlp__vsub(to, one))
            at = mlp__vselect(mlp__vlt(mlp__vabs(to), half), mlp__vload(t + j * MLP__W), at);
        max = mlp__fold_side_by_side(mlp__vmax, t);
        sum = mlp__exp_side_by_side(cols, max, t);
        mlp__vput(losses, mlp__vsub(zero, mlp__vadd(mlp__vsub(at, max), mlp__vlog(mlp__vdiv(one, sum)))), n);
        f = mlp__vget(factors, n, zero);
        for (j = 0, to = mlp__vload(left); j < cols; j++, to = mlp__vsub(to, one)) {
            const mlp__vf y = mlp__vselect(mlp__vlt(mlp__vabs(to), half), one, zero);
            mlp__vstore(t + j * MLP__W, mlp__vmul(mlp__vsub(mlp__vdiv(mlp__vload(t + j * MLP__W), sum), y), f));
        }
        mlp__transposed(n, cols, t, MLP__W, dz, (ptrdiff_t)cols, cols);
    }
}

/* sums of n columns down the rows of x, in nv vectors */
MLP__INLINE void mlp__some_column_sums(size_t nv, size_t n, size_t rows, const float *x, size_t stride, float *sums,
                                       int accumulate)
{
    const mlp__vf zero = mlp__vzero();
    mlp__vf sum[4];
    size_t v;
    MLP__UNROLL
    for (v = 0; v < nv; v++) sum[v] = accumulate ? mlp__vget(sums + v * MLP__W, n - v * MLP__W, zero) : zero;
    for (; rows > 0; rows--, x += stride) {
        MLP__UNROLL
        for (v = 0; v < nv; v++) sum[v] = mlp__vadd(sum[v], mlp__vget(x + v * MLP__W, n - v * MLP__W, zero));
    }
    MLP__UNROLL
    for (v = 0; v < nv; v++) mlp__vput(sums + v * MLP__W, sum[v], n - v * MLP__W);
}

/* x: rows x cols at stride; sums: cols. Lanes are columns; four vectors of them at once are four chains of additions,
   and whole lines of wide matrices. */
static void mlp__k_column_sums(size_t rows, size_t cols, const float *x, size_t stride, float *sums, int accumulate)
{
    size_t j;
    for (j = 0; j + 4 * MLP__W <= cols; j += 4 * MLP__W)
        mlp__some_column_sums(4, 4 * MLP__W, rows, x + j, stride, sums + j, accumulate);
    for (; j < cols; j += MLP__W) mlp__some_column_sums(1, cols - j, rows, x + j, stride, sums + j, accumulate);
}

/* Optimizer state of a weight whose gradient stays 0 would end as a subnormal number, slow for ever. */
MLP__INLINE mlp__vf mlp__flush(mlp__vf x)
{
    return mlp__vselect(mlp__vlt(mlp__vabs(x), mlp__vset1(7.523164e-37f)), mlp__vzero(), x);
}

/* The optimizers: the new weights from the old ones, their gradient and their state, which is replaced. */
typedef mlp__vf mlp__updating(const mlp_update *u, mlp__vf w, mlp__vf g, mlp__vf *s1, mlp__vf *s2);
#define MLP__UPDATE(name) MLP__INLINE mlp__vf mlp__##name##_update(const mlp_update *u, mlp__vf w, mlp__vf g, \
                                                                   MLP__UNUSED mlp__vf *s1, MLP__UNUSED mlp__vf *s2)

MLP__UPDATE(plain) { return mlp__vfnma(mlp__vset1(u->opt.rate), g, w); }
MLP__UPDATE(sgd)
{
    const mlp__vf mu = mlp__vset1(u->opt.momentum);
    *s1 = mlp__flush(mlp__vfma(mu, *s1, g));
    return mlp__vfnma(mlp__vset1(u->opt.rate), u->opt.nesterov ? mlp__vfma(mu, *s1, g) : *s1, w);
}

/* w - rate x / (scale sqrt(v) + epsilon) */
MLP__INLINE mlp__vf mlp__normalized(const mlp_update *u, mlp__vf scale, mlp__vf w, mlp__vf x, mlp__vf v)
{
    const mlp__vf d = mlp__vfma(mlp__vsqrt(v), scale, mlp__vset1(u->opt.epsilon));
    return mlp__vfnma(mlp__vset1(u->opt.rate), mlp__vdiv(x, d), w);
}
/* kept v + (1 - kept) g^2 */
MLP__INLINE mlp__vf mlp__mean_square(float kept, mlp__vf v, mlp__vf g)
{
    return mlp__flush(mlp__vfma(mlp__vset1(1.0f - kept), mlp__vfma(g, g, mlp__vneg(v)), v));
}

MLP__UPDATE(adagrad)
{
    *s1 = mlp__flush(mlp__vfma(g, g, *s1));
    return mlp__normalized(u, mlp__vset1(1.0f), w, g, *s1);
}
MLP__UPDATE(rmsprop)
{
    *s1 = mlp__mean_square(u->opt.rho, *s1, g);
    return mlp__normalized(u, mlp__vset1(1.0f), w, g, *s1);
}
MLP__UPDATE(adam)
{
    *s1 = mlp__flush(mlp__vfma(mlp__vset1(1.0f - u->opt.beta1), mlp__vsub(g, *s1), *s1));  /* beta1 m + (1 - beta1) g */
    *s2 = mlp__mean_square(u->opt.beta2, *s2, g);
    return mlp__normalized(u, mlp__vset1(u->scale), w, *s1, *s2);
}
MLP__UPDATE(adamw) { return mlp__adam_update(u, mlp__vmul(mlp__vset1(u->shrink), w), g, s1, s2); }
MLP__UPDATE(rprop)
{
    const mlp__vf zero = mlp__vzero(), p = mlp__vmul(g, *s1), step = u->first ? mlp__vset1(u->opt.rate) : *s2;
    const mlp__vm turned = mlp__vlt(p, zero);
    const mlp__vf eta = mlp__vselect(mlp__vlt(zero, p), mlp__vset1(u->opt.eta_plus), mlp__vset1(1.0f));
    *s2 = mlp__clamp(mlp__vset1(u->opt.step_min), mlp__vset1(u->opt.step_max),
                     mlp__vmul(step, mlp__vselect(turned, mlp__vset1(u->opt.eta_minus), eta)));
    *s2 = mlp__flush(*s2);
    *s1 = mlp__flush(mlp__vselect(turned, zero, g));
    return mlp__vfnma(mlp__signum(mlp__vselect(turned, zero, g)), *s2, w);
}

/* Columns: enum, name, floats of state per weight (sgd: none without momentum), the defaults of rate, beta1, beta2 and
   epsilon, and which fields the kind takes besides the rate and the penalties. */
enum { MLP__TAKES_MOMENTUM = 1, MLP__TAKES_BETAS = 2, MLP__TAKES_EPSILON = 4, MLP__TAKES_RHO = 8, MLP__TAKES_STEPS = 16,
       MLP__TAKES_DECOUPLED = 32 };         /* decay as a factor of the weights, not in the gradient */
#define MLP__UPDATES(X) \
    X(SGD,     sgd,     1, 0.01f,  0,    0,      0,      MLP__TAKES_MOMENTUM) \
    X(ADAGRAD, adagrad, 1, 0.01f,  0,    0,      1e-10f, MLP__TAKES_EPSILON) \
    X(RMSPROP, rmsprop, 1, 0.01f,  0,    0,      1e-8f,  MLP__TAKES_EPSILON | MLP__TAKES_RHO) \
    X(ADAM,    adam,    2, 0.001f, 0.9f, 0.999f, 1e-8f,  MLP__TAKES_EPSILON | MLP__TAKES_BETAS) \
    X(ADAMW,   adamw,   2, 0.001f, 0.9f, 0.999f, 1e-8f,  MLP__TAKES_EPSILON | MLP__TAKES_BETAS | MLP__TAKES_DECOUPLED) \
    X(RPROP,   rprop,   2, 0.01f,  0,    0,      0,      MLP__TAKES_STEPS)

/* n <= MLP__W weights, from i on. 0 w is NaN where w is not finite, and so is *bad from then on; a part is looked at as
   it was stored, since lanes behind it may be anything. */
MLP__INLINE void mlp__update_part(mlp__updating *f, int arrays, const mlp_update *u, mlp__vf nought, size_t i, size_t n,
                                  float *w, const float *g, float *s1, float *s2, mlp__vf *bad)
{
    const mlp__vf zero = mlp__vzero();
    mlp__vf a = arrays > 0 ? mlp__vget(s1 + i, n, zero) : zero, b = arrays > 1 ? mlp__vget(s2 + i, n, zero) : zero;
    mlp__vf wi = f(u, mlp__vget(w + i, n, zero), mlp__vget(g + i, n, zero), &a, &b);
    if (arrays > 0) mlp__vput(s1 + i, a, n);
    if (arrays > 1) mlp__vput(s2 + i, b, n);
    mlp__vput(w + i, wi, n);
    if (n < MLP__W) wi = mlp__vget(w + i, n, zero);
    *bad = mlp__vfma(wi, nought, *bad);
}

/* w, g, s1, s2: n. Without state to load and store, the chain of *bad would take longest: then there are four. */
MLP__INLINE int mlp__update_all(mlp__updating *f, int arrays, const mlp_update *u, size_t n, float *w, const float *g,
                                float *s1, float *s2)
{
    volatile float hidden = 0;  /* no compiler multiplies with 0 in advance, not even under -ffast-math */
    const mlp_update own = *u;                          /* in registers: a store to w might be one to *u */
    const mlp__vf nought = mlp__vset1(hidden);
    mlp__vf bad[4];
    size_t i = 0, v;
    MLP__UNROLL
    for (v = 0; v < 4; v++) bad[v] = mlp__vzero();
    for (; arrays == 0 && i + 4 * MLP__W <= n; i += 4 * MLP__W) {
        MLP__UNROLL
        for (v = 0; v < 4; v++)
            mlp__update_part(f, arrays, &own, nought, i + v * MLP__W, MLP__W, w, g, s1, s2, &bad[v]);
    }
    for (; i + MLP__W <= n; i += MLP__W)
        mlp__update_part(f, arrays, &own, nought, i, MLP__W, w, g, s1, s2, &bad[0]);
    if (i < n) mlp__update_part(f, arrays, &own, nought, i, n - i, w, g, s1, s2, &bad[0]);
    return !mlp__vfinite(mlp__vadd(mlp__vadd(bad[0], bad[1]), mlp__vadd(bad[2], bad[3])));
}

static int mlp__update_kind(mlp_opt kind, const mlp_update *u, size_t n, float *w, const float *g, float *s1, float *s2)
{
    const int adam = kind == MLP_OPT_ADAM || kind == MLP_OPT_ADAMW;
    if (kind == MLP_OPT_SGD && !s1) return mlp__update_all(mlp__plain_update, 0, u, n, w, g, s1, s2);
    /* a mean that keeps nothing: its difference from the new value would swallow that */
    if (adam ? u->opt.beta1 == 0 : kind == MLP_OPT_RMSPROP && u->opt.rho == 0) memset(s1, 0, n * sizeof *s1);
    if (adam && u->opt.beta2 == 0) memset(s2, 0, n * sizeof *s2);
    switch (kind) {
    #define MLP__CASE(NAME, name, arrays, rate, beta1, beta2, epsilon, takes) \
        case MLP_OPT_##NAME: return mlp__update_all(mlp__##name##_update, arrays, u, n, w, g, s1, s2);
    MLP__UPDATES(MLP__CASE)
    #undef MLP__CASE
    default: return 0;
    }
}

MLP__ELEMENTWISE(penalized, w, g, z, decay, l1) { return mlp__vfma(l1, mlp__signum(w), mlp__vfma(decay, w, g)); }

/* Penalties go into a copy of the gradient, a piece at a time. */
static int mlp__k_update(mlp_opt kind, const mlp_update *u, size_t n, float *w, const float *g, float *s1, float *s2)
{
    float t[256];
    size_t i, m;
    int bad = 0;
    if (u->opt.weight_decay == 0 && u->opt.l1 == 0) return mlp__update_kind(kind, u, n, w, g, s1, s2);
    for (i = 0; i < n; i += m) {
        m = mlp__smaller(n - i, sizeof t / sizeof *t);
        mlp__map(mlp__penalized, u->opt.weight_decay, u->opt.l1, m, w + i, g + i, g + i, t);
        bad |= mlp__update_kind(kind, u, m, w + i, t, s1 ? s1 + i : s1, s2 ? s2 + i : s2);
    }
    return bad;
}

/* 0 x is NaN for NaN and infinity, and so is every sum with it, which is looked at once. With another scale the sum of
   what is finite may be infinite; where the first is, if there is one, is looked for then. */
static size_t mlp__k_first_nonfinite(size_t n, float scale, const float *x)
{
    volatile float hidden = scale;  /* no compiler multiplies with 0 in advance, not even under -ffast-math */
    const mlp__vf s = mlp__vset1(hidden), zero = mlp__vzero();
    mlp__vf sum[8];
    size_t i = 0, v;
    MLP__UNROLL
    for (v = 0; v < 8; v++) sum[v] = zero;
    for (; i + 8 * MLP__W <= n; i += 8 * MLP__W) {
        MLP__UNROLL
        for (v = 0; v < 8; v++) sum[v] = mlp__vfma(mlp__vabs(mlp__vload(x + i + v * MLP__W)), s, sum[v]);
    }
    for (; i < n; i += MLP__W) sum[0] = mlp__vfma(mlp__vabs(mlp__vget(x + i, n - i, zero)), s, sum[0]);
    MLP__UNROLL
    for (v = 1; v < 8; v++) sum[0] = mlp__vadd(sum[0], sum[v]);
    if (mlp__vfinite(sum[0])) return n;
    for (i = 0; i < n && mlp__finite(x[i] * hidden); i++) { }
    return i;
}

/* a, b: n */
static double mlp__k_inner(size_t n, const float *a, const float *b)
{
    double sum[MLP__PANEL], part[MLP__PANEL];
    size_t i, j;
    for (j = 0; j < MLP__PANEL; j++) sum[j] = 0;
    for (i = 0; i + MLP__PANEL <= n; i += MLP__PANEL) {
        MLP__UNROLL
        for (j = 0; j < MLP__PANEL; j++) sum[j] = mlp__fma_double(a[i + j], b[i + j], sum[j]);
    }
    for (j = 0; j < MLP__PANEL; j++) part[j] = sum[j];
    for (j = 0; i + j < n; j++) part[j] = mlp__fma_double(a[i + j], b[i + j], part[j]);
    for (i = MLP__PANEL / 2; i > 0; i /= 2)
        for (j = 0; j < i; j++) part[j] += part[j + i];
    return part[0];
}

/* a tile of y in registers: `height` rows of W columns */
MLP__INLINE void mlp__subtract_tile(size_t height, size_t rows, const double *a, const double *b, size_t stride,
                                    double *y)
{
    double sum[4][MLP__W];
    size_t r, i, j;
    for (i = 0; i < height; i++)
        for (j = 0; j < MLP__W; j++) sum[i][j] = y[i * stride + j];
    for (r = 0; r < rows; r++) {
        MLP__UNROLL
        for (i = 0; i < height; i++) {
            const double x = -a[r * stride + i];
            MLP__UNROLL
            for (j = 0; j < MLP__W; j++) sum[i][j] = mlp__fma_of_doubles(x, b[r * stride + j], sum[i][j]);
        }
    }
    for (i = 0; i < height; i++)
        for (j = 0; j < MLP__W; j++) y[i * stride + j] = sum[i][j];
}

/* n: of whole panels */
static void mlp__k_subtract_products(size_t rows, size_t m, size_t n, const double *a, const double *b, size_t stride,
                                     double *y)
{
    size_t i, j;
    for (j = 0; j < n; j += MLP__W) {
        for (i = 0; i + 4 <= m; i += 4) mlp__subtract_tile(4, rows, a + i, b + j, stride, y + i * stride + j);
        for (; i < m; i++) mlp__subtract_tile(1, rows, a + i, b + j, stride, y + i * stride + j);
    }
}

/* --------------------------------------------------------------------------- >>gemm -- */
/* Every matrix product is made of tiles: some rows and vectors of c, which stay in registers while k runs, one fma a
   step, in order. Tiles are the same code for all shapes, inlined with constant sizes. A strip is what tiles of one
   width go down: a few columns of c, all rows. A panel is a group of 16 units, as weights have them. */

/* c[i][j] = init[i][j] + sum over k of a[i][k] b[k][j], of a strip: `vectors` vectors, the last of which has `tail`
   lanes. Rows lie at x_row, the steps of k at a_col and b_row, panels of 16 columns at x_panel from each other; after
   every `span` steps a moves on by a_jump. b is read in whole vectors. init is laid out as c, which it may be, but
   repeats a row with init_row 0; NULL is zero. chains: 1, or of one panel and without jumps 4, each of a span, k >= 9,
   of which the last is the shortest (see Bits in the manual). */
typedef struct {
    size_t vectors, tail, k, span;
    int chains;
    const float *a;    ptrdiff_t a_row, a_col, a_jump;
    const float *b;    ptrdiff_t b_row, b_panel;
    const float *init; ptrdiff_t init_row;
    float *c;          ptrdiff_t c_row, c_panel;
} mlp__product;

/* element (i, j) is at i * row + j * col from `at` */
typedef struct { const float *at; ptrdiff_t row, col; } mlp__matrix;

MLP__INLINE mlp__matrix mlp__matrix_at(const float *at, ptrdiff_t row, ptrdiff_t col)
{
    const mlp__matrix m = { at, row, col };
    return m;
}

/* One chain, without jumps, columns side by side; with accumulate added to c. b has unit columns. */
MLP__INLINE mlp__product mlp__strip_product(size_t columns, size_t k, mlp__matrix a, const float *b, ptrdiff_t b_row,
                                            float *c, ptrdiff_t c_row, int accumulate)
{
    mlp__product p;
    p.vectors = (columns + MLP__W - 1) / MLP__W;
    p.tail = columns - (p.vectors - 1) * MLP__W;
    p.k = p.span = k;
    p.chains = 1;
    p.a = a.at;     p.a_row = a.row;    p.a_col = a.col;    p.a_jump = 0;
    p.b = b;        p.b_row = b_row;    p.b_panel = MLP__PANEL;
    p.c = c;        p.c_row = c_row;    p.c_panel = MLP__PANEL;
    p.init = accumulate ? c : NULL;
    p.init_row = c_row;
    return p;
}

MLP__INLINE void mlp__move_down(size_t rows, mlp__product *p)
{
    p->a += (ptrdiff_t)rows * p->a_row;
    p->c += (ptrdiff_t)rows * p->c_row;
    if (p->init) p->init += (ptrdiff_t)rows * p->init_row;
}

/* where vector v of a row begins */
MLP__INLINE ptrdiff_t mlp__vector_at(size_t v, ptrdiff_t panel)
{
    return (ptrdiff_t)(v / MLP__N16) * panel + (ptrdiff_t)(v % MLP__N16 * MLP__W);
}

/* ---- one tile ---- */

enum { MLP__MOST_SUMS = 24, MLP__MOST_VECTORS = 8 };    /* of all tiles */
typedef mlp__vf mlp__sums[MLP__MOST_SUMS];              /* of row i, vector v: at i * vectors + v */

MLP__INLINE void mlp__tile_zero(size_t rows, size_t vectors, mlp__sums sums)
{
    size_t i;
    MLP__UNROLL
    for (i = 0; i < rows * vectors; i++) sums[i] = mlp__vzero();
}

MLP__INLINE void mlp__tile_copy(size_t rows, size_t vectors, mlp__sums to, mlp__sums from)
{
    size_t i;
    MLP__UNROLL
    for (i = 0; i < rows * vectors; i++) to[i] = from[i];
}

MLP__INLINE void mlp__tile_add(size_t rows, size_t vectors, mlp__sums to, mlp__sums from)
{
    size_t i;
    MLP__UNROLL
    for (i = 0; i < rows * vectors; i++) to[i] = mlp__vadd(to[i], from[i]);
}

/* sums = init, or zero */
MLP__INLINE void mlp__tile_begin(size_t rows, size_t vectors, const mlp__product *p, mlp__sums sums)
{
    const float *from = p->init;
    const mlp__vf zero = mlp__vzero();
    size_t i, v;
    if (!from) { mlp__tile_zero(rows, vectors, sums); return; }
    MLP__UNROLL
    for (i = 0; i < rows; i++, from += p->init_row) {
        MLP__ONE_POINTER(from);
        MLP__UNROLL
        for (v = 0; v < vectors; v++) {
            const float *at = from + mlp__vector_at(v, p->c_panel);
            sums[i * vectors + v] = v + 1 < vectors ? mlp__vload(at) : mlp__vget(at, p->tail, zero);
        }
    }
}

/* c = sums */
MLP__INLINE void mlp__tile_end(size_t rows, size_t vectors, const mlp__product *p, mlp__sums sums)
{
    float *to = p->c;
    size_t i, v;
    MLP__UNROLL
    for (i = 0; i < rows; i++, to += p->c_row) {
        MLP__ONE_POINTER(to);
        MLP__UNROLL
        for (v = 0; v < vectors; v++) {
            float *at = to + mlp__vector_at(v, p->c_panel);
            if (v + 1 < vectors) mlp__vstore(at, sums[i * vectors + v]);
            else mlp__vput(at, sums[i * vectors + v], p->tail);
        }
    }
}

/* One step of k: sums[i][v] += a[i] b[v]. The side that has fewer stays in registers, of the other there is one at a
   time; a vector of b is loaded once, not once for each row. */
MLP__INLINE void mlp__tile_step(size_t rows, size_t vectors, const float *a, ptrdiff_t a_row, const float *b,
                                ptrdiff_t b_panel, mlp__sums sums)
{
    mlp__vf few[MLP__MOST_VECTORS];
    size_t i, v;
    if (rows < vectors) {
        MLP__UNROLL
        for (i = 0; i < rows; i++) few[i] = mlp__vset1(a[(ptrdiff_t)i * a_row]);
        MLP__UNROLL
        for (v = 0; v < vectors; v++) {
            mlp__vf bv = mlp__vload(b + mlp__vector_at(v, b_panel));
            if (rows > 1) MLP__KEEP(bv);
            MLP__UNROLL
            for (i = 0; i < rows; i++) sums[i * vectors + v] = mlp__vfma(few[i], bv, sums[i * vectors + v]);
        }
        return;
    }
    MLP__UNROLL
    for (v = 0; v < vectors; v++) {
        few[v] = mlp__vload(b + mlp__vector_at(v, b_panel));
        if (rows > 1) MLP__KEEP(few[v]);
    }
    MLP__UNROLL
    for (i = 0; i < rows; i++) {
        const mlp__vf ai = mlp__vset1(a[(ptrdiff_t)i * a_row]);
        MLP__UNROLL
        for (v = 0; v < vectors; v++) sums[i * vectors + v] = mlp__vfma(ai, few[v], sums[i * vectors + v]);
    }
}

/* The loop of the textbook, for some steps of k from a and b on: nearly all of the time goes here. */
MLP__INLINE void mlp__tile_steps(size_t rows, size_t vectors, size_t steps, const mlp__product *p, const float *a,
                                 const float *b, mlp__sums sums)
{
    for (; steps > 0; steps--, a += p->a_col, b += p->b_row)
        mlp__tile_step(rows, vectors, a, p->a_row, b, p->b_panel, sums);
}

/* a single row, without jumps */
MLP__INLINE void mlp__tile_row(size_t vectors, const mlp__product *p)
{
    mlp__sums sums;
    mlp__tile_begin(1, vectors, p, sums);
    mlp__tile_steps(1, vectors, p->k, p, p->a, p->b, sums);
    mlp__tile_end(1, vectors, p, sums);
}

/* sums += a[0..3] b[0..3] of a single row, steps of a side by side */
MLP__INLINE void mlp__tile4_steps(size_t vectors, const float *a, const float *b, ptrdiff_t b_row, mlp__sums sums)
{
    mlp__vf at[4];
    size_t t, v;
    mlp__vset4(a, at);
    MLP__UNROLL
    for (t = 0; t < 4; t++, b += b_row) {
        MLP__UNROLL
        for (v = 0; v < vectors; v++) sums[v] = mlp__vfma(at[t], mlp__vload(b + v * MLP__W), sums[v]);
    }
}

/* A single row with the four chains side by side, for one alone waits for itself; columns of one panel. */
MLP__INLINE void mlp__tile4_row(size_t vectors, const mlp__product *p)
{
    const size_t quarter = p->span, last = p->k - 3 * quarter;
    const ptrdiff_t b_next = (ptrdiff_t)quarter * p->b_row;
    const float *a = p->a, *b = p->b;
    mlp__sums s[4];
    size_t k, q;
    mlp__tile_begin(1, vectors, p, s[0]);
    MLP__UNROLL
    for (q = 1; q < 4; q++) mlp__tile_zero(1, vectors, s[q]);
    for (k = 0; vectors <= 2 && k + 4 <= last; k += 4, a += 4, b += 4 * p->b_row) {
        MLP__UNROLL
        for (q = 0; q < 4; q++) mlp__tile4_steps(vectors, a + q * quarter, b + (ptrdiff_t)q * b_next, p->b_row, s[q]);
    }
    for (; k < quarter; k++, a++, b += p->b_row) {
        MLP__UNROLL
        for (q = 0; q < 4; q++)
            if (q < 3 || k < last) mlp__tile_step(1, vectors, a + q * quarter, 0, b + (ptrdiff_t)q * b_next, 0, s[q]);
    }
    mlp__tile_add(1, vectors, s[0], s[1]);
    mlp__tile_add(1, vectors, s[2], s[3]);
    mlp__tile_add(1, vectors, s[0], s[2]);
    mlp__tile_end(1, vectors, p, s[0]);
}

/* The sums of the q-th of four chains, of (0 + 1) + (2 + 3), and what the next begins with. */
MLP__INLINE void mlp__tile_join(size_t rows, size_t vectors, size_t q, mlp__sums sums, mlp__sums even, mlp__sums half)
{
    if (q % 2 == 1) mlp__tile_add(rows, vectors, sums, even);
    if (q == 3) mlp__tile_add(rows, vectors, sums, half);
    else { mlp__tile_copy(rows, vectors, q == 1 ? half : even, sums); mlp__tile_zero(rows, vectors, sums); }
}

/* `count` tiles below each other, a span of k after the other: with one chain a jumps between them, and what it has
   there is asked for; four chains are a span each. */
MLP__INLINE void mlp__tile(size_t rows, size_t vectors, size_t count, const mlp__product *product)
{
    mlp__product p = *product;                          /* a copy, which stores to c cannot change */
    const ptrdiff_t a_next = (ptrdiff_t)p.span * p.a_col + p.a_jump, b_next = (ptrdiff_t)p.span * p.b_row;
    const int chains = vectors <= MLP__N16 && p.chains == 4;
    if (rows == 1) {
        if (chains) mlp__tile4_row(vectors, &p);
        else mlp__tile_row(vectors, &p);
        return;
    }
    for (; count > 0; count--, mlp__move_down(rows, &p)) {
        const float *a = p.a, *b = p.b;
        mlp__sums sums, even, half;
        size_t k, i, q = 0;
        mlp__tile_begin(rows, vectors, &p, sums);
        for (k = 0; k < p.k; k += p.span, a += a_next, b += b_next) {
            for (i = 0; i < rows && k + p.span < p.k; i++) MLP__PREFETCH(a + a_next + (ptrdiff_t)i * p.a_row);
            mlp__tile_steps(rows, vectors, mlp__smaller(p.span, p.k - k), &p, a, b, sums);
            if (chains) mlp__tile_join(rows, vectors, q++, sums, even, half);
        }
        mlp__tile_end(rows, vectors, &p, sums);
    }
}

/* ---- the tiles of a strip ---- */

enum { MLP__FEW_ROWS = MLP__FMA ? 3 : 2, MLP__FEW_ROWS_VECTORS = 4 };   /* without fma a product takes a register */

/* the most rows of tiles of so many vectors, 0: there are none such */
#define MLP__MOST_ROWS(vectors) \
    ((vectors) <= MLP__TILE_VECTORS ? MLP__TILE_ROWS(vectors) : \
     (vectors) == MLP__FEW_ROWS_VECTORS ? MLP__FEW_ROWS : (vectors) == MLP__ONE_ROW_VECTORS ? 1 : 0)

/* One function per width, with the code of all heights that this instruction set uses; the others are compiled away. */
#define MLP__HEIGHTS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define MLP__TILE_CASE(ROWS) case ROWS: if (ROWS <= most) mlp__tile(ROWS, vectors, count, p); break;
#define MLP__TILES(VECTORS) \
    static void mlp__tiles_##VECTORS(size_t rows, size_t count, const mlp__product *p) \
    { enum { vectors = VECTORS, most = MLP__MOST_ROWS(VECTORS) }; \
      switch (rows) { MLP__HEIGHTS(MLP__TILE_CASE) default: break; } }
MLP__TILES(1)
MLP__TILES(2)
MLP__TILES(3)
MLP__TILES(4)
MLP__TILES(8)

/* Columns of the next strip, of those that are left. Tiles of few rows are wider, so that they have enough chains. */
MLP__INLINE size_t mlp__strip_width(size_t rows, size_t left)
{
    const size_t widest = MLP__W * (rows == 1 ? MLP__ONE_ROW_VECTORS
                                    : rows <= MLP__FEW_ROWS ? MLP__FEW_ROWS_VECTORS : MLP__TILE_VECTORS);
    return left >= widest ? widest : mlp__smaller(left, MLP__TILE_COLUMNS);
}

typedef void mlp__tiles(size_t rows, size_t count, const mlp__product *p);

/* more rows than a tile has, cut into tiles of nearly equal height: 16 rows where tiles have at most 6 are 6 + 5 + 5 */
MLP__NOINLINE void mlp__multiply_many(mlp__tiles *tiles, size_t most, size_t rows, const mlp__product *p)
{
    const size_t count = (rows + most - 1) / most, low = rows / count, higher = rows - low * count;
    mlp__product rest;
    tiles(low + (higher > 0), higher ? higher : count, p);
    if (!higher) return;
    rest = *p;
    mlp__move_down((low + 1) * higher, &rest);
    tiles(low, count - higher, &rest);
}

/* rows of p. Many are a function of their own, for whose sake few would save and restore all registers. */
MLP__NOINLINE void mlp__multiply(size_t rows, const mlp__product *p)
{
    static mlp__tiles *const tiles[] = { mlp__tiles_1, mlp__tiles_2, mlp__tiles_3, mlp__tiles_4, mlp__tiles_8 };
    mlp__tiles *const of_width = tiles[p->vectors < 5 ? p->vectors - 1 : 4];
    const size_t most = MLP__MOST_ROWS(p->vectors);
    if (rows <= most) of_width(rows, 1, p);
    else mlp__multiply_many(of_width, most, rows, p);
}

/* ---- copies of what tiles cannot read in place ---- */

/* copy[i][j] = b[i * b_row + j], k x n, `width` floats from row to row; what is left of whole vectors into no more than
   `width`. KEEP: else gcc calls memcpy per row. */
static void mlp__copy_rows(size_t k, size_t n, const float *b, ptrdiff_t b_row, float *copy, size_t width)
{
    const size_t tail = n % MLP__W, whole = n - tail, stored = mlp__smaller(width - whole, MLP__W);
    size_t j;
    for (; k > 0; k--, b += b_row, copy += width) {
        for (j = 0; j < whole; j += MLP__W) {
            mlp__vf v = mlp__vload(b + j);
            MLP__KEEP(v);
            mlp__vstore(copy + j, v);
        }
        if (tail) mlp__vput(copy + whole, mlp__vload_n(b + whole, tail, mlp__vzero()), stored);
    }
}

/* The right side of a product, k x n: a matrix; or with inputs > 0 the transposed weights at matrix.at of a layer with
   so many inputs, a unit for each k. */
typedef struct { mlp__matrix matrix; size_t inputs; } mlp__right;

/* Of weights the part from input j on, of k units from `from` on, the first of a panel. */
static void mlp__copy_weights(const mlp__right *b, size_t from, size_t k, size_t j, size_t n, float *copy, size_t width)
{
    const float *w = b->matrix.at + from * b->inputs;
    size_t unit, units;
    for (unit = 0; unit < k; unit += units, w += units * b->inputs, copy += units * width) {
        units = mlp__smaller(k - unit, MLP__PANEL);
        if (units == 1) mlp__copy_rows(1, n, w + j, 0, copy, width);
        else mlp__transposed(units, n, w + j * units, (ptrdiff_t)units, copy, (ptrdiff_t)width, width);
    }
}

/* copy[i][c] = b[from + i][j + c], k x n, `width` floats from row to row */
static void mlp__copy(const mlp__right *b, size_t from, size_t k, size_t j, size_t n, float *copy, size_t width)
{
    const ptrdiff_t row = b->matrix.row, col = b->matrix.col;
    const float *at = b->matrix.at + (ptrdiff_t)from * row + (ptrdiff_t)j * col;
    size_t i, c;
    if (b->inputs)     mlp__copy_weights(b, from, k, j, n, copy, width);
    else if (col == 1) mlp__copy_rows(k, n, at, row, copy, width);
    else if (row == 1) mlp__transposed(k, n, at, col, copy, (ptrdiff_t)width, width);
    else
        for (i = 0; i < k; i++)
            for (c = 0; c < width; c++)
                copy[i * width + c] = c < n ? at[(ptrdiff_t)i * row + (ptrdiff_t)c * col] : 0.0f;
}

/* ---- any product ---- */

/* A strip of c at a time. Full strips are read in place where the rows of b are contiguous. Else they are copied, as
   many rows as fit into L1, each time going on from the sums before, or all of them into `room` if that is not NULL.
   The copy here takes 14 KiB, since a frame may have 16. */
#define MLP__COPY_FLOATS 3584
static void mlp__by_strips(size_t m, size_t n, size_t k, mlp__matrix a, const mlp__right *b, float *c, ptrdiff_t c_row,
                           int accumulate, float *room)
{
    const size_t width = MLP__TILE_COLUMNS, fit = MLP__COPY_FLOATS / width / MLP__PANEL * MLP__PANEL;
    float own_room[MLP__COPY_FLOATS], *const copy = room ? room : own_room;
    const int contiguous = b->matrix.col == 1 && !b->inputs;
    size_t j, columns, from, steps;
    if (m == 0) return;
    for (j = 0; j < n; j += columns) {
        const size_t strip = mlp__strip_width(m, n - j), whole = strip - strip % MLP__W;
        const int in_place = contiguous && whole > 0;
        const float *at = b->matrix.at + j;
        columns = in_place ? whole : mlp__smaller(n - j, width);
        from = 0;
        do {                                                            /* once even for k = 0: c must be set */
            mlp__product p;
            steps = mlp__smaller(k - from, in_place || room ? k : fit);
            if (!in_place) mlp__copy(b, from, steps, j, columns, copy, width);
            p = mlp__strip_product(columns, steps, mlp__matrix_at(a.at + (ptrdiff_t)from * a.col, a.row, a.col),
                                   in_place ? at : copy, in_place ? b->matrix.row : (ptrdiff_t)width,
                                   c + j, c_row, accumulate || from > 0);
            mlp__multiply(m, &p);
            from += steps;
        } while (from < k);
    }
}

MLP__INLINE void mlp__by_matrix(size_t m, size_t n, size_t k, mlp__matrix a, mlp__matrix b, float *c, ptrdiff_t c_row,
                                int accumulate)
{
    const mlp__right right = { b, 0 };
    mlp__by_strips(m, n, k, a, &right, c, c_row, accumulate, NULL);
}

/* ---- tiles whose b is transposed, read without a copy of it ---- */

/* a step of k for one vector of b: sums[i] += a[i] b */
MLP__INLINE void mlp__column_step(size_t rows, const float *a, ptrdiff_t a_row, mlp__vf b, mlp__vf *sums)
{
    size_t i;
    MLP__UNROLL
    for (i = 0; i < rows; i++) sums[i] = mlp__vfma(mlp__vset1(a[(ptrdiff_t)i * a_row]), b, sums[i]);
}

/* sums += a b, that of row i and vector v at v * rows + i. Column j of b is at b + j * b_col, its steps of k side by
   side. */
MLP__INLINE void mlp__columns(size_t rows, size_t vectors, size_t k, mlp__matrix a, const float *b, ptrdiff_t b_col,
                              mlp__vf *sums)
{
    const ptrdiff_t b_vector = (ptrdiff_t)MLP__W * b_col;
    mlp__vf column[MLP__COLUMNS];
    float lanes[MLP__W];
    size_t t, v;
    for (; k >= MLP__COLUMNS; k -= MLP__COLUMNS, a.at += MLP__COLUMNS * a.col, b += MLP__COLUMNS) {
        MLP__UNROLL
        for (v = 0; v < vectors; v++) {
            const float *at = a.at;
            mlp__load_columns(b + (ptrdiff_t)v * b_vector, b_col, column);
            MLP__UNROLL
            for (t = 0; t < MLP__COLUMNS; t++, at += a.col)
                mlp__column_step(rows, at, a.row, column[t], sums + v * rows);
        }
    }
    for (; k > 0; k--, a.at += a.col, b++) {
        MLP__UNROLL
        for (v = 0; v < vectors; v++) {
            for (t = 0; t < MLP__W; t++) lanes[t] = b[(ptrdiff_t)v * b_vector + (ptrdiff_t)t * b_col];
            mlp__column_step(rows, a.at, a.row, mlp__vload(lanes), sums + v * rows);
        }
    }
}

/* some vectors of a row of c */
MLP__INLINE void mlp__columns_of_row(size_t vectors, size_t k, mlp__matrix a, const float *b, ptrdiff_t b_col, float *c,
                                     int accumulate)
{
    mlp__sums sums;
    size_t v;
    MLP__UNROLL
    for (v = 0; v < vectors; v++) sums[v] = accumulate ? mlp__vload(c + v * MLP__W) : mlp__vzero();
    mlp__columns(1, vectors, k, a, b, b_col, sums);
    MLP__UNROLL
    for (v = 0; v < vectors; v++) mlp__vstore(c + v * MLP__W, sums[v]);
}

/* A row of c, n columns, four vectors at a time: enough chains to hide the latency of fma. Where a vector of them is so
   far apart that its lines fall into few sets of L1, one at a time. What is left of whole vectors is computed together
   with some columns before it. */
static void mlp__row_by_columns(size_t n, size_t k, const float *a, ptrdiff_t a_col, const float *b, ptrdiff_t b_col,
                                float *c, int accumulate)
{
    const mlp__matrix row = { a, 0, a_col };
    const size_t left = n % MLP__W, some = b_col % (4096 / MLP__W) == 0 ? n + 1 : 4 * MLP__W;
    float last[MLP__W];
    size_t j = 0;
    if (n < MLP__W) {
        mlp__by_matrix(1, n, k, row, mlp__matrix_at(b, 1, b_col), c, 0, accumulate);
        return;
    }
    for (; j + some <= n; j += some)
        mlp__columns_of_row(4, k, row, b + (ptrdiff_t)j * b_col, b_col, c + j, accumulate);
    for (; j + MLP__W <= n; j += MLP__W)
        mlp__columns_of_row(1, k, row, b + (ptrdiff_t)j * b_col, b_col, c + j, accumulate);
    if (left == 0) return;
    memcpy(last, c + n - MLP__W, sizeof last);
    mlp__columns_of_row(1, k, row, b + (ptrdiff_t)(n - MLP__W) * b_col, b_col, last, accumulate);
    memcpy(c + j, last + (MLP__W - left), left * sizeof *c);
}

/* ---- the public gemm: strips, and the few rules that make some products twice as fast ---- */

/* One or two steps of k, rows of c in order: tiles would visit a few columns of many rows, with a store for each fma.
   */
static void mlp__by_steps(size_t m, size_t n, size_t k, mlp__matrix a, mlp__matrix b, float *c, ptrdiff_t c_row,
                          int accumulate)
{
    const mlp__vf zero = mlp__vzero();
    size_t i, j;
    for (i = 0; i < m; i++, a.at += a.row, c += c_row)
        for (j = 0; j < n; j += MLP__W) {
            mlp__vf sum = accumulate ? mlp__vget(c + j, n - j, zero) : zero;
            sum = mlp__vfma(mlp__vset1(a.at[0]), mlp__vget(b.at + j, n - j, zero), sum);
            if (k == 2) sum = mlp__vfma(mlp__vset1(a.at[a.col]), mlp__vget(b.at + b.row + j, n - j, zero), sum);
            mlp__vput(c + j, sum, n - j);
        }
}

/* see struct mlp_kernels */
static void mlp__k_gemm(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
                        const float *b, ptrdiff_t b_row, ptrdiff_t b_col, float *c, ptrdiff_t c_row, int accumulate)
{
    const mlp__matrix left = { a, a_row, a_col }, right = { b, b_row, b_col };
    /* rows of a b beyond 12 MiB lie on more pages than the TLB holds, and each strip of few rows of c would go over all
       of them: then 16 rows of b for all strips */
    const int pages = b_col == 1 && m <= 16 && n > 2 * MLP__TILE_COLUMNS && k * n >= 3072 * 1024;
    size_t from;
    if (b_col == 1 && n >= 128 && (k == 1 || k == 2)) mlp__by_steps(m, n, k, left, right, c, c_row, accumulate);
    else if (m == 1 && b_row == 1 && k >= MLP__PANEL) mlp__row_by_columns(n, k, a, a_col, b, b_col, c, accumulate);
    else if (!pages) mlp__by_matrix(m, n, k, left, right, c, c_row, accumulate);
    else for (from = 0; from < k; from += 16)
        mlp__by_matrix(m, n, mlp__smaller(k - from, 16), mlp__matrix_at(a + (ptrdiff_t)from * a_col, a_row, a_col),
                       mlp__matrix_at(b + (ptrdiff_t)from * b_row, b_row, b_col), c, c_row, accumulate || from > 0);
}

/* ---- layers ---- */

/* The strip of a layer's units that starts at `unit`, within the panels [units/16][in][16], [in][units % 16]: whole
   panels side by side or a part of one; the ragged panel by itself. Lanes are units. */
typedef struct { size_t columns, offset; ptrdiff_t row; } mlp__strip;

MLP__INLINE mlp__strip mlp__strip_at(size_t rows, size_t in, size_t units, size_t unit)
{
    const size_t ragged = units % MLP__PANEL, whole = units - ragged;
    mlp__strip s;
    s.columns = mlp__strip_width(rows, unit < whole ? whole - unit : units - unit);
    s.offset = unit / MLP__PANEL * MLP__PANEL * in + unit % MLP__PANEL;
    s.row = (ptrdiff_t)(unit < whole ? MLP__PANEL : ragged);
    return s;
}

/* z of MLP__W rows, of one or two units of the w_row in the panel */
MLP__INLINE void mlp__narrow_rows(size_t units, size_t in, const float *x, size_t x_stride, const float *w,
                                  size_t w_row, const float *b, float *z, size_t z_stride, int chains)
{
    const size_t quarter = chains == 4 ? (in + 3) / 4 : in;
    const ptrdiff_t row = (ptrdiff_t)w_row;
    mlp__vf sum[4][2];
    float lanes[MLP__W];
    size_t c = 0, u, r;
    do {
        MLP__UNROLL
        for (u = 0; u < units; u++) sum[c][u] = mlp__vset1(b && c == 0 ? b[u] : 0.0f);
        mlp__columns(units, 1, mlp__smaller(quarter, in - c * quarter), mlp__matrix_at(w + c * quarter * w_row, 1, row),
                     x + c * quarter, (ptrdiff_t)x_stride, sum[c]);
    } while (++c < (size_t)chains);
    MLP__UNROLL
    for (u = 0; u < units; u++) {
        mlp__vf all = sum[0][u];
        if (chains == 4) all = mlp__vadd(mlp__vadd(all, sum[1][u]), mlp__vadd(sum[2][u], sum[3][u]));
        mlp__vstore(lanes, all);
        for (r = 0; r < MLP__W; r++) z[r * z_stride + u] = lanes[r];
    }
}

/* A panel of few units, for rows >= MLP__W: lanes are rows, else most of them would be idle. The last MLP__W rows may
   be some of those before again. */
MLP__NOINLINE void mlp__forward_narrow(size_t units, size_t rows, size_t in, const float *x, size_t x_stride,
                                       const float *w, const float *b, float *z, size_t z_stride, int chains)
{
    size_t r, u;
    for (u = 0; u < units; u += 2)
        for (r = 0; r < rows; r += MLP__W) {
            const size_t at = mlp__smaller(r, rows - MLP__W);
            const float *const xr = x + at * x_stride, *const bu = b ? b + u : b;
            float *const zr = z + at * z_stride + u;
            if (units - u == 1) mlp__narrow_rows(1, in, xr, x_stride, w + u, units, bu, zr, z_stride, chains);
            else                mlp__narrow_rows(2, in, xr, x_stride, w + u, units, bu, zr, z_stride, chains);
        }
}

/* x: rows x in, w: panels, b: out or NULL, z: rows x out */
static void mlp__k_forward(size_t rows, size_t in, size_t out, const float *x, size_t x_stride, const float *w,
                           const float *b, float *z, size_t z_stride)
{
    const mlp__matrix a = mlp__matrix_at(x, (ptrdiff_t)x_stride, 1);
    const int chains = out <= MLP__PANEL && in >= 32 ? 4 : 1;           /* see Bits in the manual */
    size_t unit;
    mlp__strip s;
    mlp__product p;
    if (rows == 0) return;
    for (unit = 0; unit < out; unit += s.columns) {
        s = mlp__strip_at(rows, in, out, unit);
        p = mlp__strip_product(s.columns, in, a, w + s.offset, s.row, z + unit, (ptrdiff_t)z_stride, 0);
        p.b_panel = (ptrdiff_t)(MLP__PANEL * in);
        if (chains == 4) { p.chains = 4; p.span = (in + 3) / 4; }
        if (b) { p.init = b + unit; p.init_row = 0; }
        if (s.row <= MLP__W / 4 && rows >= MLP__W)
            mlp__forward_narrow(s.columns, rows, in, x, x_stride, p.b, p.init, p.c, z_stride, chains);
        else mlp__multiply(rows, &p);
    }
}

enum { MLP__COPY_HEIGHT = 24 };

/* x: rows x in. Copies columns in panels of MLP__COPY_HEIGHT, each rows x panel, (rows + 1) * panel floats apart; a few
   rows at a time, since 1024 of them are as many pages. */
static void mlp__copy_inputs(size_t rows, size_t in, const float *x, size_t x_stride, float *panels)
{
    const size_t panel = MLP__COPY_HEIGHT;
    size_t r, i;
    for (r = 0; r < rows; r += 8)
        for (i = 0; i < in; i += panel)
            mlp__copy_rows(mlp__smaller(rows - r, 8), mlp__smaller(in - i, panel), x + r * x_stride + i,
                           (ptrdiff_t)x_stride, panels + (rows + 1) * i + r * panel, panel);
}

/* dw of the n units in a ragged panel at dw, with inputs as lanes: of units most would be idle. The sums are
   transposed on the way in and out; those of a single unit lie side by side as they are, and all its inputs are lanes.
   Else those that are left of whole vectors go as others do. */
static void mlp__weights_over_inputs(size_t rows, size_t in, size_t n, const float *x, size_t x_stride, const float *dz,
                                     size_t dz_stride, float *dw, int accumulate, float *scratch)
{
    const size_t lanes = n == 1 ? in : in - in % MLP__W, left = in - lanes;
    const mlp__matrix a = { dz, 1, (ptrdiff_t)dz_stride }, rest = { x + lanes, 1, (ptrdiff_t)x_stride };
    float *const sums = n == 1 ? dw : scratch;
    size_t unit, columns;
    if (n > 1 && accumulate) mlp__transposed(n, lanes, dw, (ptrdiff_t)n, sums, (ptrdiff_t)lanes, lanes);
    mlp__by_matrix(n, lanes, rows, a, mlp__matrix_at(x, (ptrdiff_t)x_stride, 1), sums, (ptrdiff_t)lanes, accumulate);
    if (n > 1) mlp__transposed(lanes, n, sums, (ptrdiff_t)lanes, dw, (ptrdiff_t)n, n);
    for (unit = 0; left && unit < n; unit += columns) {
        mlp__product p;
        columns = mlp__strip_width(left, n - unit);
        p = mlp__strip_product(columns, rows, rest, dz + unit, a.col, dw + lanes * n + unit, (ptrdiff_t)n, accumulate);
        mlp__multiply(left, &p);
    }
}

/* x: rows x in, dz: rows x out, dw: panels. dw = x^T dz: dE/dw_io = sum over rows of x_i dz_o. Steps of k are whole
   rows apart: many of them do not stay in L1 side by side, so a strip of dz is copied, where enough inputs use the
   copy, and x, too, where its columns fall into few sets of the caches and several strips use it. */
static void mlp__k_backward_weights(size_t rows, size_t in, size_t out, const float *x, size_t x_stride,
                                    const float *dz, size_t dz_stride, float *dw, int accumulate, float *scratch)
{
    const mlp__matrix a = mlp__matrix_at(x, 1, (ptrdiff_t)x_stride);
    const int apart = rows > 64 && x_stride % 1024 == 0 && out > MLP__TILE_COLUMNS && in > MLP__COPY_HEIGHT;
    const size_t high = apart ? (size_t)MLP__COPY_HEIGHT : in;
    const size_t ragged = out % MLP__PANEL, lanes = (ragged + MLP__W - 1) / MLP__W * MLP__W;
    const int over_inputs = ragged == 1 || (in >= MLP__W && rows * (lanes - ragged) >= 6 * lanes && ragged > 0);
    float *const strip = rows > 64 && in >= 32 ? scratch : NULL;
    float *const panels = scratch + (strip ? rows * mlp__strip_width(in, SIZE_MAX) : 0);
    size_t unit, i;
    mlp__strip s;
    mlp__product p;
    if (apart) mlp__copy_inputs(rows, in, x, x_stride, panels);
    for (unit = 0; unit < (over_inputs ? out - ragged : out); unit += s.columns) {
        s = mlp__strip_at(in, in, out, unit);
        p = mlp__strip_product(s.columns, rows, a, dz + unit, (ptrdiff_t)dz_stride, dw + s.offset, s.row, accumulate);
        p.c_panel = (ptrdiff_t)(MLP__PANEL * in);
        if (strip) {
            p.b = strip;
            p.b_row = (ptrdiff_t)(p.vectors * MLP__W);
            mlp__copy_rows(rows, s.columns, dz + unit, (ptrdiff_t)dz_stride, strip, p.vectors * MLP__W);
        }
        if (apart) p.a_col = (ptrdiff_t)high;
        for (i = 0; i < in; i += high) {
            if (apart) p.a = panels + (rows + 1) * i;
            p.c = dw + s.offset + i * (size_t)s.row;
            if (accumulate) p.init = p.c;
            mlp__multiply(mlp__smaller(in - i, high), &p);
        }
    }
    if (over_inputs)
        mlp__weights_over_inputs(rows, in, ragged, x, x_stride, dz + unit, dz_stride, dw + unit * in, accumulate,
                                 scratch);
}

/* dx with rows as lanes, whole vectors of them: from dz transposed, the weights are read in place, and dx is
   transposed on the way out. A group of inputs for all rows, and the next: so the weights come from memory once. dz_t:
   rows x out */
enum { MLP__GROUP = 48 };
static void mlp__input_over_rows(size_t rows, size_t in, size_t out, const float *dz, size_t dz_stride, const float *w,
                                 float *dx, size_t dx_stride, float *dz_t)
{
    float dx_t[MLP__GROUP * MLP__TILE_COLUMNS];
    const size_t ragged = out % MLP__PANEL, whole = out - ragged;
    size_t i, r, n, width;
    for (r = 0; r < rows; r += width) {
        width = mlp__smaller(rows - r, MLP__TILE_COLUMNS);
        mlp__transposed(out, width, dz + r * dz_stride, (ptrdiff_t)dz_stride, dz_t + r * out, (ptrdiff_t)width, width);
    }
    for (i = 0; i < in; i += n) {
        n = mlp__smaller(in - i, in - i == MLP__GROUP + 1 ? MLP__GROUP - 1 : MLP__GROUP);   /* never one alone */
        for (r = 0; r < rows; r += width) {
            const ptrdiff_t row = (ptrdiff_t)(width = mlp__smaller(rows - r, MLP__TILE_COLUMNS));
            const float *const b = dz_t + r * out;
            mlp__matrix a = mlp__matrix_at(w + i * MLP__PANEL, MLP__PANEL, 1);
            mlp__product p = mlp__strip_product(width, whole, a, b, row, dx_t, row, 0);
            p.span = MLP__PANEL;
            p.a_jump = (ptrdiff_t)((in - 1) * MLP__PANEL);
            mlp__multiply(n, &p);
            a = mlp__matrix_at(w + whole * in + i * ragged, (ptrdiff_t)ragged, 1);
            p = mlp__strip_product(width, ragged, a, b + whole * width, row, dx_t, row, 1);
            if (ragged) mlp__multiply(n, &p);
            mlp__transposed(width, n, dx_t, row, dx + r * dx_stride + i, (ptrdiff_t)dx_stride, n);
        }
    }
}

/* dx of a single row, panel by panel: so the weights are read in order, and need no copy. */
static void mlp__input_of_row(size_t in, size_t out, const float *dz, const float *w, float *dx)
{
    const size_t ragged = out % MLP__PANEL, whole = out - ragged;
    size_t unit;
    for (unit = 0; unit < whole; unit += MLP__PANEL)
        mlp__row_by_columns(in, MLP__PANEL, dz + unit, 1, w + unit * in, MLP__PANEL, dx, unit > 0);
    if (ragged)
        mlp__by_matrix(1, in, ragged, mlp__matrix_at(dz + whole, 0, 1),
                       mlp__matrix_at(w + whole * in, 1, (ptrdiff_t)ragged), dx, 0, whole > 0);
}

/* dz: rows x out, w: panels, dx: rows x in. dx = dz w^T: dE/dx_i = sum over units of dz_o w_io. Lanes are inputs, for
   which w is transposed, of many rows for all units at once, so that dx is written once; or rows, if that is less to
   transpose. */
static void mlp__k_backward_input(size_t rows, size_t in, size_t out, const float *dz, size_t dz_stride, const float *w,
                                  float *dx, size_t dx_stride, float *scratch)
{
    const mlp__matrix a = mlp__matrix_at(dz, (ptrdiff_t)dz_stride, 1);
    const mlp__right weights = { { w, 0, 0 }, in };
    if (rows == 1) mlp__input_of_row(in, out, dz, w, dx);
    else if (rows <= 64 && rows % MLP__W == 0 && rows * (in + out) <= in * out)
        mlp__input_over_rows(rows, in, out, dz, dz_stride, w, dx, dx_stride, scratch);
    else mlp__by_strips(rows, in, out, a, &weights, dx, (ptrdiff_t)dx_stride, 0, rows >= 64 ? scratch : NULL);
}

/* -------------------------------------------------------------------------- >>table -- */
/* The only door from here on: below this line no vector type, above it no net. */

/* A kernel that only training needs, NULL without it: then compilers leave it out. */
#ifdef MLP_NO_TRAINING
    #define MLP__TRAINS(kernel) (1 ? NULL : kernel)
#else
    #define MLP__TRAINS(kernel) kernel
#endif

#ifdef MLP_KERNELS_ONLY
    #define MLP__TABLE MLP__JOIN(mlp__kernels_, MLP_KERNELS_ONLY)
    #ifdef __cplusplus
    extern "C" {
    #endif
    extern const mlp_kernels MLP__TABLE;
    #ifdef __cplusplus
    }
    #endif
    const mlp_kernels MLP__TABLE = {
#else
    static MLP__UNUSED const mlp_kernels mlp__kernels = {
#endif
    MLP__NAME, MLP__W, MLP__FMA,
    mlp__k_gemm, mlp__k_hadamard, mlp__k_activate, MLP__TRAINS(mlp__k_activate_backward),
    mlp__k_softmax, MLP__TRAINS(mlp__k_softmax_backward), MLP__TRAINS(mlp__k_cross_entropy),
    MLP__TRAINS(mlp__k_class_entropy),
    mlp__k_forward, MLP__TRAINS(mlp__k_backward_weights), MLP__TRAINS(mlp__k_backward_input),
    MLP__TRAINS(mlp__k_column_sums), MLP__TRAINS(mlp__k_scale_rows), MLP__TRAINS(mlp__k_loss),
    MLP__TRAINS(mlp__k_loss_backward), MLP__TRAINS(mlp__k_axpy), MLP__TRAINS(mlp__k_update), mlp__k_first_nonfinite,
    MLP__TRAINS(mlp__k_inner), MLP__TRAINS(mlp__k_subtract_products)
};

#ifndef MLP_KERNELS_ONLY

/* ----------------------------------------------------------------------- >>dispatch -- */

/* The tables of this program, best first, this file's own last. */
#ifdef MLP_DISPATCH
    #if defined(__AVX__)
        #error "mlp.h: compile the file with MLP_DISPATCH without -mavx and the like: it has to run everywhere"
    #endif
    #ifndef MLP_DISPATCH_TABLES
        #if MLP__X86
            #define MLP_DISPATCH_TABLES(X) X(avx512) X(avx2)
        #else
            #define MLP_DISPATCH_TABLES(X)
        #endif
    #endif
    #define MLP__DECLARE(name) extern const mlp_kernels mlp__kernels_##name;
    #ifdef __cplusplus
    extern "C" {
    #endif
    MLP_DISPATCH_TABLES(MLP__DECLARE)
    #ifdef __cplusplus
    }
    #endif
#else
    #undef MLP_DISPATCH_TABLES
    #define MLP_DISPATCH_TABLES(X)
#endif

#define MLP__ENTRY(name) { MLP__SIMD_##name, &mlp__kernels_##name },
static const struct { int simd; const mlp_kernels *kernels; } mlp__tables[] = {
    MLP_DISPATCH_TABLES(MLP__ENTRY)
#ifndef MLP__KERNELS_APART                  /* then nothing refers to those of this file, and no compiler keeps them */
    { MLP_SIMD, &mlp__kernels }
#endif
};
enum { MLP__TABLES = sizeof mlp__tables / sizeof *mlp__tables };

#if defined(MLP_DISPATCH) && MLP__X86
    #if MLP__GNU
        #include <cpuid.h>
        static void mlp__cpuid(unsigned leaf, unsigned r[4])
        {
            r[0] = r[1] = r[2] = r[3] = 0;
            __get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3]);
        }
        static unsigned mlp__xcr0(void)
        {
            unsigned low, high;
            __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
            return low;
        }
    #else
        #include <intrin.h>
        static void mlp__cpuid(unsigned leaf, unsigned r[4])
        {
            __cpuid((int *)r, 0);                       /* the largest leaf: above it are those of another */
            if (leaf <= r[0]) __cpuidex((int *)r, (int)leaf, 0);
            else r[0] = r[1] = r[2] = r[3] = 0;
        }
        static unsigned mlp__xcr0(void) { return (unsigned)_xgetbv(0); }
    #endif

    /* The instructions, and the operating system saving their registers: bits 1, 2 (ymm) and 5, 6, 7 (zmm) of XCR0. */
    static int mlp__cpu_runs(int simd, int fma)
    {
        unsigned one[4], seven[4], saved;
        mlp__cpuid(1, one);
        mlp__cpuid(7, seven);
        saved = one[2] >> 27 & 1 ? mlp__xcr0() : 0;
        if (fma && !(one[2] >> 12 & 1 && (saved & 0x6) == 0x6)) return 0;
        if (simd == MLP_SIMD_AVX2) return seven[1] >> 5 & 1 && (saved & 0x6) == 0x6;
        if (simd == MLP_SIMD_AVX512) return seven[1] >> 16 & 1 && (saved & 0xe6) == 0xe6;
        return 1;
    }
#else
    /* decided by the compiler flags */
    static int mlp__cpu_runs(int simd, int fma) { (void)simd; (void)fma; return 1; }
#endif

static const mlp_kernels *mlp__find(const char *name)
{
    size_t i;
    for (i = 0; i < MLP__TABLES; i++) {
        const mlp_kernels *k = mlp__tables[i].kernels;
        if ((!name || strcmp(name, k->name) == 0) && mlp__cpu_runs(mlp__tables[i].simd, k->fma)) return k;
    }
    return NULL;
}

/* The best table is looked for once, since cpuid takes microseconds under a hypervisor: the only state outside of nets.
   Threads that come first together find the same. */
#if defined(MLP_DISPATCH) && MLP__GNU
    static const mlp_kernels *mlp__best(void)
    {
        static const mlp_kernels *best;
        const mlp_kernels *k = __atomic_load_n(&best, __ATOMIC_RELAXED);
        if (!k) __atomic_store_n(&best, k = mlp__find(NULL), __ATOMIC_RELAXED);
        return k;
    }
#else
    static const mlp_kernels *mlp__best(void) { return mlp__find(NULL); }
#endif

MLP_API const mlp_kernels *mlp_kernels_for(const char *name) { return name ? mlp__find(name) : mlp__best(); }

MLP_API const char *mlp_simd_name(void) { return mlp_kernels_for(NULL)->name; }

/* ---------------------------------------------------------------------------- >>rng -- */
/* No generator has state: each number is a function of the seed and of what it is for, and does not depend on what was
   drawn before it. */

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that passes for random */
static uint64_t mlp__mix(uint64_t x)
{
    x ^= x >> 30; x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27; x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

#define MLP__GOLDEN 0x9e3779b97f4a7c15u         /* 2^64 over the golden ratio: SplitMix64's step */

/* The index-th number of a stream; streams of different purposes have different numbers. */
static uint64_t mlp__random(uint64_t seed, uint64_t stream, uint64_t index)
{
    return mlp__mix(mlp__mix(seed + stream * MLP__GOLDEN) + (index + 1) * MLP__GOLDEN);
}

/* those of weights, biases and masks + the layer */
enum {
    MLP__STREAM_ORDER, MLP__STREAM_WEIGHTS, MLP__STREAM_BIASES = 1000, MLP__STREAM_MASKS = 2000,
    MLP__STREAM_SPLIT = 3000, MLP__STREAM_SAMPLE
};

/* uniform in [-1, 1), one of 2^24 values */
static float mlp__random_sign(uint64_t seed, uint64_t stream, uint64_t index)
{
    return (float)((int32_t)(mlp__random(seed, stream, index) >> 40) - 0x800000) * 1.1920929e-07f;
}

/* Through memory: no compiler may fuse the product into an addition that comes later. */
static double mlp__product_of(double a, double b)
{
    volatile double product = a * b;
    return product;
}

/* Two functions for what is rare (deviates, schedules), with the same bits in all builds: every product is rounded.
   log2 x, x > 0 and normal: ln m = 2 artanh((m-1)/(m+1)) for m in [1/sqrt(2), sqrt(2)], by its series. */
static double mlp__log2(double x)
{
    uint64_t u;
    double m, t, square, sum = 0;
    int exponent, k;
    memcpy(&u, &x, 8);
    exponent = (int)(u >> 52) - 1023;
    u = (u & 0xfffffffffffffu) | 0x3ff0000000000000u;
    memcpy(&m, &u, 8);
    if (m > 1.4142135623730951) { m /= 2; exponent++; }
    t = (m - 1) / (m + 1);
    square = mlp__product_of(t, t);
    for (k = 23; k > 0; k -= 2) sum = mlp__product_of(sum, square) + 1.0 / k;
    return exponent + mlp__product_of(mlp__product_of(2 * 1.4426950408889634, t), sum);
}

/* cos(2 pi x), 0 <= x < 2^53: by its series on a quarter of the circle */
static double mlp__cos_turn(double x)
{
    double r = x - (double)(uint64_t)x, square, sum = 0;
    int k, negative;
    if (r > 0.5) r = 1 - r;
    negative = r > 0.25;
    if (negative) r = 0.5 - r;
    r = mlp__product_of(r, 6.283185307179586);
    square = mlp__product_of(r, r);
    for (k = 22; k > 2; k -= 2) sum = mlp__product_of(1 + sum, -square) / ((k - 1) * k);
    sum = 1 + mlp__product_of(1 + sum, -square / 2);    /* over 2 behind it is times 0.5, which clang may fuse */
    return negative ? -sum : sum;
}

/* uniform in (0, 1] */
static double mlp__random_unit(uint64_t seed, uint64_t stream, uint64_t index)
{
    return mlp__product_of((double)((mlp__random(seed, stream, index) >> 11) + 1), 1.1102230246251565e-16);
}

/* a standard normal deviate (Box and Muller 1958) */
static float mlp__random_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    const double u = mlp__random_unit(seed, stream, 2 * index), turn = mlp__random_unit(seed, stream, 2 * index + 1);
    const double radius = mlp__sqrt_double(mlp__product_of(-2 * 0.6931471805599453, mlp__log2(u)));
    return (float)mlp__product_of(radius, mlp__cos_turn(turn));
}

/* A permutation of 0 .. n-1. A few are shuffled in a table (Fisher and Yates, Durstenfeld 1964): each order is
   equally likely. More are sent through three rounds of steps that can be undone, on the smallest power of two that
   holds n, again until they land below n (cycle walking, Black and Rogaway 2002): index i lands on each j equally
   often within the noise of 2000 keys; with one shift a round it takes more than eight rounds. */
enum { MLP__ROUNDS = 3, MLP__FEW = 32 };
typedef struct {
    uint64_t n, mask, add[MLP__ROUNDS], odd[MLP__ROUNDS];
    int shift1, shift2;
    unsigned char few[MLP__FEW];
} mlp__permutation;

static mlp__permutation mlp__permutation_of(uint64_t n, uint64_t seed, uint64_t stream)
{
    mlp__permutation p;
    uint64_t few, at;
    int bits = 1, i;
    memset(&p, 0, sizeof p);
    p.n = n;
    for (few = 0; n <= MLP__FEW && few < n; few++) {
        at = mlp__random(seed, stream, few) % (few + 1);
        p.few[few] = p.few[at];
        p.few[at] = (unsigned char)few;
    }
    while (bits < 63 && (uint64_t)1 << bits < n) bits++;
    p.mask = ((uint64_t)1 << bits) - 1;
    p.shift1 = (bits + 1) / 2;
    p.shift2 = p.shift1 - 1;
    for (i = 0; i < MLP__ROUNDS; i++) {
        p.odd[i] = mlp__random(seed, stream, (uint64_t)i) | 1;
        p.add[i] = p.odd[i] >> 32;
    }
    return p;
}

static uint64_t mlp__permute(const mlp__permutation *p, uint64_t x)
{
    int i;
    if (p->n <= MLP__FEW) return p->few[x];
    do {
        for (i = 0; i < MLP__ROUNDS; i++) {
            x = (x + p->add[i]) & p->mask;
            x ^= x >> p->shift1;
            x = (x * p->odd[i]) & p->mask;
            x ^= x >> p->shift2;
        }
    } while (x >= p->n);
    return x;
}

/* ---------------------------------------------------------------------------- >>net -- */

MLP_API const char *mlp_result_string(mlp_result result)
{
    switch (result) {
    case MLP_OK:              return "ok";
    case MLP_ERR_ARGUMENT:    return "bad argument";
    case MLP_ERR_TOO_BIG:     return "too big";
    case MLP_ERR_MEMORY:      return "out of memory";
    case MLP_ERR_IO:          return "input/output error";
    case MLP_ERR_FORMAT:      return "not a valid model file";
    case MLP_ERR_NONFINITE:   return "NaN or infinity";
    case MLP_ERR_UNSUPPORTED: return "not supported by this version";
    }
    return "unknown result";
}

/* A text under way: at most size - 1 characters and a zero; what does not fit is left out. */
typedef struct { char *to; size_t at, size; } mlp__text;

static void mlp__say_char(mlp__text *t, char c)
{
    if (t->at + 1 < t->size) { t->to[t->at++] = c; t->to[t->at] = 0; }
}

static void mlp__say(mlp__text *t, const char *s) { while (*s) mlp__say_char(t, *s++); }

/* in decimal, with zeros in front up to `digits` */
static void mlp__say_integer(mlp__text *t, uint64_t value, int digits)
{
    char reversed[24];
    int n = 0;
    do { reversed[n++] = (char)('0' + value % 10); value /= 10; } while (value > 0);
    while (digits-- > n) mlp__say_char(t, '0');
    while (n > 0) mlp__say_char(t, reversed[--n]);
}

/* a number for people, to six decimals of its mantissa */
static void mlp__say_number(mlp__text *t, double v)
{
    int power = 0, digits = 6;
    uint64_t millionths;
    if (!mlp__finite_double(v)) { mlp__say(t, v != v ? "NaN" : v < 0 ? "-infinity" : "infinity"); return; }
    if (v < 0) { mlp__say_char(t, '-'); v = -v; }
    if (v >= 1e6) for (; v >= 10; power++) v /= 10;
    else if (v > 0 && v < 1e-3) for (; v < 1; power--) v *= 10;
    millionths = (uint64_t)mlp__product_of(v, 1e6);
    if (mlp__product_of(v, 1e6) - (double)millionths >= 0.5) millionths++;
    if (power && millionths == 10000000) { millionths = 1000000; power++; }
    mlp__say_integer(t, millionths / 1000000, 1);
    millionths %= 1000000;
    while (digits > 0 && millionths % 10 == 0) { millionths /= 10; digits--; }
    if (digits > 0) { mlp__say_char(t, '.'); mlp__say_integer(t, millionths, digits); }
    if (power == 0) return;
    mlp__say(t, power < 0 ? "e-" : "e+");
    mlp__say_integer(t, (uint64_t)(power < 0 ? -power : power), 1);
}

/* %s const char *, %i int, %z size_t, %u uint64_t, %g double */
static void mlp__say_format(mlp__text *t, const char *format, va_list list)
{
    for (; *format; format++) {
        if (*format != '%') { mlp__say_char(t, *format); continue; }
        switch (*++format) {
        case 's': mlp__say(t, va_arg(list, const char *)); break;
        case 'z': mlp__say_integer(t, va_arg(list, size_t), 1); break;
        case 'u': mlp__say_integer(t, va_arg(list, uint64_t), 1); break;
        case 'g': mlp__say_number(t, va_arg(list, double)); break;
        default: {
            const int value = va_arg(list, int);
            if (value < 0) mlp__say_char(t, '-');
            mlp__say_integer(t, value < 0 ? (uint64_t)0 - (uint64_t)(int64_t)value : (uint64_t)value, 1);
        } }
    }
}

/* Fills *error, which may be NULL, and returns the code; format as above. */
static mlp_result mlp__fail(mlp_error *error, mlp_result code, int layer, const char *format, ...)
{
    mlp__text t;
    va_list list;
    if (!error) return code;
    memset(error, 0, sizeof *error);
    error->code = code;
    error->layer = layer;
    t.to = error->text;
    t.at = 0;
    t.size = sizeof error->text;
    va_start(list, format);
    mlp__say_format(&t, format, list);
    va_end(list);
    return code;
}

/* What was asked for is wrong, in no layer. */
#define MLP__REFUSE(error, ...) mlp__fail(error, MLP_ERR_ARGUMENT, -1, __VA_ARGS__)

static mlp_result mlp__ok(mlp_error *error) { return mlp__fail(error, MLP_OK, -1, ""); }

/* adds the place in the data to a failure */
static mlp_result mlp__at(mlp_error *error, mlp_result code, size_t row, size_t column)
{
    if (error) { error->row = row; error->column = column; }
    return code;
}

/* Kernels to train and to evaluate with are in this build. */
static mlp_result mlp__trains(mlp_error *error)
{
#ifdef MLP_NO_TRAINING
    return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "compiled with MLP_NO_TRAINING");
#else
    (void)error;
    return MLP_OK;
#endif
}

/* ---- families: what the net has to know of each kind ---- */

/* A table has the rows of its kinds in the order of their enum; the first, that of DEFAULT, is what is not known or
   not in this build: known 0. */
#define MLP__COUNT(table) (sizeof(table) / sizeof *(table))
#define MLP__FACTS(table, kind) (table)[(size_t)(kind) < MLP__COUNT(table) ? (size_t)(kind) : 0]

typedef struct { int known; float alpha; int needs_z; mlp_initializer initializer; } mlp__activation_facts;

#define MLP__ROW(NAME, name, alpha, needs_z, init) { MLP__HAS(MLP_ACT_##NAME), alpha, needs_z, MLP_INIT_##init },
static const mlp__activation_facts mlp__activations[] = {
    { 0, 0, 0, MLP_INIT_DEFAULT }, MLP__ACTIVATIONS(MLP__ROW)
    MLP__ROW(SOFTMAX, softmax, 0, 0, GLOROT_UNIFORM) MLP__ROW(CUSTOM, custom, 0, 1, GLOROT_UNIFORM)
};
#undef MLP__ROW

/* the activation that goes with a loss, DEFAULT: any; what a label is to it */
typedef enum { MLP__LABELS_NONE, MLP__LABELS_ZERO_ONE, MLP__LABELS_SIGN, MLP__LABELS_CLASS } mlp__labels;
typedef struct { int known; mlp_activation activation; mlp__labels labels; } mlp__loss_facts;

#define MLP__ROW(NAME, name, activation, labels) { 1, MLP_ACT_##activation, MLP__LABELS_##labels },
static const mlp__loss_facts mlp__losses[] = {
    { 0, MLP_ACT_DEFAULT, MLP__LABELS_NONE }, MLP__LOSSES(MLP__ROW)
    MLP__ROW(CROSS_ENTROPY, cross_entropy, SOFTMAX, CLASS) MLP__ROW(CUSTOM, custom, DEFAULT, NONE)
};
#undef MLP__ROW

/* Columns: enum, name, distribution, and its measure squared: numerator / (of_in inputs + of_out units), or numerator
   alone without these. The measure, times gain, is the limit of a uniform, the deviation of a normal distribution. */
#define MLP__INITIALIZERS(X) \
    X(ZERO,           zero,           CONSTANT,   0, 0, 0) \
    X(CONSTANT,       constant,       CONSTANT,   1, 0, 0) \
    X(HE_UNIFORM,     he_uniform,     UNIFORM,    6, 1, 0) \
    X(HE_NORMAL,      he_normal,      NORMAL,     2, 1, 0) \
    X(GLOROT_UNIFORM, glorot_uniform, UNIFORM,    6, 1, 1) \
    X(GLOROT_NORMAL,  glorot_normal,  NORMAL,     2, 1, 1) \
    X(LECUN_NORMAL,   lecun_normal,   NORMAL,     1, 1, 0) \
    X(PYTORCH,        pytorch,        UNIFORM,    1, 1, 0) \
    X(ORTHOGONAL,     orthogonal,     ORTHOGONAL, 1, 0, 0)

typedef enum { MLP__DRAW_CONSTANT, MLP__DRAW_UNIFORM, MLP__DRAW_NORMAL, MLP__DRAW_ORTHOGONAL } mlp__draw;
typedef struct { int known; mlp__draw draw; double numerator; int of_in, of_out; } mlp__initializer_facts;

#define MLP__ROW(NAME, name, draw, numerator, of_in, of_out) { 1, MLP__DRAW_##draw, numerator, of_in, of_out },
static const mlp__initializer_facts mlp__initializers[] = {
    { 0, MLP__DRAW_CONSTANT, 0, 0, 0 }, MLP__INITIALIZERS(MLP__ROW)
};
#undef MLP__ROW

/* An enum without a row, or a row without an enum, does not compile. */
#define MLP__ONE(...) + 1
typedef char mlp__every_activation_has_a_row[MLP_ACT_SOFTMAX == 1 MLP__ACTIVATIONS(MLP__ONE) ? 1 : -1];
typedef char mlp__every_loss_has_a_row[MLP_LOSS_CROSS_ENTROPY == 1 MLP__LOSSES(MLP__ONE) ? 1 : -1];
typedef char mlp__every_initializer_has_a_row[MLP_INIT_ORTHOGONAL == 0 MLP__INITIALIZERS(MLP__ONE) ? 1 : -1];

/* ---- the net and its memory ---- */

/* Where a layer's parameters are in the runs of parameters and gradients, in floats. */
typedef struct { size_t in, out, w, b, end; } mlp__shape;

/* Room for a block of rows on its way through the layers. */
typedef struct {
    size_t rows;
    float *z[MLP_MAX_LAYERS], *a[MLP_MAX_LAYERS], *dz[MLP_MAX_LAYERS];      /* rows x out of the layer; z may be a */
    float *mask[MLP_MAX_LAYERS], *out[MLP_MAX_LAYERS];      /* out: what the next layer reads: a, or a with its mask */
    float *x, *y, *losses;                  /* rows x inputs, outputs, outputs */
    float *slope;                           /* rows x widest, for custom activations, else NULL */
    float *weight, *factor, *loss;          /* rows: w_i, w_i / sum of w, L_i */
    float *scratch, *more_scratch;          /* of backward kernels: for the first part of the work; in a fit for more */
    size_t scratch_size;                    /* of each part, in floats */
    size_t *index;                          /* rows: for mlp_data.read */
    int *labels;                            /* rows */
} mlp__buffers;

/* The training block. */
typedef struct {
    void *block;                            /* to be freed, or NULL */
    float *gradients;                       /* NULL: there is no training block */
    float *best;                            /* parameters of the best epoch in a block of their own, or NULL */
    void *state;
    size_t state_size;
    int known;                              /* the gradients are those of something: they have been computed */
    mlp__buffers buffers;
} mlp__training;

/* How far training has come; a checkpoint has it. */
typedef struct {
    uint64_t epoch, step;                   /* epochs and updates so far */
    double best, lowest;                    /* least validation loss of the fit; least loss, for MLP_SCHEDULE_PLATEAU */
    double factor;                          /* of the rate, by MLP_SCHEDULE_PLATEAU */
    uint64_t start, best_epoch;             /* epochs before the fit, and at best */
    uint64_t waited, stalled;               /* epochs since best, since lowest */
} mlp__course;

struct mlp {
    mlp_desc desc, given;                   /* resolved, and as it was given */
    void *block;                            /* to be freed, or NULL */
    float *params, *scales;                 /* scales: see >>data; NULL without scaling */
    size_t count;                           /* of parameters */
    int layers;
    mlp__shape shape[MLP_MAX_LAYERS];
    size_t inputs, outputs, widest;         /* widest: most units of a layer */
    size_t ping, pong;                      /* most units of the even hidden layers, of the odd ones */
    mlp__loss_facts loss;
    mlp__course course;
    int busy, resumed, threads;             /* it is trained now; a checkpoint was loaded; threads of the last fit */
    int scaled, dropout;                    /* scales are fitted; a layer has dropout */
    char *texts;                            /* of mlp_set_text: key, 0, value, 0, and so on; NULL: none */
    size_t texts_size;
    mlp__training training;
};

#ifndef MLP__BLOCK_ROWS
#define MLP__BLOCK_ROWS 256                 /* rows that go through all layers together, if there are so many */
#endif
#define MLP__FEWEST_ROWS 32                 /* of a block that the net makes itself before a fit says how many */
#define MLP__SLACK 16                       /* floats behind what is read in whole vectors */
/* of the backward kernels for a layer whose inputs and units are `pair` together */
#define MLP__SCRATCH_FLOATS(rows, pair) ((rows) < 64 ? (rows) * (pair) : ((rows) + 16) * ((pair) + 96))
#define MLP__ALIGN 64

/* Sizes are added up and memory is handed out by the same calls: without a base, only `used` counts; SIZE_MAX is too
   big, and stays. */
typedef struct { unsigned char *base; size_t used; } mlp__arena;

static void *mlp__take(mlp__arena *arena, size_t count, size_t each, size_t size)
{
    const size_t at = (arena->used + MLP__ALIGN - 1) & ~(size_t)(MLP__ALIGN - 1);
    if (arena->used > SIZE_MAX - 2 * MLP__ALIGN || (each && count > SIZE_MAX / each)
        || count * each > (SIZE_MAX - at - MLP__ALIGN) / size) {
        arena->used = SIZE_MAX;
        return NULL;
    }
    arena->used = at + count * each * size;
    return arena->base ? arena->base + at : NULL;
}

static float *mlp__take_floats(mlp__arena *arena, size_t rows, size_t cols)
{
    return (float *)mlp__take(arena, rows, cols, sizeof(float));
}

static unsigned char *mlp__align(void *memory)
{
    return (unsigned char *)memory + (MLP__ALIGN - (uintptr_t)memory % MLP__ALIGN) % MLP__ALIGN;
}

static void *mlp__alloc(const mlp_allocator *a, size_t size)
{
    return a->alloc ? a->alloc(a->user, size) : MLP_MALLOC(size, a->user);
}

static void mlp__free(const mlp_allocator *a, void *p)
{
    if (!p) return;
    if (a->free) a->free(a->user, p);
    else MLP_FREE(p, a->user);
}

/* Places the parts of something, which says how large they are. */
typedef void mlp__layout(const mlp *net, mlp__arena *arena, void *placed);

/* The bytes that takes, SIZE_MAX: too big; in that much memory, unless NULL, the parts are placed, and are 0 */
static size_t mlp__lay_out(const mlp *net, mlp__layout *layout, void *placed, void *memory)
{
    mlp__arena arena = { NULL, 0 };
    if (memory) arena.base = mlp__align(memory);
    layout(net, &arena, placed);
    if (memory) memset(arena.base, 0, arena.used);
    return arena.used == 0 || arena.used == SIZE_MAX ? arena.used : arena.used + MLP__ALIGN - 1;
}

static size_t mlp__size_or_0(size_t size) { return size == SIZE_MAX ? 0 : size; }

/* ---- parts of work, one for each thread ---- */

/* Work is cut into parts by what is not summed, so that their number changes no bit: part `part` of `parts` of n
   things ends, and the next begins, at mlp__cut(n, grain, part + 1, parts), a multiple of grain or n. */
typedef void mlp__task(const void *work, size_t part, size_t parts);

static size_t mlp__cut(size_t n, size_t grain, size_t part, size_t parts)
{
    if (parts == 1) return part * n;            /* no divisions for small nets */
    return mlp__smaller(n, ((n + grain - 1) / grain * part + parts - 1) / parts * grain);
}

#ifdef _OPENMP
    #include <omp.h>
#endif

static void mlp__in_parts(int threads, mlp__task *task, const void *work)
{
#ifdef _OPENMP
    if (threads > 1) {
        #pragma omp parallel num_threads(threads)
        task(work, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
        return;
    }
#endif
    (void)threads;
    task(work, 0, 1);
}

/* ---- descs ---- */

static float mlp__infinity(void) { return mlp__float(0x7f800000u); }

/* value, its default for 0, and 0 for a negative value */
static float mlp__or_default(float value, float otherwise) { return value == 0 ? otherwise : value; }
static float mlp__meant(float value) { return value < 0 ? 0 : value; }

typedef struct { float low, high; const char *text; } mlp__range;
static const mlp__range mlp__any = { -FLT_MAX, FLT_MAX, "finite" },
                        mlp__not_negative = { 0, FLT_MAX, "finite and not negative" },
                        mlp__up_to_one = { 0, 1, "in [0, 1]" },
                        mlp__below_one = { 0, 1 - FLT_EPSILON / 2, "in [0, 1)" };

/* A number of a desc: 0 is its default, -1 a wanted zero where the default is another number, else it is in its range;
   where it is not taken, `owner` has no use for it. */
typedef struct {
    const char *name;
    float *value;
    const char *owner;
    int taken;
    float otherwise;
    const mlp__range *range;
} mlp__setting;

/* Replaces defaults, or says what is wrong. */
static mlp_result mlp__resolve_settings(mlp_error *error, int layer, const mlp__setting *s, size_t count)
{
    for (; count > 0; count--, s++) {
        const float v = *s->value;
        if (v == 0 && s->taken) *s->value = s->otherwise;
        if (v == 0 || (s->taken && v == -1 && s->otherwise != 0)) continue;
        if (!s->taken)
            return mlp__fail(error, MLP_ERR_ARGUMENT, layer, "%s is %g, but %s takes none", s->name, (double)v,
                             s->owner);
        if (!(v >= s->range->low && v <= s->range->high))
            return mlp__fail(error, MLP_ERR_ARGUMENT, layer, "%s is %g and must be %s", s->name, (double)v,
                             s->range->text);
    }
    return MLP_OK;
}

static int mlp__layer_is_zero(const mlp_layer *l)
{
    return l->units == 0 && l->activation == MLP_ACT_DEFAULT && l->alpha == 0 && l->dropout == 0 && l->no_bias == 0
        && l->initializer == MLP_INIT_DEFAULT && l->gain == 0 && l->rate == 0
        && !l->custom.value && !l->custom.slope && !l->custom.user;
}

static mlp_result mlp__resolve_layer(mlp_layer *layer, int index, int last, mlp__loss_facts loss, mlp_error *error)
{
    const mlp_activation otherwise = !last ? MLP_ACT_RELU : loss.activation ? loss.activation : MLP_ACT_IDENTITY;
    const mlp_activation kind = layer->activation == MLP_ACT_DEFAULT ? otherwise : layer->activation;
    const mlp__activation_facts facts = MLP__FACTS(mlp__activations, kind);
    const int custom = kind == MLP_ACT_CUSTOM, gains = layer->initializer != MLP_INIT_ZERO;
    const mlp__setting settings[] = {
        { "layers: alpha",   &layer->alpha,   "this activation",      facts.alpha != 0, facts.alpha, &mlp__any },
        { "layers: dropout", &layer->dropout, "the last layer",       !last,            0,           &mlp__below_one },
        { "layers: gain",    &layer->gain,    "the initializer zero", gains,            1,           &mlp__any },
        { "layers: rate",    &layer->rate,    "",                     1,                1,           &mlp__any } };
    if (layer->units < 0)
        return mlp__fail(error, MLP_ERR_ARGUMENT, index, "layers: units is %i and must not be negative", layer->units);
    if (!facts.known)
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, index, "layers: activation %i is unknown or not in this build",
                         (int)kind);
    if (!layer->custom.value != !custom || !layer->custom.slope != !custom)
        return mlp__fail(error, MLP_ERR_ARGUMENT, index,
                         "layers: a custom activation, and no other, needs value and slope");
    if (!last && kind == MLP_ACT_SOFTMAX)
        return mlp__fail(error, MLP_ERR_ARGUMENT, index, "layers: softmax is for the last layer only");
    if (last && loss.activation && kind != loss.activation)
        return mlp__fail(error, MLP_ERR_ARGUMENT, index,
                         "loss: cross_entropy goes with softmax, binary_cross_entropy with sigmoid");
    if (last && loss.labels == MLP__LABELS_CLASS && layer->units == 1)
        return mlp__fail(error, MLP_ERR_ARGUMENT, index,
                         "cross_entropy needs an output for each class; for one output: binary_cross_entropy");
    layer->activation = kind;
    layer->no_bias = layer->no_bias != 0;
    if (layer->initializer == MLP_INIT_DEFAULT) layer->initializer = facts.initializer;
    if (!MLP__FACTS(mlp__initializers, layer->initializer).known)
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, index, "layers: initializer %i is unknown",
                         (int)layer->initializer);
    return mlp__resolve_settings(error, index, settings, MLP__COUNT(settings));
}

static mlp_result mlp__resolve_loss(mlp_desc *desc, mlp_error *error)
{
    const mlp_loss kind = desc->loss == MLP_LOSS_DEFAULT ? MLP_LOSS_SQUARED : desc->loss;
    const mlp__loss_facts facts = MLP__FACTS(mlp__losses, kind);
    const int huber = kind == MLP_LOSS_HUBER, custom = kind == MLP_LOSS_CUSTOM, entropy = facts.activation != 0;
    const mlp__setting settings[] = {
        { "loss_delta",      &desc->loss_delta,      "a loss other than huber",    huber,   0, &mlp__not_negative },
        { "label_smoothing", &desc->label_smoothing, "a loss of no cross entropy", entropy, 0, &mlp__below_one } };
    if (!facts.known) return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "loss %i is unknown", (int)kind);
    if (!desc->custom_loss.value != !custom || !desc->custom_loss.slope != !custom)
        return MLP__REFUSE(error, "custom_loss: the loss custom, and no other, needs value and slope");
    desc->loss = kind;
    if (huber) desc->loss_delta = mlp__or_default(desc->loss_delta, 1);
    return mlp__resolve_settings(error, -1, settings, MLP__COUNT(settings));
}

/* whether a loss is of the distance between output and target, as in regressions */
static int mlp__is_of_distance(mlp_loss loss)
{
    return loss == MLP_LOSS_SQUARED || loss == MLP_LOSS_HALF_SQUARED || loss == MLP_LOSS_ABSOLUTE
        || loss == MLP_LOSS_HUBER;
}

static mlp_result mlp__resolve_scaling(const mlp_desc *desc, mlp_error *error)
{
    if ((unsigned)desc->input_scaling > MLP_SCALE_ROBUST || (unsigned)desc->target_scaling > MLP_SCALE_ROBUST)
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "input_scaling %i or target_scaling %i is unknown",
                         (int)desc->input_scaling, (int)desc->target_scaling);
    if (desc->target_scaling == MLP_SCALE_ROBUST || (desc->target_scaling && !mlp__is_of_distance(desc->loss)))
        return MLP__REFUSE(error, "target_scaling: standard or min_max, with squared, half_squared, absolute or huber");
    return MLP_OK;
}

/* Replaces every default of *desc by what it stands for, or says what is wrong. *count: layers. */
static mlp_result mlp__resolve(mlp_desc *desc, int *count, mlp_error *error)
{
    mlp_result r;
    int n = 0, i;
    if (desc->inputs < 1)
        return MLP__REFUSE(error, "inputs is %i and must be at least 1", desc->inputs);
    r = mlp__resolve_loss(desc, error);
    if (!r) r = mlp__resolve_scaling(desc, error);
    if (r) return r;
    if (desc->reduction != MLP_REDUCE_MEAN && desc->reduction != MLP_REDUCE_SUM)
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "reduction %i is unknown", (int)desc->reduction);
    if (!desc->allocator.alloc != !desc->allocator.free)
        return MLP__REFUSE(error, "allocator: alloc and free go together");
    while (n < MLP_MAX_LAYERS && desc->layers[n].units != 0) n++;
    for (i = n; i < MLP_MAX_LAYERS; i++)
        if (!mlp__layer_is_zero(&desc->layers[i]))
            return mlp__fail(error, MLP_ERR_ARGUMENT, i,
                             "layers: an entry that is not zero behind the end of the list (units 0)");
    if (n == 0) return MLP__REFUSE(error, "layers: at least one is needed");
    for (i = 0; i < n && !r; i++)
        r = mlp__resolve_layer(&desc->layers[i], i, i == n - 1, mlp__losses[desc->loss], error);
    if (r) return r;
    if (!desc->kernels) desc->kernels = mlp_kernels_for(NULL);
    desc->error = NULL;
    *count = n;
    return MLP_OK;
}

MLP_API mlp_result mlp_resolve_desc(const mlp_desc *desc, mlp_desc *resolved)
{
    mlp_error *error = desc ? desc->error : NULL;
    mlp_desc d;
    int layers;
    mlp_result r;
    if (resolved && resolved != desc) memset(resolved, 0, sizeof *resolved);
    if (!desc || !resolved) return MLP_ERR_ARGUMENT;
    d = *desc;
    r = mlp__resolve(&d, &layers, error);
    if (r) return r;
    *resolved = d;
    return mlp__ok(error);
}

/* The parts of a net's block. */
static void mlp__lay_out_net(const mlp *net, mlp__arena *arena, void *placed)
{
    mlp *to = (mlp *)placed;
    const int scaled = net->desc.input_scaling || net->desc.target_scaling;
    mlp__take(arena, 1, 1, sizeof(mlp));
    to->params = mlp__take_floats(arena, net->count + MLP__SLACK, 1);
    to->scales = scaled ? mlp__take_floats(arena, 2 * (net->inputs + net->outputs), 1) : NULL;
}

/* Fills net but for its memory; *size is what that takes. */
static mlp_result mlp__plan(mlp *net, const mlp_desc *desc, size_t *size)
{
    const size_t most = SIZE_MAX / sizeof(float) / 4;               /* parameters */
    mlp_error *error = desc ? desc->error : NULL;
    mlp_result r;
    int i;
    *size = 0;
    if (!desc) return MLP_ERR_ARGUMENT;
    memset(net, 0, sizeof *net);
    net->desc = net->given = *desc;
    net->given.error = NULL;
    net->course.factor = 1;
    r = mlp__resolve(&net->desc, &net->layers, error);
    if (r) return r;
    net->loss = mlp__losses[net->desc.loss];
    net->inputs = net->outputs = (size_t)desc->inputs;
    for (i = 0; i < net->layers; i++) {
        mlp__shape *s = &net->shape[i];
        size_t *hidden = i % 2 ? &net->pong : &net->ping;
        s->in = net->outputs;
        s->out = net->outputs = (size_t)net->desc.layers[i].units;
        if (s->out > net->widest) net->widest = s->out;
        if (i < net->layers - 1 && s->out > *hidden) *hidden = s->out;
        if (s->out > SIZE_MAX / sizeof(float) / (2 * MLP__BLOCK_ROWS) || s->in >= (most - net->count) / s->out)
            return mlp__fail(error, MLP_ERR_TOO_BIG, i, "layers: too many weights");
        net->dropout |= net->desc.layers[i].dropout != 0;
        s->w = net->count;
        s->b = s->w + s->in * s->out;
        s->end = net->count = s->b + (net->desc.layers[i].no_bias ? 0 : s->out);
    }
    *size = mlp__lay_out(net, mlp__lay_out_net, net, NULL);
    if (*size == SIZE_MAX) return mlp__fail(error, MLP_ERR_TOO_BIG, -1, "layers: too many weights");
    return mlp__ok(error);
}

/* ---- weights to begin with ---- */

/* where weight [unit][input] of a layer is in its panels */
static size_t mlp__weight_at(const mlp__shape *s, size_t unit, size_t input)
{
    const size_t panel = unit / MLP__PANEL * MLP__PANEL, width = mlp__smaller(s->out - panel, MLP__PANEL);
    return s->w + panel * s->in + input * width + unit % MLP__PANEL;
}

/* vectors of n floats that are `step` apart */
static double mlp__dot(size_t n, const float *a, const float *b, size_t step)
{
    double sum = 0;
    size_t i;
    for (i = 0; i < n * step; i += step) sum = mlp__fma_double(a[i], b[i], sum);
    return sum;
}

/* Makes `count` vectors of n floats orthonormal (count <= n): Gram and Schmidt, twice, which is enough (Giraud et al.
   2005). Vector v has its i-th float at w[v * apart + i * step]. */
static void mlp__orthonormalize(float *w, size_t count, size_t n, size_t apart, size_t step)
{
    size_t v, u, i;
    int again;
    for (v = 0; v < count; v++) {
        float *a = w + v * apart;
        double length;
        for (again = 0; again < 2; again++)
            for (u = 0; u < v; u++) {
                const float *b = w + u * apart, along = (float)mlp__dot(n, a, b, step);
                for (i = 0; i < n * step; i += step) a[i] = (float)mlp__fma_double(-along, b[i], (double)a[i]);
            }
        length = mlp__sqrt_double(mlp__dot(n, a, a, step));
        for (i = 0; i < n * step; i += step) a[i] = length > 0 ? (float)((double)a[i] / length) : 0;
    }
}

/* Rows of W are orthonormal, or its columns where there are fewer of these. */
static mlp_result mlp__init_orthogonal(mlp *net, int layer, float gain)
{
    const mlp__shape *s = &net->shape[layer];
    const size_t n = s->in * s->out;
    const uint64_t stream = MLP__STREAM_WEIGHTS + (uint64_t)layer;
    float *w = (float *)mlp__alloc(&net->desc.allocator, n * sizeof(float));        /* [units][inputs] */
    size_t i;
    if (!w) return MLP_ERR_MEMORY;
    for (i = 0; i < n; i++) w[i] = mlp__random_normal(net->desc.seed, stream, i);
    if (s->out <= s->in) mlp__orthonormalize(w, s->out, s->in, s->in, 1);
    else mlp__orthonormalize(w, s->in, s->out, 1, s->in);
    for (i = 0; i < n; i++) net->params[mlp__weight_at(s, i / s->in, i % s->in)] = gain * w[i];
    mlp__free(&net->desc.allocator, w);
    return MLP_OK;
}

/* one number of a distribution with this measure */
static float mlp__drawn(const mlp *net, mlp__draw draw, float measure, uint64_t stream, uint64_t index)
{
    switch (draw) {
    case MLP__DRAW_UNIFORM: return measure * mlp__random_sign(net->desc.seed, stream, index);
    case MLP__DRAW_NORMAL:  return measure * mlp__random_normal(net->desc.seed, stream, index);
    default:                return measure;
    }
}

/* Each weight is drawn by its place in [units][inputs]. Biases are 0; PyTorch's are drawn as its weights. */
static mlp_result mlp__init_weights(mlp *net)
{
    int l;
    for (l = 0; l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        const mlp_layer *layer = &net->desc.layers[l];
        const mlp__initializer_facts facts = mlp__initializers[layer->initializer];
        const double fan = (facts.of_in ? (double)s->in : 0.0) + (facts.of_out ? (double)s->out : 0.0);
        const double spread = mlp__sqrt_double(facts.numerator / (fan > 0 ? fan : 1));
        const float measure = (float)(spread * (double)mlp__meant(layer->gain));
        size_t o, i;
        if (facts.draw == MLP__DRAW_ORTHOGONAL) {
            if (mlp__init_orthogonal(net, l, measure)) return MLP_ERR_MEMORY;
            continue;
        }
        for (o = 0; o < s->out; o++)
            for (i = 0; i < s->in; i++)
                net->params[mlp__weight_at(s, o, i)] =
                    mlp__drawn(net, facts.draw, measure, MLP__STREAM_WEIGHTS + (uint64_t)l, o * s->in + i);
        for (o = 0; layer->initializer == MLP_INIT_PYTORCH && !layer->no_bias && o < s->out; o++)
            net->params[s->b + o] = mlp__drawn(net, facts.draw, measure, MLP__STREAM_BIASES + (uint64_t)l, o);
    }
    return MLP_OK;
}

/* ---- nets ---- */

MLP_API size_t mlp_size(const mlp_desc *desc)
{
    mlp plan;
    size_t size;
    return mlp__plan(&plan, desc, &size) ? 0 : size;
}

/* All weights 0, nothing scaled. memory: of `size` bytes, or NULL to allocate */
static mlp_result mlp__make_blank(mlp **net, void *memory, size_t size, const mlp_desc *desc)
{
    mlp plan;
    size_t needed, i;
    mlp_result r = mlp__plan(&plan, desc, &needed);
    if (r) return r;
    if (!memory) memory = plan.block = mlp__alloc(&plan.desc.allocator, size = needed);
    if (!memory) return mlp__fail(desc->error, MLP_ERR_MEMORY, -1, "out of memory: %z bytes", needed);
    if (size < needed)
        return MLP__REFUSE(desc->error, "memory: %z bytes, but mlp_size says %z", size, needed);
    mlp__lay_out(&plan, mlp__lay_out_net, &plan, memory);
    for (i = 0; plan.scales && i < plan.inputs + plan.outputs; i++) plan.scales[2 * i + 1] = 1;
    *net = (mlp *)(void *)mlp__align(memory);
    **net = plan;
    return MLP_OK;
}

static mlp_result mlp__make(mlp **net, void *memory, size_t size, const mlp_desc *desc)
{
    mlp_result r;
    if (!net) return MLP_ERR_ARGUMENT;
    *net = NULL;
    r = mlp__make_blank(net, memory, size, desc);
    if (r || mlp__init_weights(*net) == MLP_OK) return r;
    mlp_destroy(*net);
    *net = NULL;
    return mlp__fail(desc->error, MLP_ERR_MEMORY, -1, "out of memory");
}

MLP_API mlp_result mlp_create(mlp **net, const mlp_desc *desc) { return mlp__make(net, NULL, 0, desc); }

MLP_API mlp_result mlp_init_in(mlp **net, void *memory, size_t size, const mlp_desc *desc)
{
    if (memory) return mlp__make(net, memory, size, desc);
    if (net) *net = NULL;
    return MLP__REFUSE(desc ? desc->error : NULL, "memory is NULL");
}

MLP_API mlp_result mlp_copy(mlp **copy, const mlp *net)
{
    mlp *c;
    mlp_result r;
    if (copy) *copy = NULL;
    if (!copy || !net) return MLP_ERR_ARGUMENT;
    r = mlp__make_blank(&c, NULL, 0, &net->given);
    if (r) return r;
    memcpy(c->params, net->params, net->count * sizeof(float));
    if (net->scales) memcpy(c->scales, net->scales, 2 * (net->inputs + net->outputs) * sizeof(float));
    c->scaled = net->scaled;
    c->threads = net->threads;
    if (net->texts_size > 0) {
        c->texts = (char *)mlp__alloc(&c->desc.allocator, net->texts_size);
        c->texts_size = net->texts_size;
        if (!c->texts) {
            mlp_destroy(c);
            return MLP_ERR_MEMORY;
        }
        memcpy(c->texts, net->texts, net->texts_size);
    }
    *copy = c;
    return MLP_OK;
}

MLP_API void mlp_destroy(mlp *net)
{
    if (!net) return;
    mlp__free(&net->desc.allocator, net->training.block);
    mlp__free(&net->desc.allocator, net->training.best);
    mlp__free(&net->desc.allocator, net->texts);
    if (net->block) {
        const mlp_allocator allocator = net->desc.allocator;
        mlp__free(&allocator, net->block);
    }
}

MLP_API const mlp_desc *mlp_get_desc(const mlp *net) { return net ? &net->given : NULL; }

MLP_API float *mlp_params(mlp *net, size_t *count)
{
    if (count) *count = net ? net->count : 0;
    return net ? net->params : NULL;
}

MLP_API float *mlp_gradients(mlp *net, size_t *count)
{
    float *gradients = net ? net->training.gradients : NULL;
    if (count) *count = gradients ? net->count : 0;
    return gradients;
}

static int mlp__has_layer(const mlp *net, int layer) { return net && layer >= 0 && layer < net->layers; }

/* Out of a run, parameters or gradients, into w [units][inputs] and b [units]; either may be NULL. */
static mlp_result mlp__get_layer(const mlp *net, int layer, const float *run, float *w, float *b)
{
    const mlp__shape *s;
    size_t o, i;
    if (!mlp__has_layer(net, layer) || !run) return MLP_ERR_ARGUMENT;
    s = &net->shape[layer];
    if (w)
        for (o = 0; o < s->out; o++)
            for (i = 0; i < s->in; i++) w[o * s->in + i] = run[mlp__weight_at(s, o, i)];
    if (b && s->b < s->end) memcpy(b, run + s->b, s->out * sizeof(float));
    else if (b) memset(b, 0, s->out * sizeof(float));
    return MLP_OK;
}

MLP_API mlp_result mlp_get_weights(const mlp *net, int layer, float *w, float *b)
{
    return mlp__get_layer(net, layer, net ? net->params : NULL, w, b);
}

MLP_API mlp_result mlp_get_gradients(const mlp *net, int layer, float *w, float *b)
{
    return mlp__get_layer(net, layer, net ? net->training.gradients : NULL, w, b);
}

MLP_API mlp_result mlp_set_weights(mlp *net, int layer, const float *w, const float *b)
{
    const mlp__shape *s;
    size_t o, i;
    if (!mlp__has_layer(net, layer) || (b && net->desc.layers[layer].no_bias)) return MLP_ERR_ARGUMENT;
    s = &net->shape[layer];
    if (w)
        for (o = 0; o < s->out; o++)
            for (i = 0; i < s->in; i++) net->params[mlp__weight_at(s, o, i)] = w[o * s->in + i];
    if (b) memcpy(net->params + s->b, b, s->out * sizeof(float));
    return MLP_OK;
}

/* --------------------------------------------------------------------------- >>data -- */
/* What the user gives: checks, the order of rows, targets, scaling. */

static size_t mlp__x_stride(const mlp *net, const mlp_data *d) { return d->x_stride ? d->x_stride : net->inputs; }
static size_t mlp__y_stride(const mlp *net, const mlp_data *d) { return d->y_stride ? d->y_stride : net->outputs; }
static int mlp__has_labels(const mlp_data *d) { return d->read ? d->read_labels : d->labels != NULL; }
static int mlp__is_weighted(const mlp_data *d) { return d->sample_weights || d->class_weights; }
static size_t mlp__classes(const mlp *net) { return net->outputs > 1 ? net->outputs : 2; }

static const float *mlp__x_row(const mlp *net, const mlp_data *d, size_t row)
{
    return d->x + row * mlp__x_stride(net, d);
}

static const float *mlp__y_row(const mlp *net, const mlp_data *d, size_t row)
{
    return d->y + row * mlp__y_stride(net, d);
}

static float mlp__weight_of(const mlp_data *d, size_t row)
{
    return (d->sample_weights ? d->sample_weights[row] : 1.0f)
         * (d->class_weights ? d->class_weights[d->labels[row]] : 1.0f);
}

/* ---- checks of values ---- */

/* values: rows x cols at stride; the index in rows x cols of the first that is not finite, rows * cols: none */
static size_t mlp__first_nonfinite(const mlp *net, const float *values, size_t rows, size_t cols, size_t stride)
{
    const size_t run = stride == cols ? rows * cols : cols;         /* what one call sees: all, if there are no gaps */
    size_t done;
    for (done = 0; done < rows * cols; done += run, values += stride) {
        const size_t at = net->desc.kernels->first_nonfinite(run, 0, values);
        if (at < run) return done + at;
    }
    return done;
}

/* These look at the rows begin .. end - 1 of arrays. number: what row of the data each of them is; NULL: itself. */

/* values: cols of each row, at stride */
static mlp_result mlp__check_finite(const mlp *net, const char *name, const float *values, const size_t *number,
                                    size_t begin, size_t end, size_t cols, size_t stride, mlp_error *error)
{
    const size_t at = mlp__first_nonfinite(net, values + begin * stride, end - begin, cols, stride), column = at % cols;
    size_t row = begin + at / cols;
    double value;
    if (row == end) return MLP_OK;
    value = (double)values[row * stride + column];
    if (number) row = number[row];
    mlp__fail(error, MLP_ERR_NONFINITE, -1, "%s: %g in row %z, column %z", name, value, row, column);
    return mlp__at(error, MLP_ERR_NONFINITE, row, column);
}

/* What the loss does not mean: labels of no class, targets of binary_cross_entropy outside of [0, 1], of cross_entropy
   below 0. */
static mlp_result mlp__check_targets(const mlp *net, const mlp_data *d, const size_t *number, size_t begin, size_t end)
{
    const size_t classes = mlp__classes(net);
    const int binary = net->loss.labels == MLP__LABELS_ZERO_ONE, any = !binary && net->loss.labels != MLP__LABELS_CLASS;
    const char *expected = binary ? "binary_cross_entropy takes 0 to 1" : "cross_entropy takes 0 and more";
    size_t i, j;
    if (any && !d->labels) return MLP_OK;
    for (i = begin; i < end; i++) {
        const size_t row = number ? number[i] : i;
        if (d->labels && (d->labels[i] < 0 || (size_t)d->labels[i] >= classes))
            return mlp__at(d->error, MLP__REFUSE(d->error, "labels: %i in row %z, expected 0 .. %z", d->labels[i], row,
                                                 classes - 1), row, 0);
        for (j = 0; !d->labels && j < net->outputs; j++) {
            const float y = mlp__y_row(net, d, i)[j];
            if (y >= 0 && (!binary || y <= 1)) continue;
            return mlp__at(d->error, MLP__REFUSE(d->error, "y: %g in row %z, column %z; %s", (double)y, row, j,
                                                 expected), row, j);
        }
    }
    return MLP_OK;
}

static mlp_result mlp__check_rows(const mlp *net, const mlp_data *d, const size_t *number, size_t begin, size_t end)
{
    mlp_result r = mlp__check_finite(net, "x", d->x, number, begin, end, net->inputs, mlp__x_stride(net, d), d->error);
    if (!r && d->y)
        r = mlp__check_finite(net, "y", d->y, number, begin, end, net->outputs, mlp__y_stride(net, d), d->error);
    return r ? r : mlp__check_targets(net, d, number, begin, end);
}

/* ---- checks of the rest ---- */

static int mlp__is_weight(float w) { return mlp__finite(w) && w >= 0; }

/* class_weights, and sample_weights of the rows begin .. end - 1 */
static mlp_result mlp__check_weights(const mlp *net, const mlp_data *d, size_t begin, size_t end)
{
    const size_t classes = d->class_weights ? mlp__classes(net) : 0;
    size_t i;
    for (i = 0; i < classes; i++)
        if (!mlp__is_weight(d->class_weights[i]))
            return MLP__REFUSE(d->error, "class_weights: %g for class %z; must be finite and not negative",
                               (double)d->class_weights[i], i);
    for (i = begin; i < end && d->sample_weights; i++)
        if (!mlp__is_weight(d->sample_weights[i]))
            return mlp__at(d->error, MLP__REFUSE(d->error,
                                                 "sample_weights: %g in row %z; must be finite and not negative",
                                                 (double)d->sample_weights[i], i), i, 0);
    return MLP_OK;
}

/* What can be wrong with data before a value is looked at */
static mlp_result mlp__check_arrays(const mlp *net, const mlp_data *d)
{
    if (d->rows == 0) return MLP__REFUSE(d->error, "rows: at least one is needed");
    if (d->read ? d->x || d->y || d->labels : !d->x || !d->y == !d->labels)
        return MLP__REFUSE(d->error, "x and one of y and labels are needed, or read without any of them");
    if (d->read ? d->x_stride || d->y_stride : d->read_labels)
        return MLP__REFUSE(d->error, "%s", d->read ? "x_stride, y_stride: not with read"
                                                   : "read_labels: only with read");
    if (mlp__x_stride(net, d) < net->inputs || mlp__y_stride(net, d) < net->outputs)
        return MLP__REFUSE(d->error, "x_stride or y_stride, %z and %z, is shorter than a row of %z and %z", d->x_stride,
                           d->y_stride, net->inputs, net->outputs);
    if (d->class_weights && !d->labels)
        return MLP__REFUSE(d->error, "class_weights: only with labels, not with read");
    if (mlp__has_labels(d)
        && (net->loss.labels == MLP__LABELS_NONE || (net->loss.labels != MLP__LABELS_CLASS && net->outputs != 1)))
        return MLP__REFUSE(d->error,
                           "labels: for cross_entropy, or one output with binary_cross_entropy, logistic, hinge");
    return MLP_OK;
}

/* All that can be wrong with data; what comes by mlp_data.read is looked at as it comes. */
static mlp_result mlp__check_data(const mlp *net, const mlp_data *d)
{
    double sum = 0;
    size_t i;
    mlp_result r = mlp__check_arrays(net, d);
    if (!r && !d->read) r = mlp__check_rows(net, d, NULL, 0, d->rows);
    if (!r) r = mlp__check_weights(net, d, 0, d->rows);
    if (r || !mlp__is_weighted(d)) return r;
    for (i = 0; i < d->rows; i++) sum += (double)mlp__weight_of(d, i);
    if (sum > 0 && mlp__finite_double(sum)) return MLP_OK;
    return MLP__REFUSE(d->error, "weights: their sum is %g and must be positive and finite", sum);
}

/* Rows of data in the order of an epoch: `rows` of them, all or those of a map. */
typedef struct {
    const mlp_data *data;
    size_t rows;
    const size_t *map;                      /* rows; NULL: all rows of data, as they are */
    mlp_order order;
    uint64_t seed;
    mlp__permutation permutation;
    size_t stand_in;                        /* a row of data with weight, taken where a row has none */
    int check;                              /* a callback may have changed values: looked at as they are used */
} mlp__source;

/* all rows as they are */
static mlp__source mlp__source_in_order(const mlp_data *data)
{
    mlp__source s;
    memset(&s, 0, sizeof s);
    s.data = data;
    s.rows = data->rows;
    s.order = MLP_ORDER_SEQUENTIAL;
    return s;
}

/* the same rows in an order drawn from the seed */
static mlp__source mlp__reordered(mlp__source s, mlp_order order, uint64_t seed, uint64_t stream)
{
    s.order = order;
    s.seed = seed;
    if (order == MLP_ORDER_SHUFFLED) s.permutation = mlp__permutation_of(s.rows, seed, stream);
    return s;
}

static size_t mlp__row_at(const mlp__source *s, size_t i)
{
    if (s->order == MLP_ORDER_SHUFFLED) i = (size_t)mlp__permute(&s->permutation, i);
    else if (s->order == MLP_ORDER_REPLACEMENT) i = (size_t)(mlp__random(s->seed, 0, i) % s->rows);
    return s->map ? s->map[i] : i;
}

/* Rows that a callback may have changed, before they are used. */
static mlp_result mlp__check_used(const mlp *net, const mlp__source *s, size_t first, size_t rows)
{
    const mlp_data *d = s->data;
    size_t i;
    mlp_result r = MLP_OK;
    for (i = 0; s->check && i < rows && !r; i++) {
        const size_t row = mlp__row_at(s, first + i);
        if (!d->read) r = mlp__check_rows(net, d, NULL, row, row + 1);
        if (!r) r = mlp__check_weights(net, d, row, row + 1);
    }
    return r;
}

/* The sum of the weights of these rows; the first that has weight becomes the stand-in. */
static double mlp__weight_of_rows(mlp__source *s, size_t first, size_t rows)
{
    double sum = 0;
    size_t i;
    if (!mlp__is_weighted(s->data)) return (double)rows;
    for (i = 0; i < rows; i++) {
        const size_t row = mlp__row_at(s, first + i);
        const float w = mlp__weight_of(s->data, row);
        if (w > 0 && !(sum > 0)) s->stand_in = row;
        sum += (double)w;
    }
    return sum;
}

/* share k + 1/2, a whole number of rows */
static size_t mlp__share_of(size_t k, float share) { return (size_t)(mlp__product_of((double)k, (double)share) + 0.5); }

/* Rows of a seeded split: first those to train on, how many is returned, then those to validate on, in an order
   drawn from the seed. With labels each class is split alike: of its rows in that order, the k-th is for validation
   where share k + 1/2 reaches another whole number. seen: as many as classes, all 0. */
static size_t mlp__split(const mlp *net, const mlp_data *d, float share, size_t *rows, size_t *seen)
{
    const mlp__permutation p = mlp__permutation_of(d->rows, net->desc.seed, MLP__STREAM_SPLIT);
    size_t i, kept = 0, held = 0;
    for (i = 0; i < d->rows; i++) {
        const size_t row = (size_t)mlp__permute(&p, i);
        size_t *k = &seen[d->labels ? d->labels[row] : 0];
        if (mlp__share_of(*k + 1, share) > mlp__share_of(*k, share)) rows[d->rows - ++held] = row;
        else rows[kept++] = row;
        ++*k;
    }
    return kept;
}

/* Scaling is (value - shift) * factor: the pairs (shift, factor) of the inputs, then those of the outputs. */
static const float *mlp__input_scale(const mlp *net, size_t column) { return net->scales + 2 * column; }
static const float *mlp__target_scale(const mlp *net, size_t j) { return mlp__input_scale(net, net->inputs + j); }

/* x, to: inputs, may be the same. Robust ones go through x / sqrt(1 + (x/3)^2), which stays within 3 and leaves 0, as
   most inputs of categories are, as it is. */
static void mlp__scale_inputs(const mlp *net, const float *x, float *to)
{
    const int robust = net->desc.input_scaling == MLP_SCALE_ROBUST;
    size_t j;
    for (j = 0; j < net->inputs; j++) {
        const float *s = mlp__input_scale(net, j), v = (x[j] - s[0]) * s[1], third = v / 3;
        if (!robust || v == 0) to[j] = v;
        else if (!mlp__finite(v) && mlp__finite(x[j])) to[j] = v < 0 ? -3.0f : 3.0f;    /* too far out for a float */
        else to[j] = (float)((double)v / mlp__sqrt_double(mlp__fma_double(third, third, 1)));
    }
}

/* back into the user's units */
static void mlp__unscale_outputs(const mlp *net, size_t rows, float *y)
{
    size_t i, j;
    for (i = 0; net->desc.target_scaling && i < rows; i++)
        for (j = 0; j < net->outputs; j++, y++) {
            const float *s = mlp__target_scale(net, j);
            *y = *y / s[1] + s[0];
        }
}

/* to: outputs; the targets of a row as the loss takes them: from its y, which may be `to`, or from its label, which
   becomes one-hot, 0 and 1, or -1 and 1 */
static void mlp__targets_of_row(const mlp *net, const mlp_data *d, size_t row, float *to)
{
    const int label = d->labels ? d->labels[row] : 0;
    const float smoothing = net->desc.label_smoothing;
    const double classes = net->loss.labels == MLP__LABELS_CLASS ? (double)net->outputs : 2;
    size_t j;
    if (d->y) memmove(to, mlp__y_row(net, d, row), net->outputs * sizeof(float));
    else if (net->loss.labels == MLP__LABELS_CLASS) {
        memset(to, 0, net->outputs * sizeof(float));
        to[label] = 1;
    } else to[0] = net->loss.labels == MLP__LABELS_SIGN && !label ? -1.0f : (float)label;
    for (j = 0; net->desc.target_scaling && j < net->outputs; j++) {
        const float *s = mlp__target_scale(net, j);
        to[j] = (to[j] - s[0]) * s[1];
    }
    for (j = 0; smoothing != 0 && j < net->outputs; j++)            /* (1 - s) y + s / K */
        to[j] = (float)mlp__fma_double(1 - smoothing, to[j], (double)smoothing / classes);
}

/* A block of rows on its way through the layers. */
typedef struct {
    const mlp *net;
    const mlp__source *source;              /* NULL: only x, to be predicted */
    const mlp__buffers *t;
    const mlp_data *given;                  /* where its rows are: data of the source, or in_buffers */
    mlp_data in_buffers;                    /* the same with t's arrays, which mlp_data.read fills */
    size_t first, rows;                     /* of the source */
    double divisor;                         /* a row's weight over this is its factor; 0: no gradients, only losses */
    const float *x;                         /* rows x inputs: of the buffers, or the user's */
    size_t x_stride;
    int masks;                              /* dropout is on */
    size_t place;                           /* of the first row in its batch; 0: its first block */
} mlp__block;

/* the row of data that stands at place i of the block */
static size_t mlp__block_row(const mlp__block *b, size_t i, float *weight)
{
    const mlp_data *d = b->source->data;
    const size_t row = mlp__row_at(b->source, b->first + i);
    *weight = mlp__is_weighted(d) ? mlp__weight_of(d, row) : 1.0f;
    return *weight > 0 ? row : b->source->stand_in;
}

/* Rows by mlp_data.read, which nobody has looked at. */
static mlp_result mlp__block_read(mlp__block *b)
{
    const mlp_data *d = b->given = &b->in_buffers;
    const mlp__buffers *t = b->t;
    size_t i;
    float weight;
    b->in_buffers = *b->source->data;
    b->in_buffers.x = t->x;
    if (d->read_labels) b->in_buffers.labels = t->labels;
    else b->in_buffers.y = t->y;
    for (i = 0; i < b->rows; i++) t->index[i] = mlp__block_row(b, i, &weight);
    if (d->read(d->user, t->index, b->rows, t->x, d->read_labels ? NULL : t->y, d->read_labels ? t->labels : NULL))
        return mlp__at(d->error, mlp__fail(d->error, MLP_ERR_IO, -1, "read failed for %z rows, the first is row %z",
                                           b->rows, t->index[0]), t->index[0], 0);
    return mlp__check_rows(b->net, d, t->index, 0, b->rows);
}

/* On the calling thread: the block is the rows first .. of the source; `place` rows of its batch came before. */
static mlp_result mlp__block_begin(mlp__block *b, size_t first, size_t rows, size_t place)
{
    const mlp *net = b->net;
    const mlp__source *s = b->source;
    /* rows lie in memory as they are used, and nothing is to be done to them */
    const int in_place = s->order == MLP_ORDER_SEQUENTIAL && !s->map && !s->data->read && !mlp__is_weighted(s->data)
                      && !net->desc.input_scaling;
    b->given = s->data;
    b->first = first;
    b->rows = rows;
    b->place = place;
    b->x = in_place ? mlp__x_row(net, b->given, first) : b->t->x;
    b->x_stride = in_place ? mlp__x_stride(net, b->given) : net->inputs;
    return b->given->read ? mlp__block_read(b) : MLP_OK;
}

/* Rows in another order than that of memory: asks for those of the next block, which come while this one is
   computed. Worth it only for data beyond the caches, and for a net whose step is short beside the way of a row from
   memory. The first lines of a long row are enough, the hardware asks for the rest. */
#ifndef MLP__MANY_FLOATS
#define MLP__MANY_FLOATS 3145728
#endif
enum { MLP__FETCHED = 128 };
static void mlp__fetch_next(const mlp__block *b, size_t begin, size_t end)
{
    const mlp_data *d = b->given;
    const size_t next = b->first + b->rows, last = mlp__smaller(next + end, b->source->rows);
    size_t i;
    if (d->read || d->rows < MLP__MANY_FLOATS / mlp__x_stride(b->net, d)) return;
    for (i = next + begin; i < last; i++) {
        const size_t row = mlp__row_at(b->source, i);
        mlp__fetch(mlp__smaller(b->net->inputs, MLP__FETCHED), mlp__x_row(b->net, d, row));
        if (d->labels) MLP__PREFETCH(d->labels + row);
    }
}

/* Gradients by labels alone, without a matrix of targets; a single row has nothing beside it */
static int mlp__by_label(const mlp__block *b)
{
    const mlp *net = b->net;
    return b->divisor > 0 && b->rows > 1 && b->given->labels && net->loss.labels == MLP__LABELS_CLASS
        && net->desc.label_smoothing == 0 && net->outputs <= MLP__PANEL;
}

/* Rows begin .. end - 1 of the block: inputs unless they are read in place, targets, weights. */
static void mlp__block_load(const mlp__block *b, size_t begin, size_t end)
{
    const mlp *net = b->net;
    const mlp_data *d = b->given;
    const mlp__buffers *t = b->t;
    const int copied = b->x == t->x, by_label = mlp__by_label(b);
    float weight = 1, factor = (float)(1 / b->divisor);             /* of the row before: most often the same */
    size_t i;
    for (i = begin; i < end; i++) {
        float w, *x = t->x + i * net->inputs;
        const size_t row = mlp__block_row(b, i, &w), at = d->read ? i : row;
        if (net->desc.input_scaling) mlp__scale_inputs(net, mlp__x_row(net, d, at), x);
        else if (copied && !d->read) memcpy(x, mlp__x_row(net, d, at), net->inputs * sizeof(float));
        if (d->labels) t->labels[i] = d->labels[at];
        if (!by_label) mlp__targets_of_row(net, d, at, t->y + i * net->outputs);
        if (b->divisor > 0 && mlp__bits(w) != mlp__bits(weight)) factor = (float)((double)w / b->divisor);
        t->weight[i] = weight = w;
        t->factor[i] = factor;
    }
    if (copied) mlp__fetch_next(b, begin, end);
}

/* ------------------------------------------------------------------------- >>layers -- */
/* Forward beside backward. Buffers are rows x units without gaps but for the user's x. */

/* z, a: n, may be the same; the caller's function sees arrays that do not overlap */
static void mlp__custom_forward(const mlp_layer *l, size_t n, const float *z, float *a)
{
    float copy[256];
    size_t done, count;
    if (z != a) l->custom.value(l->custom.user, n, z, a);
    for (done = 0; z == a && done < n; done += count) {
        count = mlp__smaller(n - done, sizeof copy / sizeof *copy);
        memcpy(copy, z + done, count * sizeof(float));
        l->custom.value(l->custom.user, count, copy, a + done);
    }
}

/* a = g(z); z, a: rows x units of the layer, may be the same */
static void mlp__activation_forward(const mlp *net, int layer, size_t rows, const float *z, float *a)
{
    const mlp_kernels *k = net->desc.kernels;
    const mlp_layer *l = &net->desc.layers[layer];
    const size_t units = net->shape[layer].out;
    if (l->activation == MLP_ACT_SOFTMAX) k->softmax(rows, units, z, a);
    else if (l->activation == MLP_ACT_CUSTOM) mlp__custom_forward(l, rows * units, z, a);
    else if (l->activation != MLP_ACT_IDENTITY || z != a)
        k->activate(l->activation, mlp__meant(l->alpha), rows * units, z, a);
}

/* dE/dz of the rows begin .. end - 1 from dE/da, in its place: dz = g'(z) da, for softmax through its Jacobian */
static void mlp__activation_backward(const mlp__block *b, int layer, size_t begin, size_t end)
{
    const mlp *net = b->net;
    const mlp_kernels *k = net->desc.kernels;
    const mlp_layer *l = &net->desc.layers[layer];
    const size_t out = net->shape[layer].out, at = begin * out, n = (end - begin) * out;
    const float *z = b->t->z[layer] + at, *a = b->t->a[layer] + at;
    float *dz = b->t->dz[layer] + at;
    if (l->activation == MLP_ACT_SOFTMAX) k->softmax_backward(end - begin, out, a, dz, dz);
    else if (l->activation == MLP_ACT_CUSTOM) {
        float *slope = b->t->slope + begin * net->widest;
        l->custom.slope(l->custom.user, n, z, a, slope);
        k->hadamard(n, dz, slope, dz);
    } else if (l->activation != MLP_ACT_IDENTITY)
        k->activate_backward(l->activation, mlp__meant(l->alpha), n, z, a, dz, dz);
}

/* Inverted dropout (Srivastava et al. 2014): mask is 0 with probability p, else 1/(1-p). A unit's is a function of
   the seed, the update, the layer, the row's place in the batch and the unit: the same for any cut into blocks and
   parts. mask, a, out: rows x out; out = a mask, and backward da = dout mask. */
static void mlp__dropout(const mlp *net, int layer, size_t place, size_t rows, float *mask, const float *a, float *out)
{
    const float p = net->desc.layers[layer].dropout, kept = 1 / (1 - p);
    const uint64_t threshold = (uint64_t)((double)p * 4294967296.0), stream = MLP__STREAM_MASKS + (uint64_t)layer;
    const uint64_t update = mlp__random(net->desc.seed, stream, net->course.step);
    const size_t units = net->shape[layer].out;
    size_t i, j;
    for (i = 0; i < rows; i++) {
        const uint64_t row = mlp__random(update, 0, place + i);
        float *m = mask + i * units;
        for (j = 0; j < units; j++) {
            const uint64_t two = mlp__mix(row + (j / 2 + 1) * MLP__GOLDEN);
            m[j] = (j % 2 ? two >> 32 : two & 0xffffffffu) < threshold ? 0 : kept;
        }
    }
    net->desc.kernels->hadamard(rows * units, a, mask, out);
}

/* dE/dx = dz W^T, the layer below's dE/da */
static void mlp__layer_backward_input(const mlp *net, int layer, size_t rows, const float *dz, float *dx,
                                      float *scratch)
{
    const mlp__shape *s = &net->shape[layer];
    net->desc.kernels->backward_input(rows, s->in, s->out, dz, s->out, net->params + s->w, dx, s->in, scratch);
}

/* Of the rows begin .. end - 1: the one way up through the layers, for fit, evaluate and predict. The last activation
   belongs to the loss, if there is one. */
static void mlp__block_forward(const mlp__block *b, size_t begin, size_t end)
{
    const mlp *net = b->net;
    const mlp__buffers *t = b->t;
    const size_t rows = end - begin;
    const float *x = b->x + begin * b->x_stride;
    size_t stride = b->x_stride;
    int l;
    for (l = 0; l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        const size_t at = begin * s->out;
        const float *w = net->params + s->w, *bias = s->b < s->end ? net->params + s->b : NULL;
        float *z = t->z[l] + at, *a = t->a[l] + at;
        net->desc.kernels->forward(rows, s->in, s->out, x, stride, w, bias, z, s->out);
        if (l < net->layers - 1 || !b->source) mlp__activation_forward(net, l, rows, z, a);
        if (b->masks && net->desc.layers[l].dropout != 0)
            mlp__dropout(net, l, b->place + begin, rows, t->mask[l] + at, a, t->out[l] + at);
        x = (b->masks ? t->out[l] : t->a[l]) + at;
        stride = s->out;
    }
}

/* what layer l has read */
static const float *mlp__input_of(const mlp__block *b, int l)
{
    return l == 0 ? b->x : b->masks ? b->t->out[l - 1] : b->t->a[l - 1];
}

/* Backpropagation: the other layers' dE/dz, downwards from the last one's, which the loss has made. */
static void mlp__block_backward(const mlp__block *b, size_t begin, size_t end, float *scratch)
{
    const mlp *net = b->net;
    const mlp__buffers *t = b->t;
    int l;
    for (l = net->layers - 1; l > 0; l--) {
        const size_t rows = end - begin, at = begin * net->shape[l].in;
        float *dz = t->dz[l - 1] + at;
        mlp__layer_backward_input(net, l, rows, t->dz[l] + begin * net->shape[l].out, dz, scratch);
        if (b->masks && net->desc.layers[l - 1].dropout != 0)
            net->desc.kernels->hadamard(rows * net->shape[l].in, dz, t->mask[l - 1] + at, dz);
        mlp__activation_backward(b, l - 1, begin, end);
    }
}

static float *mlp__scratch_of(const mlp__buffers *t, size_t part)
{
    return part == 0 ? t->scratch : t->more_scratch + (part - 1) * t->scratch_size;
}

/* Gradients: every layer's dE/dW = x^T dz and dE/db = the column sums of dz, added to those of the blocks before. They
   are sums over rows: panels of units are cut into parts. */
static void mlp__block_gradients(const void *work, size_t part, size_t parts)
{
    const mlp__block *b = (const mlp__block *)work;
    const mlp *net = b->net;
    const mlp_kernels *k = net->desc.kernels;
    const int accumulate = b->place > 0;
    float *g = net->training.gradients;
    int l;
    for (l = 0; l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        const size_t begin = mlp__cut(s->out, MLP__PANEL, part, parts);
        const size_t units = mlp__cut(s->out, MLP__PANEL, part + 1, parts) - begin;
        const float *dz = b->t->dz[l] + begin;
        if (units == 0) continue;
        k->backward_weights(b->rows, s->in, units, mlp__input_of(b, l), l ? s->in : b->x_stride, dz, s->out,
                            g + s->w + begin * s->in, accumulate, mlp__scratch_of(b->t, part));
        if (!net->desc.layers[l].no_bias) k->column_sums(b->rows, units, dz, s->out, g + s->b + begin, accumulate);
    }
}

/* ---- predicting ---- */

/* floats of scratch for a row; 1 where none is needed */
static size_t mlp__predict_floats(const mlp *net)
{
    const size_t floats = net->ping + net->pong + (net->desc.input_scaling ? net->inputs : 0);
    return floats ? floats : 1;
}

MLP_API size_t mlp_scratch_size(const mlp *net, size_t rows)
{
    if (!net) return 0;
    if (rows == 0 || rows > MLP__BLOCK_ROWS) rows = MLP__BLOCK_ROWS;
    return rows * mlp__predict_floats(net) * sizeof(float);
}

/* scratch: for `block` rows */
static void mlp__predict_blocks(const mlp *net, float *scratch, size_t block, const float *x, size_t rows, float *y)
{
    mlp__buffers t;
    mlp__block b;
    int l;
    for (l = 0; l < net->layers - 1; l++) t.a[l] = t.z[l] = scratch + (l % 2 ? block * net->ping : 0);
    t.x = scratch + block * (net->ping + net->pong);
    b.net = net;
    b.source = NULL;
    b.t = &t;
    b.masks = 0;
    b.x_stride = net->inputs;
    for (; rows > 0; rows -= b.rows) {
        size_t i;
        b.rows = mlp__smaller(rows, block);
        b.x = net->desc.input_scaling ? t.x : x;
        for (i = 0; net->desc.input_scaling && i < b.rows; i++)
            mlp__scale_inputs(net, x + i * net->inputs, t.x + i * net->inputs);
        t.a[l] = t.z[l] = y;
        mlp__block_forward(&b, 0, b.rows);
        mlp__unscale_outputs(net, b.rows, y);
        x += b.rows * net->inputs;
        y += b.rows * net->outputs;
    }
}

MLP_API mlp_result mlp_predict_with(const mlp *net, void *scratch, size_t size, const float *x, size_t rows, float *y)
{
    size_t block;
    if (!net || (rows && (!scratch || !x || !y)) || (rows && size < mlp_scratch_size(net, 1))) return MLP_ERR_ARGUMENT;
    block = size / sizeof(float) / mlp__predict_floats(net);
    if (rows) mlp__predict_blocks(net, (float *)scratch, mlp__smaller(block, MLP__BLOCK_ROWS), x, rows, y);
    return MLP_OK;
}

enum { MLP__STACK_FLOATS = 1024 };          /* 4 KiB; the kernels below take up to 7.5 */

/* Room for blocks of rows that take `each` floats: stack if that is enough for all or for 16 rows, else memory.
   *block: how many rows; NULL: out of memory. */
static float *mlp__room(const mlp *net, size_t each, size_t rows, float *stack, size_t *block)
{
    *block = mlp__smaller(rows, MLP__STACK_FLOATS / each);
    if (*block == rows || *block >= 16) return stack;
    *block = mlp__smaller(rows, MLP__BLOCK_ROWS);
    return (float *)mlp__alloc(&net->desc.allocator, *block * each * sizeof(float));
}

MLP_API mlp_result mlp_predict(const mlp *net, const float *x, size_t rows, float *y)
{
    float stack[MLP__STACK_FLOATS], *room;
    size_t block;
    if (!net || (rows && (!x || !y))) return MLP_ERR_ARGUMENT;
    room = mlp__room(net, mlp__predict_floats(net), rows, stack, &block);
    if (!room) return MLP_ERR_MEMORY;
    mlp__predict_blocks(net, room, block, x, rows, y);
    if (room != stack) mlp__free(&net->desc.allocator, room);
    return MLP_OK;
}

/* --------------------------------------------------------------------------- >>loss -- */

/* A row's loss is divided by this. Losses per row have no mean over outputs. */
static double mlp__loss_divisor(const mlp *net)
{
    const int per_row = net->desc.loss == MLP_LOSS_CROSS_ENTROPY || net->desc.loss == MLP_LOSS_CUSTOM;
    return per_row || net->desc.reduction == MLP_REDUCE_SUM ? 1.0 : (double)net->outputs;
}

/* Of the rows begin .. end - 1: the last layer's activation, its losses and, with a divisor, its dE/dz. A pair that
   belongs together (softmax and cross_entropy, sigmoid and binary_cross_entropy) is one: dz = (a - y) factor; the rest
   is dz = g'(z) dL/da factor. A row's loss is rounded to float so that its product with a weight is exact in double. */
static void mlp__block_loss(const mlp__block *b, size_t begin, size_t end)
{
    const mlp *net = b->net;
    const mlp__buffers *t = b->t;
    const mlp_kernels *k = net->desc.kernels;
    const mlp_custom_loss *custom = &net->desc.custom_loss;
    const mlp_loss kind = net->desc.loss;
    const float delta = net->desc.loss_delta, *factors = b->divisor > 0 ? t->factor + begin : NULL;
    const int last = net->layers - 1;
    const size_t cols = net->outputs, rows = end - begin, n = rows * cols, at = begin * cols;
    const float *z = t->z[last] + at, *y = t->y + at;
    float *a = t->a[last] + at, *losses = t->losses + at, *dz = factors ? t->dz[last] + at : NULL;
    size_t i, j;
    if (mlp__by_label(b)) {
        k->class_entropy(rows, cols, z, t->labels + begin, factors, t->loss + begin, dz);
        return;
    }
    if (kind == MLP_LOSS_CROSS_ENTROPY) k->cross_entropy(rows, cols, z, a, y, factors, losses, dz, 1);
    else mlp__activation_forward(net, last, rows, z, a);
    for (i = 0; i < n && kind == MLP_LOSS_CUSTOM; i += cols) {
        t->loss[begin + i / cols] = custom->value(custom->user, cols, a + i, y + i);
        if (factors) custom->slope(custom->user, cols, a + i, y + i, dz + i);
    }
    if (kind != MLP_LOSS_CUSTOM && kind != MLP_LOSS_CROSS_ENTROPY) {
        k->loss(kind, delta, n, z, a, y, losses);
        if (factors) k->loss_backward(kind, delta, n, a, y, dz);
    }
    for (i = 0; i < rows && kind != MLP_LOSS_CUSTOM; i++) {
        double sum = 0;
        for (j = 0; j < cols; j++) sum += (double)*losses++;
        t->loss[begin + i] = (float)(sum / mlp__loss_divisor(net));
    }
    if (!factors || kind == MLP_LOSS_CROSS_ENTROPY) return;
    if (net->loss.activation == MLP_ACT_DEFAULT) mlp__activation_backward(b, last, begin, end);
    k->scale_rows(rows, cols, factors, dz);
}

/* -------------------------------------------------------------------------- >>optim -- */

/* Further columns as those of MLP__UPDATES. These two see the whole objective, not a gradient at a time. */
enum { MLP__TAKES_HISTORY = 64, MLP__TAKES_OBJECTIVE = 128 };
#define MLP__OPTIMIZERS(X) MLP__UPDATES(X) \
    X(LBFGS, lbfgs, 0, 1.0f,   0, 0, 0, MLP__TAKES_OBJECTIVE | MLP__TAKES_HISTORY) \
    X(LM,    lm,    1, 0.001f, 0, 0, 0, MLP__TAKES_OBJECTIVE)

typedef char mlp__every_optimizer_has_a_row[MLP_OPT_LM == 0 MLP__OPTIMIZERS(MLP__ONE) ? 1 : -1];

typedef struct { int known, arrays, takes; const char *name; float rate, beta1, beta2, epsilon; } mlp__opt_facts;

#define MLP__ROW(NAME, name, arrays, rate, b1, b2, eps, takes) { 1, arrays, takes, #name, rate, b1, b2, eps },
static const mlp__opt_facts mlp__optimizers[] = { { 0, 0, 0, "", 0, 0, 0, 0 }, MLP__OPTIMIZERS(MLP__ROW) };
#undef MLP__ROW

/* What an optimizer keeps: this, then `arrays` arrays of n floats. All zero is the state before the first step. It
   is copied in and out, so that the caller's memory needs no alignment but that of float. */
typedef struct { double beta1_power, beta2_power, damping; uint64_t steps; int kind, arrays; } mlp__opt_state;

enum { MLP__MOST_PAIRS = 1000 };            /* mlp_opt_desc.history */

static mlp_result mlp__resolve_opt_settings(mlp_opt_desc *opt, mlp__opt_facts kind)
{
    const mlp__range *any = &mlp__not_negative, *part = &mlp__below_one;
    const float decay = kind.takes & MLP__TAKES_DECOUPLED ? 0.01f : 0;
    const int betas = kind.takes & MLP__TAKES_BETAS, steps = kind.takes & MLP__TAKES_STEPS;
    const int clips = !(kind.takes & MLP__TAKES_OBJECTIVE), lm = opt->kind == MLP_OPT_LM;
    const mlp__setting settings[] = {
        { "opt: rate",         &opt->rate,         kind.name, 1,                                kind.rate,    any  },
        { "opt: momentum",     &opt->momentum,     kind.name, kind.takes & MLP__TAKES_MOMENTUM, 0,            part },
        { "opt: beta1",        &opt->beta1,        kind.name, betas,                            kind.beta1,   part },
        { "opt: beta2",        &opt->beta2,        kind.name, betas,                            kind.beta2,   part },
        { "opt: epsilon",      &opt->epsilon,      kind.name, kind.takes & MLP__TAKES_EPSILON,  kind.epsilon, any  },
        { "opt: rho",          &opt->rho,          kind.name, kind.takes & MLP__TAKES_RHO,      0.99f,        part },
        { "opt: eta_minus",    &opt->eta_minus,    kind.name, steps,                            0.5f,         part },
        { "opt: eta_plus",     &opt->eta_plus,     kind.name, steps,                            1.2f,         any  },
        { "opt: step_min",     &opt->step_min,     kind.name, steps,                            1e-6f,        any  },
        { "opt: step_max",     &opt->step_max,     kind.name, steps,                            50,           any  },
        { "opt: weight_decay", &opt->weight_decay, kind.name, 1,                                decay,        any  },
        { "opt: l1",           &opt->l1,           kind.name, !lm,                              0,            any  },
        { "opt: clip_norm",    &opt->clip_norm,    kind.name, clips,                            0,            any  },
        { "opt: clip_value",   &opt->clip_value,   kind.name, clips,                            0,            any  },
        { "opt: max_norm",     &opt->max_norm,     kind.name, clips,                            0,            any  } };
    const mlp_result r = mlp__resolve_settings(opt->error, -1, settings, MLP__COUNT(settings));
    size_t i;
    for (i = 0; i < MLP__COUNT(settings) && !r; i++) *settings[i].value = mlp__meant(*settings[i].value);
    return r;
}

/* Replaces defaults, and a wanted zero by 0. */
static mlp_result mlp__resolve_opt(mlp_opt_desc *opt)
{
    mlp__opt_facts kind;
    mlp_result r;
    if (opt->kind == MLP_OPT_DEFAULT) opt->kind = MLP_OPT_ADAM;
    kind = MLP__FACTS(mlp__optimizers, opt->kind);
    if (!kind.known)
        return mlp__fail(opt->error, MLP_ERR_UNSUPPORTED, -1, "opt: kind %i is unknown", (int)opt->kind);
    r = mlp__resolve_opt_settings(opt, kind);
    if (r) return r;
    if (opt->nesterov && opt->momentum == 0)
        return MLP__REFUSE(opt->error, "opt: nesterov needs a momentum, which is 0");
    if (opt->decay_biases && opt->weight_decay == 0 && opt->l1 == 0)
        return MLP__REFUSE(opt->error, "opt: decay_biases needs weight_decay or l1, which are 0");
    if (opt->history && !(kind.takes & MLP__TAKES_HISTORY))
        return MLP__REFUSE(opt->error, "opt: history is %i, but %s takes none", opt->history, kind.name);
    if (opt->history < 0 || opt->history > MLP__MOST_PAIRS)
        return MLP__REFUSE(opt->error, "opt: history is %i and must be in 1 .. %i", opt->history, MLP__MOST_PAIRS);
    if (opt->history == 0 && kind.takes & MLP__TAKES_HISTORY) opt->history = 10;
    if (kind.takes & MLP__TAKES_STEPS && !(opt->eta_plus >= 1 && opt->step_min <= opt->step_max))
        return MLP__REFUSE(opt->error, "opt: eta_plus, %g, must be at least 1, and step_min, %g, at most step_max, %g",
                           (double)opt->eta_plus, (double)opt->step_min, (double)opt->step_max);
    return MLP_OK;
}

/* floats of state per weight */
static int mlp__arrays(const mlp_opt_desc *opt)
{
    if (opt->kind == MLP_OPT_LBFGS) return 2 * opt->history + 1;            /* pairs, direction */
    return opt->kind == MLP_OPT_SGD && opt->momentum == 0 ? 0 : MLP__FACTS(mlp__optimizers, opt->kind).arrays;
}

/* one that takes a gradient at a time */
static mlp_result mlp__resolve_stepwise(mlp_opt_desc *opt)
{
    const mlp_result r = mlp__resolve_opt(opt);
    if (r || !(MLP__FACTS(mlp__optimizers, opt->kind).takes & MLP__TAKES_OBJECTIVE)) return r;
    return mlp__fail(opt->error, MLP_ERR_UNSUPPORTED, -1,
                     "opt: %s needs the whole objective: mlp_fit with MLP_FULL_BATCH",
                     MLP__FACTS(mlp__optimizers, opt->kind).name);
}

/* SIZE_MAX: too big */
static size_t mlp__opt_size(int arrays, size_t n)
{
    if (n > (SIZE_MAX - sizeof(mlp__opt_state)) / sizeof(float) / (arrays > 4 ? (size_t)arrays : 4)) return SIZE_MAX;
    return sizeof(mlp__opt_state) + (size_t)arrays * n * sizeof(float);
}

static float *mlp__arrays_of(void *state) { return (float *)(void *)((unsigned char *)state + sizeof(mlp__opt_state)); }

static mlp_opt_desc mlp__opt_desc_or_default(const mlp_opt_desc *desc)
{
    mlp_opt_desc opt;
    memset(&opt, 0, sizeof opt);
    if (desc) opt = *desc;
    return opt;
}

MLP_API size_t mlp_opt_state_size(const mlp_opt_desc *desc, size_t n)
{
    mlp_opt_desc opt = mlp__opt_desc_or_default(desc);
    return mlp__trains(NULL) || mlp__resolve_stepwise(&opt) ? 0 : mlp__size_or_0(mlp__opt_size(mlp__arrays(&opt), n));
}

enum { MLP__MOST_THREADS = 256 };

/* An update of n values, cut into parts. */
typedef struct {
    const mlp_kernels *k;
    const mlp *net;                         /* NULL: values are a plain vector, without layers and biases */
    size_t n;
    float *v, *state;                       /* values and arrays of state */
    const float *g;
    mlp_update u;                           /* but for what a layer or a bias has of its own */
    double divisor;                         /* of the rate, for adam */
    unsigned char *bad;                     /* parts: values became NaN or infinite */
} mlp__opt_work;

/* the values of [from, to) in [begin, end), whose rate is multiplied by `rate`, with or without penalties */
static int mlp__opt_run(const mlp__opt_work *w, size_t from, size_t to, size_t begin, size_t end, float rate,
                        int penalties)
{
    const size_t at = from > begin ? from : begin, stop = mlp__smaller(to, end);
    const int arrays = mlp__arrays(&w->u.opt);
    const int decoupled = MLP__FACTS(mlp__optimizers, w->u.opt.kind).takes & MLP__TAKES_DECOUPLED;
    float *s1 = arrays > 0 ? w->state + at : NULL, *s2 = arrays > 1 ? w->state + w->n + at : NULL;
    mlp_update u = w->u;
    if (at >= stop || rate == 0) return 0;
    u.opt.rate *= rate;
    if (penalties && decoupled) u.shrink = (float)(1 - mlp__product_of((double)u.opt.rate, (double)u.opt.weight_decay));
    if (!penalties || decoupled) u.opt.weight_decay = 0;
    if (!penalties) u.opt.l1 = 0;
    if (w->divisor != 1) u.opt.rate = (float)((double)u.opt.rate / w->divisor);
    return w->k->update(u.opt.kind, &u, stop - at, w->v + at, w->g + at, s1, s2);
}

static void mlp__opt_part(const void *work, size_t part, size_t parts)
{
    const mlp__opt_work *w = (const mlp__opt_work *)work;
    const mlp *net = w->net;
    const size_t begin = mlp__cut(w->n, MLP__PANEL, part, parts), end = mlp__cut(w->n, MLP__PANEL, part + 1, parts);
    const int penalties = w->u.opt.weight_decay > 0 || w->u.opt.l1 > 0;
    int l, alike = !net || !penalties || w->u.opt.decay_biases, bad = 0;
    for (l = 0; net && l < net->layers; l++) alike &= net->desc.layers[l].rate == 1;
    if (alike) bad = mlp__opt_run(w, 0, w->n, begin, end, 1, penalties);
    for (l = 0; !alike && l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        const float rate = mlp__meant(net->desc.layers[l].rate);
        bad |= mlp__opt_run(w, s->w, s->b, begin, end, rate, penalties);
        bad |= mlp__opt_run(w, s->b, s->end, begin, end, rate, penalties && w->u.opt.decay_biases);
    }
    w->bad[part] = bad != 0;
}

/* The state before one more step of an optimizer: all zero at its first. */
static mlp__opt_state mlp__opt_begin(const mlp_opt_desc *opt, void *state, size_t n)
{
    const int arrays = mlp__arrays(opt);
    mlp__opt_state s;
    memcpy(&s, state, sizeof s);
    if (s.steps == 0 || s.kind != (int)opt->kind || s.arrays != arrays) {
        memset(state, 0, mlp__opt_size(arrays, n));
        s.kind = (int)opt->kind;
        s.arrays = arrays;
        s.steps = 0;
        s.beta1_power = s.beta2_power = 1;
        s.damping = opt->kind == MLP_OPT_LM ? (double)opt->rate : 0;
    }
    s.steps++;
    s.beta1_power = mlp__product_of(s.beta1_power, (double)opt->beta1);
    s.beta2_power = mlp__product_of(s.beta2_power, (double)opt->beta2);
    memcpy(state, &s, sizeof s);
    return s;
}

/* the layer to which the parameter or gradient at this index belongs; -1 without a net */
static int mlp__layer_of(const mlp *net, size_t at)
{
    int l = net ? 0 : -1;
    while (net && l < net->layers - 1 && at >= net->shape[l + 1].w) l++;
    return l;
}

/* One update; opt is resolved, v and g: n, of net or, with net NULL, a plain vector. */
static mlp_result mlp__opt_apply(const mlp_kernels *k, const mlp *net, const mlp_opt_desc *opt, void *state, size_t n,
                                 float *v, const float *g, int threads, mlp_error *error)
{
    const int takes = MLP__FACTS(mlp__optimizers, opt->kind).takes;
    /* gradients whose square overflows, or product with the rate, are refused as those are that are not finite */
    const float squared = takes & MLP__TAKES_EPSILON ? 1.8446744e19f : 0;   /* 2^64 */
    const float rate = opt->rate > 1 ? opt->rate : 0;
    const size_t at = k->first_nonfinite(n, squared > rate ? squared : rate, g);
    unsigned char bad[MLP__MOST_THREADS];
    mlp__opt_state s;
    mlp__opt_work w;
    int i, any = 0;
    if (at < n)
        return mlp__at(error, mlp__fail(error, MLP_ERR_NONFINITE, mlp__layer_of(net, at), "the gradient is %g at %z: "
                                        "not finite, or its update would not be", (double)g[at], at), 0, net ? 0 : at);
    s = mlp__opt_begin(opt, state, n);
    for (i = 0; i < threads; i++) bad[i] = 0;
    w.k = k;
    w.net = net;
    w.n = n;
    w.v = v;
    w.g = g;
    w.state = mlp__arrays_of(state);
    w.u.opt = *opt;
    w.u.scale = opt->beta2 > 0 ? (float)(1 / mlp__sqrt_double(1 - s.beta2_power)) : 1;
    w.u.shrink = 1;
    w.u.first = s.steps == 1;
    w.divisor = takes & MLP__TAKES_BETAS ? 1 - s.beta1_power : 1;
    w.bad = bad;
    mlp__in_parts(threads, mlp__opt_part, &w);
    for (i = 0; i < threads; i++) any |= bad[i];
    if (!any) return MLP_OK;
    return mlp__fail(error, MLP_ERR_NONFINITE, mlp__layer_of(net, k->first_nonfinite(n, 0, v)),
                     "the update has made values that are not finite");
}

/* By value, then by the norm of all, as PyTorch's clip_grad_norm_ does. */
static void mlp__clip(const mlp_kernels *k, const mlp_opt_desc *opt, size_t n, float *g)
{
    const float most = opt->clip_value;
    double norm;
    size_t i;
    for (i = 0; most > 0 && i < n; i++) g[i] = g[i] < -most ? -most : g[i] > most ? most : g[i];
    if (!(opt->clip_norm > 0)) return;
    norm = mlp__sqrt_double(k->inner(n, g, g)) + 1e-6;
    if (norm > (double)opt->clip_norm) {
        const float factor = (float)((double)opt->clip_norm / norm);
        k->scale_rows(1, n, &factor, g);
    }
}

/* Where they learn, weights that lead into a unit and whose norm is above `most` are scaled to it (Srivastava et al.
   2014). */
static void mlp__limit_norms(mlp *net, float most)
{
    int l;
    for (l = 0; most > 0 && l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        size_t o, i;
        for (o = 0; net->desc.layers[l].rate > 0 && o < s->out; o++) {
            const size_t step = mlp__smaller(s->out - o / MLP__PANEL * MLP__PANEL, MLP__PANEL);
            float *w = net->params + mlp__weight_at(s, o, 0);
            const double norm = mlp__sqrt_double(mlp__dot(s->in, w, w, step));
            if (!(norm > (double)most)) continue;
            for (i = 0; i < s->in; i++, w += step) *w = (float)((double)*w / norm * (double)most);
        }
    }
}

/* What an optimizer of a plain vector of n values cannot have. */
static mlp_result mlp__check_vector(const mlp_opt_desc *opt, size_t n)
{
    const mlp_result r = mlp__trains(opt->error);
    if (r) return r;
    if (opt->clip_value > 0 || opt->clip_norm > 0 || opt->max_norm > 0)
        return MLP__REFUSE(opt->error, "opt: clip_value, clip_norm and max_norm are for nets");
    if (mlp__opt_size(mlp__arrays(opt) + 1, n) < SIZE_MAX) return MLP_OK;
    return mlp__fail(opt->error, MLP_ERR_TOO_BIG, -1, "n: %z is too big", n);
}

MLP_API mlp_result mlp_opt_update(const mlp_opt_desc *desc, void *state, size_t n, float *v, const float *g)
{
    mlp_opt_desc opt = mlp__opt_desc_or_default(desc);
    mlp_result r;
    if (!state || (n && (!v || !g))) return MLP__REFUSE(opt.error, "state, v or g is NULL");
    r = mlp__resolve_stepwise(&opt);
    if (!r) r = mlp__check_vector(&opt, n);
    if (!r) r = mlp__opt_apply(mlp_kernels_for(NULL), NULL, &opt, state, n, v, g, 1, opt.error);
    return r ? r : mlp__ok(opt.error);
}

/* ---- objectives: functions that are seen as a whole ---- */

typedef struct {
    const mlp_kernels *k;
    size_t n;
    float *v, *g;
    double value;
    int known;                              /* value and g are those at v */
    mlp_result (*evaluate)(void *work, double *value);      /* and g; MLP_ERR_NONFINITE: v is too far out */
    void *work;
} mlp__objective;

static mlp_result mlp__look(mlp__objective *o)
{
    const mlp_result r = o->known ? MLP_OK : o->evaluate(o->work, &o->value);
    o->known = !r;
    return r;
}

/* The penalties of n values, which are added to their gradient: weight_decay |v|^2 / 2 + l1 |v|. */
static double mlp__penalize(const mlp_kernels *k, const mlp_opt_desc *opt, size_t n, const float *v, float *g)
{
    double sum = 0;
    size_t i;
    if (opt->weight_decay > 0) k->axpy(n, opt->weight_decay, v, g);
    for (i = 0; opt->l1 > 0 && i < n; i++) {
        g[i] += v[i] > 0 ? opt->l1 : v[i] < 0 ? -opt->l1 : 0;
        sum += (double)(v[i] < 0 ? -v[i] : v[i]);
    }
    return mlp__product_of((double)opt->l1, sum)
         + (opt->weight_decay > 0 ? mlp__product_of((double)opt->weight_decay / 2, k->inner(n, v, v)) : 0);
}

/* A point of the line v = from + at d: the value and its slope along the line. */
typedef struct { double at, value, slope; } mlp__point;

/* Goes to a point of a line. One that is too far out has an infinite value. */
static mlp_result mlp__go_to(mlp__objective *o, const float *from, const float *d, mlp__point *p)
{
    mlp_result r;
    memcpy(o->v, from, o->n * sizeof(float));
    o->k->axpy(o->n, (float)p->at, d, o->v);
    o->known = 0;
    r = o->k->first_nonfinite(o->n, 0, o->v) < o->n ? MLP_ERR_NONFINITE : mlp__look(o);
    p->value = r ? (double)mlp__infinity() : o->value;
    p->slope = r ? 0 : o->k->inner(o->n, o->g, d);
    return r == MLP_ERR_NONFINITE ? MLP_OK : r;
}

/* Where the cubic through two points of a line is least, in [0.1, 0.9] of the way from a to b (Nocedal, Wright 2006,
   3.59) */
static double mlp__least_between(const mlp__point *a, const mlp__point *b)
{
    const double way = b->at - a->at, down = mlp__product_of(a->slope, way), up = mlp__product_of(b->slope, way);
    const double middle = down + up - mlp__product_of(3, b->value - a->value);
    const double square = mlp__product_of(middle, middle) - mlp__product_of(down, up);
    const double root = square > 0 ? mlp__sqrt_double(square) : 0;
    const double part = 1 - (up + root - middle) / (up - down + root + root);
    return !mlp__finite_double(part) || part < 0.1 ? 0.1 : part < 0.9 ? part : 0.9;
}

/* Line search for the strong Wolfe conditions with 1e-4 and 0.9 (Nocedal, Wright 2006, algorithms 3.5 and 3.6 as one
   loop): lo is the lowest point so far, between lo and hi is one that meets them; as long as hi is infinite, steps
   double. Ends at such a point, after many trials at the lowest, or, when there is none below the first, nowhere:
   *found is 0. */
enum { MLP__TRIALS = 20 };
static mlp_result mlp__line_search(mlp__objective *o, const float *from, const float *d, mlp__point first, double step,
                                   int *found)
{
    mlp__point lo = first, hi = first, p;
    mlp_result r = MLP_OK;
    int i;
    hi.at = (double)mlp__infinity();
    *found = 0;
    for (i = 0; i < MLP__TRIALS && !*found; i++) {
        if (mlp__finite_double(hi.at)) p.at = lo.at + mlp__product_of(hi.at - lo.at, mlp__least_between(&lo, &hi));
        else p.at = i ? lo.at + lo.at : step;
        r = mlp__go_to(o, from, d, &p);
        if (r || memcmp(o->v, from, o->n * sizeof(float)) == 0) break;
        if (p.value >= lo.value || p.value > first.value + mlp__product_of(mlp__product_of(1e-4, p.at), first.slope)) {
            hi = p;
            continue;
        }
        *found = (p.slope < 0 ? -p.slope : p.slope) <= mlp__product_of(-0.9, first.slope);
        if ((p.slope > 0) == (hi.at > lo.at)) hi = lo;
        lo = p;
    }
    if (r || *found || lo.at == 0) return r;
    *found = 1;
    return mlp__go_to(o, from, d, &lo);
}

/* d = -H g by the `count` last of `history` pairs of differences (Nocedal, Wright 2006, algorithm 7.4), of which the
   one at step t is at place t % history, or -g, at most of length 1, without any. Pairs without curvature, like
   zeros, are none. Whether there was one. */
static int mlp__lbfgs_direction(const mlp__objective *o, const float *pairs, uint64_t history, uint64_t step, float *d)
{
    const size_t n = o->n, count = step < history ? (size_t)step : (size_t)history;
    const double norm = mlp__sqrt_double(o->k->inner(n, o->g, o->g));
    float scale = (float)(norm > 1 ? -1 / norm : -1);
    double along[MLP__MOST_PAIRS], curved;
    int any = 0;
    size_t i;
    memcpy(d, o->g, n * sizeof(float));
    for (i = 0; i < count; i++) {                                   /* the newest first */
        const float *s = pairs + (size_t)((step - 1 - i) % history) * 2 * n, *y = s + n;
        curved = o->k->inner(n, s, y);
        if (!(curved > 0)) continue;
        along[i] = o->k->inner(n, s, d) / curved;
        o->k->axpy(n, (float)-along[i], y, d);
        if (!any) scale = (float)(-curved / o->k->inner(n, y, y));
        any = 1;
    }
    o->k->scale_rows(1, n, &scale, d);
    while (i-- > 0) {
        const float *s = pairs + (size_t)((step - 1 - i) % history) * 2 * n, *y = s + n;
        curved = o->k->inner(n, s, y);
        if (curved > 0) o->k->axpy(n, (float)-(along[i] + o->k->inner(n, y, d) / curved), s, d);
    }
    return any;
}

/* One iteration. The place of the new pair has v and g of before until then. *stuck: not even the way along -g leads
   lower. */
static mlp_result mlp__lbfgs_step(mlp__objective *o, const mlp_opt_desc *opt, void *state, int *stuck)
{
    const size_t n = o->n, bytes = n * sizeof(float), history = (size_t)opt->history;
    float *pairs = mlp__arrays_of(state), *d = pairs + 2 * history * n, *s, *y;
    mlp__point first = { 0, 0, 0 };
    uint64_t step;
    size_t i;
    int found = 0;
    mlp_result r = mlp__look(o);
    if (r) return r;
    step = mlp__opt_begin(opt, state, n).steps - 1;
    s = pairs + (size_t)(step % history) * 2 * n;
    y = s + n;
    *stuck = !mlp__lbfgs_direction(o, pairs, history, step, d);
    first.value = o->value;
    first.slope = o->k->inner(n, o->g, d);
    memcpy(s, o->v, bytes);
    memcpy(y, o->g, bytes);
    if (first.slope < 0) r = mlp__line_search(o, s, d, first, (double)opt->rate, &found);
    if (r || !found) {
        memcpy(o->v, s, bytes);
        o->known = 0;
        memset(pairs, 0, 2 * history * bytes);
        return r;
    }
    for (i = 0; i < n; i++) { s[i] = o->v[i] - s[i]; y[i] = o->g[i] - y[i]; }
    *stuck = 0;
    return MLP_OK;
}

typedef struct {
    mlp__objective o;
    mlp_opt_desc opt;
    double (*f)(void *user, const float *v, float *g);
    void *user;
} mlp__minimizing;

static mlp_result mlp__minimize_evaluate(void *work, double *value)
{
    const mlp__minimizing *m = (const mlp__minimizing *)work;
    const mlp__objective *o = &m->o;
    size_t at;
    *value = m->f(m->user, o->v, o->g);
    at = o->k->first_nonfinite(o->n, 0, o->g);
    if (!mlp__finite_double(*value))
        return mlp__fail(m->opt.error, MLP_ERR_NONFINITE, -1, "f is %g and must be finite", *value);
    if (at < o->n)
        return mlp__at(m->opt.error, mlp__fail(m->opt.error, MLP_ERR_NONFINITE, -1, "the gradient is %g at %z and must "
                                               "be finite", (double)o->g[at], at), 0, at);
    if (m->opt.kind == MLP_OPT_LBFGS) *value += mlp__penalize(o->k, &m->opt, o->n, o->v, o->g);
    return MLP_OK;
}

MLP_API mlp_result mlp_minimize(const mlp_opt_desc *desc, size_t n, float *v,
                                double (*f)(void *user, const float *v, float *g), void *user, int steps)
{
    const mlp_allocator allocator = { NULL, NULL, NULL };
    mlp__minimizing m;
    void *state;
    int arrays, stuck = 0;
    mlp_result r;
    memset(&m, 0, sizeof m);
    m.opt = mlp__opt_desc_or_default(desc);
    if ((n && !v) || !f || steps < 0)
        return MLP__REFUSE(m.opt.error, "v or f is NULL, or steps, %i, negative", steps);
    r = mlp__resolve_opt(&m.opt);
    if (!r) r = mlp__check_vector(&m.opt, n);
    if (r) return r;
    if (m.opt.kind == MLP_OPT_LM)
        return mlp__fail(m.opt.error, MLP_ERR_UNSUPPORTED, -1, "opt: lm needs residuals: mlp_fit with a squared loss");
    arrays = mlp__arrays(&m.opt);
    state = mlp__alloc(&allocator, mlp__opt_size(arrays + 1, n));
    if (!state) return mlp__fail(m.opt.error, MLP_ERR_MEMORY, -1, "out of memory");
    memset(state, 0, sizeof(mlp__opt_state));
    m.o.k = mlp_kernels_for(NULL);
    m.o.n = n;
    m.o.v = v;
    m.o.g = mlp__arrays_of(state) + (size_t)arrays * n;
    m.o.evaluate = mlp__minimize_evaluate;
    m.o.work = &m;
    m.f = f;
    m.user = user;
    for (; steps > 0 && !r && !stuck; steps--) {
        if (m.opt.kind == MLP_OPT_LBFGS) { r = mlp__lbfgs_step(&m.o, &m.opt, state, &stuck); continue; }
        r = mlp__minimize_evaluate(&m, &m.o.value);
        if (!r) r = mlp_opt_update(desc, state, n, v, m.o.g);
    }
    mlp__free(&allocator, state);
    return r ? r : mlp__ok(m.opt.error);
}

/* -------------------------------------------------------------------------- >>train -- */
/* user's rows -> batch -> layers forward -> loss -> layers backward -> gradient finished -> optimizer */

/* Room for blocks of so many rows; backward: with what gradients need. */
static void mlp__lay_out_buffers(const mlp *net, size_t rows, int backward, mlp__arena *arena, mlp__buffers *t)
{
    size_t pair = 0;                            /* most of in + out of a layer */
    int l, custom = 0;
    memset(t, 0, sizeof *t);
    t->rows = rows;
    for (l = 0; l < net->layers; l++) {
        const size_t out = net->shape[l].out;
        const mlp_activation activation = net->desc.layers[l].activation;
        const int needs_z = mlp__activations[activation].needs_z, last = l == net->layers - 1;
        custom |= activation == MLP_ACT_CUSTOM;
        t->a[l] = mlp__take_floats(arena, rows, out);
        /* losses read the last z */
        t->z[l] = last || (backward && needs_z) ? mlp__take_floats(arena, rows, out) : t->a[l];
        t->out[l] = t->a[l];
        if (net->shape[l].in + out > pair) pair = net->shape[l].in + out;
        if (!backward) continue;
        t->dz[l] = mlp__take_floats(arena, rows * out + MLP__SLACK, 1);
        if (net->desc.layers[l].dropout == 0) continue;
        t->mask[l] = mlp__take_floats(arena, rows, out);
        t->out[l] = mlp__take_floats(arena, rows, out);
    }
    t->x = mlp__take_floats(arena, rows, net->inputs);
    t->y = mlp__take_floats(arena, rows, net->outputs);
    t->losses = mlp__take_floats(arena, rows, net->outputs);
    t->weight = mlp__take_floats(arena, rows, 1);
    t->factor = mlp__take_floats(arena, rows, 1);
    t->loss = mlp__take_floats(arena, rows, 1);
    t->index = (size_t *)mlp__take(arena, rows, 1, sizeof(size_t));
    t->labels = (int *)mlp__take(arena, rows, 1, sizeof(int));
    if (!backward) return;
    t->slope = custom ? mlp__take_floats(arena, rows, net->widest) : NULL;
    t->scratch_size = MLP__SCRATCH_FLOATS(rows, pair);
    t->scratch = mlp__take_floats(arena, t->scratch_size, 1);
}

/* Memory to do something with; NULL: *r says why. */
static void *mlp__memory_to(const mlp *net, const char *what, size_t size, mlp_result *r, mlp_error *error)
{
    void *memory = size == SIZE_MAX ? NULL : mlp__alloc(&net->desc.allocator, size);
    *r = MLP_OK;
    if (size == SIZE_MAX) *r = mlp__fail(error, MLP_ERR_TOO_BIG, -1, "too big to %s", what);
    else if (!memory) *r = mlp__fail(error, MLP_ERR_MEMORY, -1, "out of memory: %z bytes to %s", size, what);
    return memory;
}

/* Memory for what a layout places; for nothing it is NULL. */
static mlp_result mlp__room_to(const mlp *net, const char *what, mlp__layout *layout, void *placed, void **memory,
                               mlp_error *error)
{
    const size_t size = mlp__lay_out(net, layout, placed, NULL);
    mlp_result r = MLP_OK;
    *memory = size ? mlp__memory_to(net, what, size, &r, error) : NULL;
    if (*memory) mlp__lay_out(net, layout, placed, *memory);
    return r;
}

/* The parts of a training block for so many rows and such a state; that comes last, so that its size may vary. */
static void mlp__lay_out_training(const mlp *net, mlp__arena *arena, void *placed)
{
    mlp__training *t = (mlp__training *)placed;
    t->gradients = mlp__take_floats(arena, net->count, 1);
    mlp__lay_out_buffers(net, t->buffers.rows, 1, arena, &t->buffers);
    t->state = mlp__take(arena, t->state_size, 1, 1);
}

/* Bytes of a training block; SIZE_MAX: too big */
static size_t mlp__training_size(const mlp *net, size_t rows, size_t state_size)
{
    mlp__training t;
    t.buffers.rows = rows;
    t.state_size = state_size;
    return mlp__lay_out(net, mlp__lay_out_training, &t, NULL);
}

/* Makes sure that there is a training block for so many rows at a time and with room for the state of this
   optimizer. One of the net's own is replaced when it is too small; gradients and state stay. In one of the
   caller's, rows are as many as there is room for. */
static mlp_result mlp__need_training(mlp *net, size_t rows, int arrays, mlp_error *error)
{
    const mlp__training old = net->training;
    mlp__training next = old;
    mlp_result r;
    next.buffers.rows = mlp__smaller(rows, MLP__BLOCK_ROWS);
    next.state_size = mlp__opt_size(arrays, net->count);
    if (old.gradients && old.state_size >= next.state_size && (!old.block || old.buffers.rows >= next.buffers.rows))
        return MLP_OK;
    if (old.gradients && !old.block)
        return MLP__REFUSE(error, "opt: the state of this optimizer does not fit into the caller's block");
    if (old.buffers.rows > next.buffers.rows) next.buffers.rows = old.buffers.rows;
    if (old.state_size > next.state_size) next.state_size = old.state_size;
    r = mlp__room_to(net, "train", mlp__lay_out_training, &next, &next.block, error);
    if (r) return r;
    net->training = next;
    if (!old.gradients) return MLP_OK;
    memcpy(next.gradients, old.gradients, net->count * sizeof(float));
    memcpy(next.state, old.state, old.state_size);
    mlp__free(&net->desc.allocator, old.block);
    return MLP_OK;
}

MLP_API size_t mlp_train_size(const mlp *net, const mlp_opt_desc *desc, size_t rows)
{
    mlp_opt_desc opt = mlp__opt_desc_or_default(desc);
    if (!net || mlp__trains(NULL) || mlp__resolve_opt(&opt)) return 0;
    if (rows == 0) rows = MLP__BLOCK_ROWS;
    return mlp__size_or_0(mlp__training_size(net, rows, mlp__opt_size(mlp__arrays(&opt), net->count)));
}

/* A net whose training is under way is not for anything else that trains. */
static mlp_result mlp__not_busy(const mlp *net, mlp_error *error)
{
    const mlp_result r = mlp__trains(error);
    if (r || !net->busy) return r;
    return MLP__REFUSE(error, "the net is being trained: this was called from a callback of that");
}

MLP_API mlp_result mlp_train_in(mlp *net, void *memory, size_t size, const mlp_opt_desc *desc)
{
    mlp_opt_desc opt = mlp__opt_desc_or_default(desc);
    size_t rows = 0, step, state_size, needed;
    mlp_result r;
    if (!net || !memory) return MLP__REFUSE(opt.error, "net or memory is NULL");
    r = mlp__not_busy(net, opt.error);
    if (!r) r = mlp__resolve_opt(&opt);
    if (r) return r;
    state_size = mlp__opt_size(mlp__arrays(&opt), net->count);
    needed = mlp__training_size(net, 1, state_size);
    if (needed == SIZE_MAX) return mlp__fail(opt.error, MLP_ERR_TOO_BIG, -1, "too big to train");
    if (size < needed)
        return MLP__REFUSE(opt.error, "memory: %z bytes, but mlp_train_size for one row says %z", size, needed);
    for (step = (size_t)1 << 20; step > 0; step /= 2) {             /* as many rows as fit */
        needed = mlp__training_size(net, rows + step, state_size);
        if (needed <= size && needed < SIZE_MAX) rows += step;
    }
    mlp__free(&net->desc.allocator, net->training.block);
    net->training.block = NULL;
    net->training.known = 0;
    net->training.buffers.rows = rows;
    net->training.state_size = state_size;
    mlp__lay_out(net, mlp__lay_out_training, &net->training, memory);
    return mlp__ok(opt.error);
}

/* Threads are worth their while from 16 rows for each and about 1 Mflop a step on: with fewer rows, fetching what
   the others have written costs more than is gained, with less work, the waiting for each other does. There are
   never more than processors. */
#ifndef MLP__THREAD_ROWS
#define MLP__THREAD_ROWS 16
#define MLP__THREAD_FLOP 1e6
#endif
#ifndef MLP__LEAST_PROCESSORS
#define MLP__LEAST_PROCESSORS 1             /* tests run more threads than there are */
#endif

static int mlp__threads_for(const mlp *net, size_t batch, int threads)
{
#ifdef _OPENMP
    const int processors = omp_get_num_procs() > MLP__LEAST_PROCESSORS ? omp_get_num_procs() : MLP__LEAST_PROCESSORS;
#else
    const int processors = MLP__MOST_THREADS;
#endif
    const size_t most = mlp__smaller(batch / MLP__THREAD_ROWS, mlp__smaller((size_t)processors, MLP__MOST_THREADS));
    const double flop = 6.0 * (double)batch * (double)net->count;   /* 2 a weight for each of z, dW and dX */
    return threads > 1 && most > 1 && flop >= MLP__THREAD_FLOP ? (int)mlp__smaller((size_t)threads, most) : 1;
}

/* ---- gradients ---- */

/* Rows are cut into parts. Without a divisor there are only losses. */
static void mlp__block_rows(const void *work, size_t part, size_t parts)
{
    const mlp__block *b = (const mlp__block *)work;
    const size_t begin = mlp__cut(b->rows, 1, part, parts), end = mlp__cut(b->rows, 1, part + 1, parts);
    if (begin == end) return;
    mlp__block_load(b, begin, end);
    mlp__block_forward(b, begin, end);
    mlp__block_loss(b, begin, end);
    if (b->divisor > 0) mlp__block_backward(b, begin, end, mlp__scratch_of(b->t, part));
}

/* Of all rows in the block, from the last layer's dE/da, in the place of its dE/dz, down to the first layer's dE/dz */
static void mlp__block_from_outputs(const mlp__block *b)
{
    mlp__activation_backward(b, b->net->layers - 1, 0, b->rows);
    mlp__block_backward(b, 0, b->rows, b->t->scratch);
}

/* Blocks of the source; weight: of all rows of a batch, 0: only losses */
static mlp__block mlp__blocks_of(const mlp *net, const mlp__source *source, const mlp__buffers *t, double weight)
{
    mlp__block b;
    memset(&b, 0, sizeof b);
    b.net = net;
    b.source = source;
    b.t = t;
    b.divisor = mlp__product_of(weight, mlp__loss_divisor(net));
    return b;
}

/* The next rows of a batch, of which `place` are done, become the block and go up through the layers, and down. */
static mlp_result mlp__next_block(mlp__block *b, size_t first, size_t rows, size_t place, int threads)
{
    const mlp_result r = mlp__block_begin(b, first, rows, place);
    if (!r) mlp__in_parts(threads, mlp__block_rows, b);
    return r;
}

/* The loss of the rows in the block is not finite: the first layer whose outputs are not. */
static mlp_result mlp__fail_in_loss(const mlp__block *b)
{
    const mlp *net = b->net;
    size_t n;
    int l;
    for (l = 0; l < net->layers - 1; l++) {
        n = b->rows * net->shape[l].out;
        if (net->desc.kernels->first_nonfinite(n, 0, b->t->a[l]) < n) break;
    }
    return mlp__fail(b->source->data->error, MLP_ERR_NONFINITE, l, "the loss is not finite");
}

/* Sums of w_i L_i and of w_i over a batch */
typedef struct { double loss, weight; } mlp__batch;

/* The gradient of rows of the source into the run, block by block; of rows without weight nothing is computed. dx,
   unless NULL: rows x inputs, dE/dx. */
static mlp_result mlp__gradient(mlp *net, mlp__source *source, size_t first, size_t rows, int threads,
                                mlp__batch *sums, float *dx)
{
    const mlp__buffers *t = &net->training.buffers;
    mlp__block b;
    size_t done, i;
    mlp_result r = mlp__check_used(net, source, first, rows);
    if (r) return r;
    sums->loss = 0;
    sums->weight = mlp__weight_of_rows(source, first, rows);
    if (!(sums->weight > 0)) return MLP_OK;
    if (!dx) net->training.known = 0;
    b = mlp__blocks_of(net, source, t, sums->weight);
    b.masks = !dx && net->dropout;
    for (done = 0; done < rows; done += b.rows) {
        r = mlp__next_block(&b, first + done, mlp__smaller(rows - done, t->rows), done, threads);
        if (r) return r;
        for (i = 0; i < b.rows; i++)
            if (t->weight[i] > 0) sums->loss = mlp__fma_double(t->weight[i], t->loss[i], sums->loss);
        if (!mlp__finite_double(sums->loss)) return mlp__fail_in_loss(&b);
        if (dx) mlp__layer_backward_input(net, 0, b.rows, t->dz[0], dx + done * net->inputs, t->scratch);
        else mlp__in_parts(threads, mlp__block_gradients, &b);
    }
    if (!dx) net->training.known = 1;
    return MLP_OK;
}

static mlp_result mlp__check_gradients(const mlp *net, mlp_error *error)
{
    const float *g = net->training.gradients;
    const size_t at = net->desc.kernels->first_nonfinite(net->count, 0, g);
    if (at == net->count) return MLP_OK;
    return mlp__fail(error, MLP_ERR_NONFINITE, mlp__layer_of(net, at), "the gradient is not finite: %g", (double)g[at]);
}

/* Makes the training block, for the default optimizer and at least a few rows, unless there is one, which stays
   where it is. */
static mlp_result mlp__need_gradients(mlp *net, size_t rows, mlp_error *error)
{
    if (net->training.gradients) return MLP_OK;
    return mlp__need_training(net, rows < MLP__FEWEST_ROWS ? MLP__FEWEST_ROWS : rows, 2, error);        /* 2: of adam */
}

/* One batch of all rows; sums stay as they are where that is refused. */
static mlp_result mlp__gradient_of_data(mlp *net, const mlp_data *data, mlp__batch *sums, float *dx)
{
    mlp__source source;
    mlp_result r = mlp__not_busy(net, data->error);
    if (!r) r = mlp__check_data(net, data);
    if (!r) r = mlp__need_gradients(net, data->rows, data->error);
    if (r) return r;
    source = mlp__source_in_order(data);
    net->busy = 1;
    r = mlp__gradient(net, &source, 0, data->rows, 1, sums, dx);
    net->busy = 0;
    return r;
}

MLP_API mlp_result mlp_compute_gradients(mlp *net, const mlp_data *data, double *loss)
{
    mlp__batch sums = { 0, 1 };
    mlp_result r;
    if (loss) *loss = 0;
    if (!net || !data) return MLP_ERR_ARGUMENT;
    r = mlp__gradient_of_data(net, data, &sums, NULL);
    if (loss && (!r || !mlp__finite_double(sums.loss))) *loss = sums.loss / sums.weight;
    if (!r) r = mlp__check_gradients(net, data->error);
    return r ? r : mlp__ok(data->error);
}

/* The gradient is complete and becomes an update, here and nowhere else: check, clipping, penalties and update,
   norms. */
static mlp_result mlp__update(mlp *net, const mlp_opt_desc *opt, int threads, mlp_error *error)
{
    const mlp_kernels *k = net->desc.kernels;
    float *g = net->training.gradients;
    mlp_result r = opt->clip_value > 0 || opt->clip_norm > 0 ? mlp__check_gradients(net, error) : MLP_OK;
    if (r) return r;
    mlp__clip(k, opt, net->count, g);
    r = mlp__opt_apply(k, net, opt, net->training.state, net->count, net->params, g, threads, error);
    if (r) return r;
    net->course.step++;
    mlp__limit_norms(net, opt->max_norm);
    return MLP_OK;
}

MLP_API mlp_result mlp_step(mlp *net, const mlp_opt_desc *desc)
{
    mlp_opt_desc opt = mlp__opt_desc_or_default(desc);
    mlp_result r;
    if (!net) return MLP__REFUSE(opt.error, "net is NULL");
    r = mlp__not_busy(net, opt.error);
    if (!r && !net->training.known)
        r = MLP__REFUSE(opt.error, "there is no gradient yet: mlp_compute_gradients makes one");
    if (!r) r = mlp__resolve_stepwise(&opt);
    if (!r) r = mlp__need_training(net, 1, mlp__arrays(&opt), opt.error);
    if (!r) r = mlp__update(net, &opt, 1, opt.error);
    return r ? r : mlp__ok(opt.error);
}

/* ---- evaluating ---- */

/* Weighted sums over a column of values: of value - first, of its square and, of targets, of the error's square */
typedef struct { float first, low, high; double weight, sum, square, missed; } mlp__column;

static void mlp__column_add(mlp__column *c, float w, float value)
{
    float from;
    if (!(c->weight > 0)) c->first = c->low = c->high = value;
    from = value - c->first;
    c->low = value < c->low ? value : c->low;
    c->high = value > c->high ? value : c->high;
    c->weight += (double)w;
    c->sum = mlp__fma_double(w, from, c->sum);
    c->square += mlp__product_of((double)w, (double)from * (double)from);
}

/* of the squares of what a value is from the mean */
static double mlp__spread(const mlp__column *c) { return c->square - mlp__product_of(c->sum / c->weight, c->sum); }

/* What one goes through rows for: weighted sums to evaluate, columns and a sample of the inputs to fit scales to. */
typedef struct {
    mlp__buffers t;                         /* t.rows is set beforehand, as is most */
    double weight, loss, right, top, distance;
    mlp__column *columns;                   /* inputs, then outputs */
    size_t *confusion;                      /* classes x classes, or NULL */
    float *sample;                          /* [inputs][most], of which `sampled` are taken */
    size_t most, sampled;
} mlp__survey;

static void mlp__lay_out_survey(const mlp *net, mlp__arena *arena, void *placed)
{
    mlp__survey *s = (mlp__survey *)placed;
    mlp__lay_out_buffers(net, s->t.rows, 0, arena, &s->t);
    s->columns = (mlp__column *)mlp__take(arena, net->inputs + net->outputs, 1, sizeof(mlp__column));
    s->sample = mlp__take_floats(arena, s->most, net->inputs);
}

static int mlp__has_classes(const mlp *net)
{
    return net->loss.labels != MLP__LABELS_NONE || net->desc.layers[net->layers - 1].activation == MLP_ACT_SOFTMAX;
}

/* several outputs, each of which is a question of its own */
static int mlp__is_multilabel(const mlp *net)
{
    return net->outputs > 1 && (net->loss.labels == MLP__LABELS_ZERO_ONE || net->loss.labels == MLP__LABELS_SIGN);
}

static int mlp__is_on(const mlp *net, float v) { return net->loss.labels == MLP__LABELS_SIGN ? v > 0 : v >= 0.5f; }

/* the class that outputs or targets mean: the largest, the first of equals */
static size_t mlp__class_of(const mlp *net, const float *v)
{
    size_t best = 0, j;
    if (net->outputs == 1) return (size_t)mlp__is_on(net, v[0]);
    for (j = 1; j < net->outputs; j++)
        if (v[j] > v[best]) best = j;
    return best;
}

enum { MLP__TOP = 5 };

static void mlp__tally_class(const mlp *net, mlp__survey *s, float w, const float *a, const float *y)
{
    size_t i, meant, said, count = 0;
    if (mlp__is_multilabel(net)) {
        for (i = 0; i < net->outputs; i++) count += mlp__is_on(net, a[i]) == mlp__is_on(net, y[i]);
        s->right = mlp__fma_double(w, (float)count, s->right);
        return;
    }
    meant = mlp__class_of(net, y);
    said = mlp__class_of(net, a);
    if (said == meant) s->right += (double)w;
    if (s->confusion) s->confusion[meant * mlp__classes(net) + said]++;
    if (net->outputs <= MLP__TOP) return;
    for (i = 0; i < net->outputs; i++) count += a[i] > a[meant] || (a[i] == a[meant] && i < meant);
    if (count < MLP__TOP) s->top += (double)w;
}

/* in the user's units */
static void mlp__tally_distance(const mlp *net, mlp__survey *s, float w, const float *a, const float *y)
{
    size_t j;
    for (j = 0; j < net->outputs; j++) {
        const float *scale = net->desc.target_scaling ? mlp__target_scale(net, j) : NULL;
        const float value = scale ? y[j] / scale[1] + scale[0] : y[j];
        const float error = scale ? (a[j] - y[j]) / scale[1] : a[j] - y[j];
        mlp__column *c = &s->columns[net->inputs + j];
        s->distance = mlp__fma_double(w, error < 0 ? -error : error, s->distance);
        mlp__column_add(c, w, value);
        c->missed += mlp__product_of((double)w, (double)error * (double)error);
    }
}

static double mlp__none(void) { return (double)mlp__float(0x7fc00000u); }       /* NaN */

static void mlp__metrics_of(const mlp *net, const mlp__survey *s, size_t rows, mlp_metrics *m)
{
    const double none = mlp__none(), values = s->weight * (double)net->outputs;
    double square = 0, r2 = 0;
    size_t j;
    m->rows = rows;
    m->loss = s->loss / s->weight;
    m->accuracy = m->top_k = m->mae = m->rmse = m->r2 = none;
    if (mlp__has_classes(net)) {
        m->accuracy = s->right / (mlp__is_multilabel(net) ? values : s->weight);
        if (net->outputs > MLP__TOP && !mlp__is_multilabel(net)) m->top_k = s->top / s->weight;
        return;
    }
    for (j = 0; j < net->outputs; j++) {
        const double missed = s->columns[net->inputs + j].missed, spread = mlp__spread(&s->columns[net->inputs + j]);
        square += missed;
        r2 += spread > 0 ? 1 - missed / spread : missed > 0 ? 0 : 1;
    }
    m->mae = s->distance / values;
    m->rmse = mlp__sqrt_double(square / values);
    m->r2 = r2 / (double)net->outputs;
}

/* Adds up all rows of the source and says what that means. */
static mlp_result mlp__evaluate(const mlp *net, mlp__source *source, mlp__survey *s, int threads,
                                mlp_metrics *metrics)
{
    const mlp__buffers *t = &s->t;
    mlp__block b = mlp__blocks_of(net, source, t, 0);
    size_t first, i;
    s->weight = s->loss = s->right = s->top = s->distance = 0;
    memset(s->columns, 0, (net->inputs + net->outputs) * sizeof(mlp__column));
    mlp__weight_of_rows(source, 0, source->rows);       /* finds a row to stand in for those without weight */
    for (first = 0; first < source->rows; first += b.rows) {
        const mlp_result r = mlp__next_block(&b, first, mlp__smaller(source->rows - first, t->rows), first, threads);
        if (r) return r;
        for (i = 0; i < b.rows; i++) {
            const float w = t->weight[i], *a = t->a[net->layers - 1] + i * net->outputs, *y = t->y + i * net->outputs;
            if (!(w > 0)) continue;
            s->weight += (double)w;
            s->loss = mlp__fma_double(w, t->loss[i], s->loss);
            if (mlp__has_classes(net)) mlp__tally_class(net, s, w, a, y);
            else mlp__tally_distance(net, s, w, a, y);
        }
    }
    mlp__metrics_of(net, s, source->rows, metrics);
    return MLP_OK;
}

static mlp_result mlp__evaluate_data(const mlp *net, const mlp_data *data, size_t *confusion, mlp_metrics *metrics)
{
    mlp__source source = mlp__source_in_order(data);
    mlp__survey s;
    void *memory;
    mlp_result r = mlp__trains(data->error);
    s.t.rows = mlp__smaller(data->rows, MLP__BLOCK_ROWS);
    s.most = 0;
    s.confusion = confusion;
    if (!r) r = mlp__check_data(net, data);
    if (!r) r = mlp__room_to(net, "evaluate", mlp__lay_out_survey, &s, &memory, data->error);
    if (r) return r;
    r = mlp__evaluate(net, &source, &s, mlp__threads_for(net, data->rows, net->threads), metrics);
    mlp__free(&net->desc.allocator, memory);
    return r ? r : mlp__ok(data->error);
}

MLP_API mlp_result mlp_evaluate(const mlp *net, const mlp_data *data, mlp_metrics *metrics)
{
    if (metrics) memset(metrics, 0, sizeof *metrics);
    if (!net || !data || !metrics) return MLP__REFUSE(data ? data->error : NULL, "net or metrics is NULL");
    return mlp__evaluate_data(net, data, NULL, metrics);
}

/* whether a row has one class, and outputs say which */
static mlp_result mlp__check_classes(const mlp *net, mlp_error *error)
{
    if (mlp__has_classes(net) && !mlp__is_multilabel(net)) return MLP_OK;
    return MLP__REFUSE(error, "the net has no classes, or a row may have several");
}

MLP_API mlp_result mlp_confusion(const mlp *net, const mlp_data *data, size_t *counts)
{
    mlp_metrics unused;
    size_t classes;
    mlp_result r;
    if (!net || !data || !counts) return MLP__REFUSE(data ? data->error : NULL, "net or counts is NULL");
    r = mlp__check_classes(net, data->error);
    if (r) return r;
    classes = mlp__classes(net);
    memset(counts, 0, classes * classes * sizeof *counts);
    r = mlp__evaluate_data(net, data, counts, &unused);
    if (r) memset(counts, 0, classes * classes * sizeof *counts);
    return r;
}

MLP_API mlp_result mlp_class_scores(const size_t *counts, int classes, mlp_class_score *scores)
{
    const size_t n = (size_t)classes;
    size_t c, o;
    if (!counts || !scores || classes < 1) return MLP_ERR_ARGUMENT;
    for (c = 0; c < n; c++) {
        size_t predicted = 0, support = 0;
        const double right = (double)counts[c * n + c];
        for (o = 0; o < n; o++) { support += counts[c * n + o]; predicted += counts[o * n + c]; }
        scores[c].support = support;
        scores[c].precision = predicted ? right / (double)predicted : 0;
        scores[c].recall = support ? right / (double)support : 0;
        scores[c].f1 = predicted + support ? 2 * right / ((double)predicted + (double)support) : 0;
    }
    return MLP_OK;
}

MLP_API mlp_result mlp_classify(const mlp *net, const float *x, size_t rows, int *labels)
{
    float stack[MLP__STACK_FLOATS], *room;
    size_t block, done, i, n;
    if (!net || (rows && (!x || !labels)) || mlp__check_classes(net, NULL)) return MLP_ERR_ARGUMENT;
    room = mlp__room(net, net->outputs + mlp__predict_floats(net), rows, stack, &block);
    if (!room) return MLP_ERR_MEMORY;
    for (done = 0; done < rows; done += n) {
        n = mlp__smaller(rows - done, block);
        mlp__predict_blocks(net, room + block * net->outputs, block, x + done * net->inputs, n, room);
        for (i = 0; i < n; i++) labels[done + i] = (int)mlp__class_of(net, room + i * net->outputs);
    }
    if (room != stack) mlp__free(&net->desc.allocator, room);
    return MLP_OK;
}

/* ---- derivatives with respect to the inputs ---- */

/* dx: inputs; from the scaled inputs of a row to the user's x */
static void mlp__unscale_slopes(const mlp *net, const float *x, float *dx)
{
    size_t j;
    for (j = 0; net->desc.input_scaling && j < net->inputs; j++) {
        const float *s = mlp__input_scale(net, j), third = (x[j] - s[0]) * s[1] / 3;
        const double root = mlp__sqrt_double(mlp__fma_double(third, third, 1));
        /* (1 + (v/3)^2)^-3/2 */
        const double slope = net->desc.input_scaling == MLP_SCALE_ROBUST ? 1 / root / root / root : 1;
        dx[j] = (float)((double)dx[j] * slope * (double)s[1]);
    }
}

MLP_API mlp_result mlp_input_gradients(mlp *net, const mlp_data *data, float *dx)
{
    mlp__batch sums;
    size_t i;
    mlp_result r;
    if (!net || !data || !dx) return MLP__REFUSE(data ? data->error : NULL, "net or dx is NULL");
    if (data->read) return MLP__REFUSE(data->error, "input gradients are of rows in memory: read must be NULL");
    r = mlp__gradient_of_data(net, data, &sums, dx);
    if (r) return r;
    for (i = 0; i < data->rows; i++) mlp__unscale_slopes(net, mlp__x_row(net, data, i), dx + i * net->inputs);
    r = mlp__check_finite(net, "dx", dx, NULL, 0, data->rows, net->inputs, net->inputs, data->error);
    return r ? r : mlp__ok(data->error);
}

MLP_API mlp_result mlp_jacobian(mlp *net, const float *x, float *j)
{
    const mlp__buffers *t;
    mlp__block b;
    size_t o, i;
    mlp_result r;
    if (!net || !x || !j) return MLP_ERR_ARGUMENT;
    r = mlp__not_busy(net, NULL);
    if (!r) r = mlp__need_gradients(net, 1, NULL);
    if (r) return r;
    t = &net->training.buffers;
    b = mlp__blocks_of(net, NULL, t, 0);
    b.rows = 1;
    b.x = x;
    b.x_stride = net->inputs;
    if (net->desc.input_scaling) { mlp__scale_inputs(net, x, t->x); b.x = t->x; }
    mlp__block_forward(&b, 0, 1);
    for (o = 0; o < net->outputs; o++, j += net->inputs) {
        float *dz = t->dz[net->layers - 1];
        memset(dz, 0, net->outputs * sizeof(float));
        dz[o] = 1;
        mlp__block_from_outputs(&b);
        mlp__layer_backward_input(net, 0, 1, t->dz[0], j, t->scratch);
        mlp__unscale_slopes(net, x, j);
        for (i = 0; net->desc.target_scaling && i < net->inputs; i++) j[i] /= mlp__target_scale(net, o)[1];
    }
    return MLP_OK;
}

/* ---- scaling ---- */

/* shift, and 1 / width as factor; a column that does not vary keeps factor 1 */
static void mlp__set_scale(float *scale, double shift, double width)
{
    scale[0] = (float)shift;
    scale[1] = width > 0 && mlp__finite((float)(1 / width)) ? (float)(1 / width) : 1;
}

/* x in ascending order: heap sort */
static void mlp__sort_floats(float *x, size_t n)
{
    size_t end = n, root = n / 2, at, child;
    while (end > 1) {
        float value;
        if (root > 0) value = x[--root];
        else { value = x[--end]; x[end] = x[0]; }
        for (at = root; (child = 2 * at + 1) < end; at = child) {
            if (child + 1 < end && x[child + 1] > x[child]) child++;
            if (!(x[child] > value)) break;
            x[at] = x[child];
        }
        x[at] = value;
    }
}

/* sorted: n; linear between neighbours, as NumPy has it */
static double mlp__quantile(const float *sorted, size_t n, float q)
{
    const double place = mlp__product_of((double)q, (double)(n - 1));
    const size_t at = (size_t)place;
    const float part = (float)(place - (double)at), low = sorted[at], high = sorted[at + 1 < n ? at + 1 : at];
    return mlp__fma_double(part, high - low, (double)low);
}

/* The median, and 1 / the distance of the quartiles, or, where that is 0, 2 / the range (Holzmueller et al. 2024) */
static void mlp__robust_scale(float *x, size_t n, float *scale)
{
    double width;
    mlp__sort_floats(x, n);
    width = mlp__quantile(x, n, 0.75f) - mlp__quantile(x, n, 0.25f);
    if (!(width > 0)) width = ((double)x[n - 1] - (double)x[0]) / 2;
    mlp__set_scale(scale, mlp__quantile(x, n, 0.5f), width);
}

/* Goes through the rows of the source that have weight: all, or as many as the sample takes. */
static mlp_result mlp__survey_rows(const mlp *net, const mlp__source *source, mlp__survey *s, int sampling)
{
    const mlp__buffers *t = &s->t;
    const size_t most = sampling ? s->most : source->rows;
    mlp__block b = mlp__blocks_of(net, source, t, 0);
    size_t first, i, j, used = 0;
    memset(s->columns, 0, (net->inputs + net->outputs) * sizeof(mlp__column));
    for (first = 0; first < source->rows && used < most; first += b.rows) {
        const mlp_result r = mlp__block_begin(&b, first, mlp__smaller(source->rows - first, t->rows), 0);
        if (r) return r;
        for (i = 0; i < b.rows && used < most; i++) {
            float w;
            const mlp_data *d = b.given;
            const size_t row = mlp__block_row(&b, i, &w), at = d->read ? i : row;
            const float *x = mlp__x_row(net, d, at), *y = d->y ? mlp__y_row(net, d, at) : NULL;
            if (!(w > 0)) continue;
            for (j = 0; j < net->inputs; j++) mlp__column_add(&s->columns[j], 1, x[j]);
            for (j = 0; y && j < net->outputs; j++) mlp__column_add(&s->columns[net->inputs + j], 1, y[j]);
            for (j = 0; sampling && j < net->inputs; j++) s->sample[j * most + used] = x[j];
            used++;
        }
    }
    if (sampling) s->sampled = used;
    return MLP_OK;
}

/* Columns to be scaled must have a range that is a float. */
static mlp_result mlp__set_scales(mlp *net, const mlp__survey *s, mlp_error *error)
{
    const mlp_scaling of_x = net->desc.input_scaling, of_y = net->desc.target_scaling;
    const size_t inputs = net->inputs, columns = inputs + net->outputs;
    const mlp__column *c = s->columns;
    float *scale = net->scales;
    size_t j;
    for (j = 0; j < columns; j++) {
        const size_t at = j < inputs ? j : j - inputs;
        if (!(j < inputs ? of_x : of_y) || mlp__finite(c[j].high - c[j].low)) continue;
        mlp__fail(error, MLP_ERR_NONFINITE, -1, "%s: the range of column %z overflows: %g to %g",
                  j < inputs ? "x" : "y", at, (double)c[j].low, (double)c[j].high);
        return mlp__at(error, MLP_ERR_NONFINITE, 0, at);
    }
    for (j = 0; j < columns; j++, c++, scale += 2)
        switch (j < inputs ? of_x : of_y) {
        case MLP_SCALE_NONE: break;
        case MLP_SCALE_ROBUST: mlp__robust_scale(s->sample + j * s->most, s->sampled, scale); break;
        case MLP_SCALE_MIN_MAX: mlp__set_scale(scale, (double)c->low, (double)c->high - (double)c->low); break;
        case MLP_SCALE_STANDARD:
            mlp__set_scale(scale, (double)c->first + c->sum / c->weight, mlp__sqrt_double(mlp__spread(c) / c->weight));
        }
    net->scaled = 1;
    return MLP_OK;
}

/* Scales from rows of the source: all, or of robust ones a seeded sample of at most 65,536 rows and 2^24 numbers. */
static mlp_result mlp__fit_scales(mlp *net, mlp__source source)
{
    const int robust = net->desc.input_scaling == MLP_SCALE_ROBUST;
    const size_t most = mlp__smaller(65536, ((size_t)1 << 24) / net->inputs + 1);
    mlp__survey s;
    void *memory;
    mlp_result r;
    s.t.rows = mlp__smaller(source.rows, MLP__BLOCK_ROWS);
    s.most = robust ? mlp__smaller(source.rows, most) : 0;
    r = mlp__room_to(net, "scale", mlp__lay_out_survey, &s, &memory, source.data->error);
    if (r) return r;
    mlp__weight_of_rows(&source, 0, source.rows);
    if (robust) {
        const mlp__source shuffled = mlp__reordered(source, MLP_ORDER_SHUFFLED, net->desc.seed, MLP__STREAM_SAMPLE);
        r = mlp__survey_rows(net, &shuffled, &s, 1);
    }
    if (!r && (!robust || net->desc.target_scaling)) r = mlp__survey_rows(net, &source, &s, 0);
    if (!r) r = mlp__set_scales(net, &s, source.data->error);
    mlp__free(&net->desc.allocator, memory);
    return r;
}

MLP_API mlp_result mlp_fit_scaling(mlp *net, const mlp_data *data)
{
    mlp_result r;
    if (!net || !data) return MLP__REFUSE(data ? data->error : NULL, "net is NULL");
    r = mlp__not_busy(net, data->error);
    if (!r && !net->scales)
        r = MLP__REFUSE(data->error, "the net has neither input_scaling nor target_scaling");
    if (!r) r = mlp__check_data(net, data);
    if (r) return r;
    net->busy = 1;
    r = mlp__fit_scales(net, mlp__source_in_order(data));
    net->busy = 0;
    return r ? r : mlp__ok(data->error);
}

/* ---- schedules of the rate ---- */

/* Columns: enum, name, defaults of gamma and period (0: it takes none), whether it takes floor. */
#define MLP__SCHEDULES(X) \
    X(CONSTANT,    constant,    0,     0,  0) \
    X(STEP,        step,        0.1f,  10, 1) \
    X(EXPONENTIAL, exponential, 0.95f, 0,  1) \
    X(COSINE,      cosine,      0,     0,  1) \
    X(ONE_CYCLE,   one_cycle,   0,     0,  0) \
    X(PLATEAU,     plateau,     0.1f,  10, 1) \
    X(COSLOG,      coslog,      0,     0,  1) \
    X(CUSTOM,      custom,      0,     0,  0)

typedef char mlp__every_schedule_has_a_row[MLP_SCHEDULE_CUSTOM + 1 == 0 MLP__SCHEDULES(MLP__ONE) ? 1 : -1];

static mlp_result mlp__resolve_schedule(mlp_schedule_desc *s, mlp_error *error)
{
    #define MLP__ROW(NAME, name, gamma, period, takes_floor) { #name, gamma, period, takes_floor },
    static const struct { const char *name; float gamma; int period, takes_floor; } table[] = {
        MLP__SCHEDULES(MLP__ROW) };
    #undef MLP__ROW
    const float gamma = MLP__FACTS(table, s->kind).gamma;
    const int period = MLP__FACTS(table, s->kind).period, takes_floor = MLP__FACTS(table, s->kind).takes_floor;
    const char *name = MLP__FACTS(table, s->kind).name;
    const mlp__setting settings[] = {
        { "schedule: gamma", &s->gamma, name, gamma != 0,  0, &mlp__up_to_one },
        { "schedule: floor", &s->floor, name, takes_floor, 0, &mlp__up_to_one } };
    if ((size_t)s->kind >= MLP__COUNT(table))
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "schedule: kind %i is unknown", (int)s->kind);
    if (s->epochs < 0 || s->warmup < 0 || s->period < 0)
        return MLP__REFUSE(error, "schedule: epochs, warmup and period are %i, %i and %i and must not be negative",
                           s->epochs, s->warmup, s->period);
    if (s->period && !period) return MLP__REFUSE(error, "schedule: period is %i, but %s takes none", s->period, name);
    if (!s->rate != (s->kind != MLP_SCHEDULE_CUSTOM))
        return MLP__REFUSE(error, "schedule: custom, and no other, needs the function rate");
    if (s->gamma == 0) s->gamma = gamma;
    if (s->period == 0) s->period = period;
    return mlp__resolve_settings(error, -1, settings, MLP__COUNT(settings));
}

/* base^n, each product rounded */
static double mlp__power(double base, uint64_t n)
{
    double result = 1;
    for (; n > 0; n >>= 1) {
        if (n & 1) result = mlp__product_of(result, base);
        base = mlp__product_of(base, base);
    }
    return result;
}

/* from a, at t = 0, to b, at t = 1, along half a cosine */
static double mlp__along_cosine(double a, double b, double t)
{
    return b + mlp__product_of((a - b) / 2, 1 + mlp__cos_turn(t / 2));
}

/* ---- Levenberg and Marquardt ---- */

/* E is half the sum of squares of residuals, J their derivative by the parameters, g = J^T residuals its gradient, D
   the roots of the largest values so far on the diagonal of J^T J. A try solves (J^T J + damping D) step = -g, then,
   with the same matrix and the second derivative of the residuals along the step, how the way bends (Transtrum, Sethna
   2012). It goes step + bent, if E is lower there and the way does not bend too much; then damping follows how much of
   what the model has promised came true. Else damping grows and there is another try. */

enum { MLP__MOST_UNKNOWNS = 4096, MLP__JACOBIAN_ROWS = 32 };

/* Normal equations of n parameters, in whole panels of MLP__PANEL: `padded` rows. matrix has a panel more: row i of
   -J^T J up to its diagonal lies in row i + MLP__PANEL, and in row i, from the diagonal on, U of U^T U = J^T J +
   damping D; what panels have on the other side of their diagonals fits between. stride: an odd number of panels, so
   that rows lie beside one another in a cache. */
typedef struct mlp__fitting mlp__fitting;
typedef struct {
    mlp__fitting *f;
    size_t n, padded, stride, rows;         /* rows: of data whose Jacobian is there at a time */
    double *matrix, *jacobian, *step, *bent; /* step, bent: n; what bends it */
    float *from, *gradient;                 /* parameters before the step, gradient there */
    float *bend;                            /* outputs of a block: how they bend */
} mlp__normal;

/* A fit under way. */
struct mlp__fitting {
    mlp *net;
    const mlp_data *data;
    mlp_fit_desc fit;                       /* resolved */
    mlp_data validation;                    /* that of the desc */
    mlp__source train, held;                /* rows to train on and to validate on, in their order; held.rows 0: none */
    size_t batch;
    size_t *rows;                           /* of a split: to train on, then to validate on; else NULL */
    void *memory;                           /* of all that a fit needs beside the training block */
    mlp__survey evaluation;
    mlp_progress progress;
    mlp_fit_report report;
    int begun;                              /* nothing was refused */
    mlp__objective objective;               /* of optimizers that see it */
    mlp__batch sums;                        /* at its last point */
    mlp__normal normal;                     /* of lm */
};

static void mlp__lay_out_normal(mlp__normal *q, mlp__arena *arena)
{
    const size_t n = q->f->net->count, outputs = q->f->net->outputs, rows = q->f->net->training.buffers.rows;
    q->n = n;
    q->padded = (n + MLP__PANEL - 1) / MLP__PANEL * MLP__PANEL;
    q->stride = q->padded | MLP__PANEL;
    q->rows = mlp__smaller(outputs < MLP__JACOBIAN_ROWS ? MLP__JACOBIAN_ROWS / outputs : 1, rows);
    q->matrix = (double *)mlp__take(arena, q->padded + MLP__PANEL, q->stride, sizeof(double));
    q->jacobian = (double *)mlp__take(arena, q->rows * outputs, q->stride, sizeof(double));
    q->step = (double *)mlp__take(arena, n, 1, sizeof(double));
    q->bent = (double *)mlp__take(arena, n, 1, sizeof(double));
    q->from = mlp__take_floats(arena, n, 1);
    q->gradient = mlp__take_floats(arena, n, 1);
    q->bend = mlp__take_floats(arena, rows, outputs);
}

/* Rows of the Jacobian, those of output o of the block's rows, from the dz: a row's own derivatives, rounded to
   float; none by layers that do not learn. */
static void mlp__fill_jacobian(const mlp__normal *q, const mlp__block *b, size_t o)
{
    const mlp *net = b->net;
    size_t r, p, i, c;
    int l;
    for (r = 0; r < b->rows; r++)
        for (l = 0; l < net->layers; l++) {
            const mlp__shape *s = &net->shape[l];
            const float *x = mlp__input_of(b, l) + r * (l ? s->in : b->x_stride), *dz = b->t->dz[l] + r * s->out;
            double *to = q->jacobian + (r * net->outputs + o) * q->stride + s->w;
            if (net->desc.layers[l].rate < 0) continue;
            for (p = 0; p < s->out; p += MLP__PANEL)
                for (i = 0; i < s->in; i++)
                    for (c = p; c < mlp__smaller(p + MLP__PANEL, s->out); c++) *to++ = (double)(x[i] * dz[c]);
            for (c = 0; c < s->out && !net->desc.layers[l].no_bias; c++) *to++ = (double)dz[c];
        }
}

/* row i of -J^T J, up to its diagonal */
static double *mlp__normal_row(const mlp__normal *q, size_t i) { return q->matrix + (i + MLP__PANEL) * q->stride; }

/* Subtracts the products of columns of x, `count` rows of them, from rows of y, in panels from row `first` on: behind
   the diagonal or up to it. */
typedef struct {
    const mlp__normal *q;
    const double *x;
    size_t count, first;
    double *y;
    int behind;
} mlp__products;

static void mlp__products_part(const void *work, size_t part, size_t parts)
{
    const mlp__products *p = (const mlp__products *)work;
    const mlp__normal *q = p->q;
    size_t i;
    for (i = p->first + part * MLP__PANEL; i < q->padded; i += parts * MLP__PANEL) {
        const size_t from = p->behind ? i : 0, to = p->behind ? q->padded : i + MLP__PANEL;
        q->f->net->desc.kernels->subtract_products(p->count, MLP__PANEL, to - from, p->x + i, p->x + from, q->stride,
                                                p->y + i * q->stride + from);
    }
}

static double mlp__twice(const mlp *net) { return net->desc.loss == MLP_LOSS_SQUARED ? 2 : 1; }

/* -J^T J of all rows and of weight_decay. E is half the sum of squares of sqrt(2 c) (a - y), c being 1 / divisor
   times the weight, with half_squared half of that; J is the derivative of these. */
static mlp_result mlp__normal_matrix(mlp__normal *q)
{
    const mlp *net = q->f->net;
    const mlp__buffers *t = &q->f->net->training.buffers;
    const size_t outputs = net->outputs, rows = q->f->train.rows;
    mlp__products p = { q, q->jacobian, 0, 0, mlp__normal_row(q, 0), 0 };
    mlp__block b = mlp__blocks_of(q->f->net, &q->f->train, t, mlp__weight_of_rows(&q->f->train, 0, q->f->train.rows));
    float *dz = t->dz[net->layers - 1];
    size_t done, i, o;
    int l;
    memset(q->matrix, 0, (q->padded + MLP__PANEL) * q->stride * sizeof(double));
    memset(q->jacobian, 0, q->rows * outputs * q->stride * sizeof(double));
    for (done = 0; done < rows; done += b.rows) {
        const mlp_result r = mlp__next_block(&b, done, mlp__smaller(rows - done, q->rows), done, q->f->fit.threads);
        if (r) return r;
        for (o = 0; o < outputs; o++) {
            memset(dz, 0, b.rows * outputs * sizeof(float));
            for (i = 0; i < b.rows; i++)
                dz[i * outputs + o] = (float)mlp__sqrt_double((double)t->factor[i] * mlp__twice(net));
            mlp__block_from_outputs(&b);
            mlp__fill_jacobian(q, &b, o);
        }
        p.count = b.rows * outputs;
        mlp__in_parts(q->f->fit.threads, mlp__products_part, &p);
    }
    for (l = 0; l < net->layers && q->f->fit.opt.weight_decay > 0; l++) {
        const mlp__shape *s = &net->shape[l];
        const size_t end = q->f->fit.opt.decay_biases ? s->end : s->b;
        for (i = s->w; i < end; i++) mlp__normal_row(q, i)[i] -= (double)q->f->fit.opt.weight_decay;
    }
    return MLP_OK;
}

/* U, each row from those of its panel above; a panel that is done goes into all below. 0: in this precision the matrix
   is not positive definite. */
static int mlp__normal_factor(const mlp__normal *q, double damping, const float *scale)
{
    const mlp_kernels *k = q->f->net->desc.kernels;
    size_t i, j, p;
    for (p = 0; p < q->padded; p += MLP__PANEL)
        for (i = 0; i < p + MLP__PANEL; i++)
            for (j = p; j < p + MLP__PANEL; j++) q->matrix[i * q->stride + j] = -mlp__normal_row(q, j)[i];
    for (p = 0; p < q->padded; p += MLP__PANEL) {
        const mlp__products done = { q, q->matrix + p * q->stride, MLP__PANEL, p + MLP__PANEL, q->matrix, 1 };
        for (i = p; i < mlp__smaller(p + MLP__PANEL, q->n); i++) {
            double *u = q->matrix + i * q->stride, pivot;
            u[i] += mlp__product_of(damping, (double)scale[i]);
            k->subtract_products(i - p, 1, q->padded - p, done.x + i, done.x + p, q->stride, u + p);
            if (!(u[i] > 0)) return 0;
            pivot = mlp__sqrt_double(u[i]);
            for (j = i; j < q->n; j++) u[j] /= pivot;
        }
        mlp__in_parts(q->f->fit.threads, mlp__products_part, &done);
    }
    return 1;
}

/* step = -(U^T U)^-1 g */
static void mlp__normal_solve(const mlp__normal *q, const float *g, double *step)
{
    const size_t n = q->n;
    size_t i, j;
    for (i = 0; i < n; i++) step[i] = (double)-g[i];
    for (i = 0; i < n; i++) {
        const double *u = q->matrix + i * q->stride;
        step[i] /= u[i];
        for (j = i + 1; j < n; j++) step[j] -= mlp__product_of(u[j], step[i]);
    }
    for (i = n; i-- > 0;) {
        const double *u = q->matrix + i * q->stride;
        for (j = i + 1; j < n; j++) step[i] -= mlp__product_of(u[j], step[j]);
        step[i] /= u[i];
    }
}

/* v = from + t step */
static void mlp__normal_go(const mlp__normal *q, double t)
{
    size_t i;
    for (i = 0; i < q->n; i++) q->f->net->params[i] = (float)((double)q->from[i] + mlp__product_of(t, q->step[i]));
    q->f->objective.known = 0;
}

/* Layers that do not learn have no gradient. */
static void mlp__hold_still(mlp *net)
{
    int l;
    for (l = 0; l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        float *g = net->training.gradients + s->w;
        if (net->desc.layers[l].rate < 0) memset(g, 0, (s->end - s->w) * sizeof *g);
    }
}

/* Half of what bends the way, sent back through J^T as a gradient: the second derivative of the outputs along the
   step, by differences. */
static mlp_result mlp__normal_bend(const mlp__normal *q)
{
    const float part = 0.1f, scale = (float)(mlp__twice(q->f->net) / 2 / (double)(part * part));
    const size_t outputs = q->f->net->outputs;
    const mlp__buffers *t = &q->f->net->training.buffers;
    mlp__block b = mlp__blocks_of(q->f->net, &q->f->train, t, mlp__weight_of_rows(&q->f->train, 0, q->f->train.rows));
    const double divisor = b.divisor;
    float *a = t->a[q->f->net->layers - 1], *dz = t->dz[q->f->net->layers - 1];
    size_t done, i, j;
    int p;
    for (done = 0; done < q->f->train.rows; done += b.rows) {
        memset(q->bend, 0, t->rows * outputs * sizeof(float));
        for (p = 1; p > -2; p--) {                                  /* forth, back, and here */
            mlp_result r;
            mlp__normal_go(q, p < 0 ? 0 : (double)(p ? part : -part));
            b.divisor = p < 0 ? divisor : 0;
            r = mlp__next_block(&b, done, mlp__smaller(q->f->train.rows - done, t->rows), done, q->f->fit.threads);
            if (r) return r;
            q->f->net->desc.kernels->axpy(b.rows * outputs, p < 0 ? -2.0f : 1.0f, a, q->bend);
        }
        for (i = 0; i < b.rows; i++)
            for (j = i * outputs; j < (i + 1) * outputs; j++) dz[j] = t->factor[i] * scale * q->bend[j];
        mlp__block_from_outputs(&b);
        mlp__in_parts(q->f->fit.threads, mlp__block_gradients, &b);
    }
    mlp__hold_still(q->f->net);
    return MLP_OK;
}

/* One try, from `value`. *gain: how much lower, over what the model says; at most 0: nothing, or the way bends too
   much. */
static mlp_result mlp__lm_try(const mlp__normal *q, double value, double damping, const float *scale, double *gain)
{
    mlp__objective *o = &q->f->objective;
    double promised = 0, straight = 0, aside = 0;
    size_t i;
    mlp_result r;
    *gain = 0;
    if (!mlp__normal_factor(q, damping, scale)) return MLP_OK;
    mlp__normal_solve(q, q->gradient, q->step);
    r = mlp__normal_bend(q);
    if (r) return r;
    mlp__normal_solve(q, q->f->net->training.gradients, q->bent);
    for (i = 0; i < q->n; i++) {
        const double s = q->step[i] + q->bent[i], pull = mlp__product_of(mlp__product_of(damping, (double)scale[i]), s);
        straight += mlp__product_of(q->step[i], q->step[i]);
        aside += mlp__product_of(q->bent[i], q->bent[i]);
        promised += mlp__product_of(s, pull - (double)q->gradient[i]);
        q->step[i] = s;
    }
    if (!(aside <= mlp__product_of(0.140625, straight))) return MLP_OK;     /* twice its length: at most 3/4 */
    mlp__normal_go(q, 1);
    r = o->k->first_nonfinite(q->n, 0, o->v) < q->n ? MLP_ERR_NONFINITE : mlp__look(o);
    if (!r && o->value < value) *gain = promised > 0 ? 2 * (value - o->value) / promised : 1;
    return r == MLP_ERR_NONFINITE ? MLP_OK : r;
}

/* One iteration. The state's array is D. */
static mlp_result mlp__lm_step(mlp__normal *q, void *state)
{
    mlp__objective *o = &q->f->objective;
    const size_t n = q->n;
    float *scale = mlp__arrays_of(state);
    mlp__opt_state s;
    double value = 0, gain = 0;
    size_t i;
    mlp_result r = mlp__look(o);
    if (!r) r = mlp__normal_matrix(q);
    if (r) return r;
    s = mlp__opt_begin(&q->f->fit.opt, state, n);
    value = o->value;
    memcpy(q->from, o->v, n * sizeof(float));
    memcpy(q->gradient, o->g, n * sizeof(float));
    for (i = 0; i < n; i++) {
        const float width = (float)mlp__sqrt_double(-mlp__normal_row(q, i)[i]);
        if (width > scale[i] || !(scale[i] > 0)) scale[i] = width > 0 ? width : 1;
    }
    for (;;) {
        r = mlp__lm_try(q, value, s.damping, scale, &gain);
        if (r || (gain <= 0 && s.damping >= 1e10)) break;
        s.damping = gain < 0.25 ? mlp__product_of(4, s.damping) : gain > 0.75 ? s.damping / 10 : s.damping;
        if (!(s.damping > 1e-20)) s.damping = 1e-20;
        if (gain > 0) break;
    }
    memcpy(state, &s, sizeof s);
    if (gain <= 0) {
        memcpy(o->v, q->from, n * sizeof(float));
        o->known = 0;
    }
    return r;
}

/* ---- fit ---- */

/* What an optimizer that sees the whole objective cannot have in a fit. */
static mlp_result mlp__check_objective(const mlp__fitting *f)
{
    const mlp_fit_desc *fit = &f->fit;
    const mlp_desc *d = &f->net->desc;
    const mlp__opt_facts facts = MLP__FACTS(mlp__optimizers, fit->opt.kind);
    const char *what = NULL;
    int l;
    if (!(facts.takes & MLP__TAKES_OBJECTIVE)) return MLP_OK;
    if (fit->opt.kind == MLP_OPT_LM && d->loss != MLP_LOSS_SQUARED && d->loss != MLP_LOSS_HALF_SQUARED)
        what = "the loss squared or half_squared";
    if (fit->opt.kind == MLP_OPT_LM && f->net->count > MLP__MOST_UNKNOWNS) what = "at most 4096 parameters";
    if (fit->batch != MLP_FULL_BATCH) what = "batch MLP_FULL_BATCH";
    if (fit->order == MLP_ORDER_REPLACEMENT) what = "each row once: no order replacement";
    if (fit->on_gradients) what = "a gradient that is the objective's: no on_gradients";
    if (fit->schedule.kind != MLP_SCHEDULE_CONSTANT || fit->schedule.warmup)
        what = "no schedule or warmup: it finds its steps itself";
    if (f->net->dropout) what = "one function to minimize: no dropout";
    for (l = 0; l < f->net->layers; l++)
        if (d->layers[l].rate >= 0 && d->layers[l].rate != 1) what = "rates of layers of 1 or -1";
    return what ? MLP__REFUSE(fit->opt.error, "opt: %s needs %s", facts.name, what) : MLP_OK;
}

/* Replaces the defaults of a fit. */
static mlp_result mlp__resolve_fit(mlp__fitting *f)
{
    mlp_fit_desc *fit = &f->fit;
    mlp_error *error = f->data->error;
    const int validates = fit->validation || fit->validation_split != 0;
    const mlp__setting settings[] = {
        { "validation_split", &fit->validation_split, "", 1, 0, &mlp__below_one },
        { "min_delta",        &fit->min_delta,        "", 1, 0, &mlp__not_negative } };
    mlp_result r;
    if (fit->epochs == 0) fit->epochs = 10;
    if (fit->batch == 0) fit->batch = 32;
    if (fit->batch < MLP_FULL_BATCH)
        return MLP__REFUSE(error, "batch is %i and must be positive or MLP_FULL_BATCH", fit->batch);
    if ((unsigned)fit->order > MLP_ORDER_REPLACEMENT)
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "order %i is unknown", (int)fit->order);
    if (fit->threads < 0)
        return MLP__REFUSE(error, "threads is %i and must not be negative", fit->threads);
#ifndef _OPENMP
    if (fit->threads > 1) return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "threads: compiled without OpenMP");
#endif
    if (fit->validation && fit->validation_split != 0)
        return MLP__REFUSE(error, "validation and validation_split: one of them");
    if (fit->patience < 0)
        return MLP__REFUSE(error, "patience is %i and must not be negative", fit->patience);
    if (!validates && (fit->patience || fit->min_delta != 0 || fit->keep_last))
        return MLP__REFUSE(error, "patience, min_delta and keep_last need validation or validation_split");
    r = mlp__resolve_settings(error, -1, settings, MLP__COUNT(settings));
    if (!r) r = mlp__resolve_schedule(&fit->schedule, error);
    if (r) return r;
    if (error) fit->opt.error = error;
    r = mlp__resolve_opt(&fit->opt);
    return r ? r : mlp__check_objective(f);
}

/* That a split leaves rows with weight on either side. */
static mlp_result mlp__check_split(mlp__fitting *f)
{
    if (f->fit.validation_split == 0) return MLP_OK;
    if (mlp__weight_of_rows(&f->train, 0, f->train.rows) > 0
        && mlp__weight_of_rows(&f->held, 0, f->held.rows) > 0) return MLP_OK;
    return MLP__REFUSE(f->data->error, "validation_split %g of %z rows leaves %z to train on, %z to validate on, or no "
                       "weight on a side", (double)f->fit.validation_split, f->data->rows, f->train.rows, f->held.rows);
}

/* Says of a failure that it is in the data to validate on. */
static mlp_result mlp__in_validation(const mlp__fitting *f, mlp_result r)
{
    mlp_error *error = f->validation.error, what;
    if (!r || !error || !f->fit.validation) return r;
    what = *error;
    mlp__fail(error, r, what.layer, "validation: %s", what.text);
    return mlp__at(error, r, what.row, what.column);
}

/* What callbacks may have changed, before it is used again. */
static mlp_result mlp__check_again(mlp__fitting *f)
{
    mlp_result r = mlp__check_data(f->net, f->data);
    if (!r && f->fit.validation) r = mlp__in_validation(f, mlp__check_data(f->net, &f->validation));
    return r ? r : mlp__check_split(f);
}

/* The rows to train on and to validate on. */
static mlp_result mlp__prepare_rows(mlp__fitting *f)
{
    const mlp *net = f->net;
    const mlp_data *d = f->data;
    const size_t classes = d->labels ? mlp__classes(net) : 1;
    const size_t most = SIZE_MAX / sizeof(size_t) - classes;
    mlp_result r;
    f->train = mlp__source_in_order(d);
    if (f->fit.validation) {
        f->validation = *f->fit.validation;
        if (d->error) f->validation.error = d->error;
        f->held = mlp__source_in_order(&f->validation);
        return mlp__in_validation(f, mlp__check_data(net, &f->validation));
    }
    if (f->fit.validation_split == 0) return MLP_OK;
    f->rows = (size_t *)mlp__memory_to(net, "split the rows",
                                       d->rows > most ? SIZE_MAX : (d->rows + classes) * sizeof(size_t), &r, d->error);
    if (r) return r;
    memset(f->rows + d->rows, 0, classes * sizeof(size_t));
    f->held = f->train;
    f->train.rows = mlp__split(net, d, f->fit.validation_split, f->rows, f->rows + d->rows);
    f->held.rows -= f->train.rows;
    f->train.map = f->rows;
    f->held.map = f->rows + f->train.rows;
    return mlp__check_split(f);
}

/* E and the penalties, and their gradient, which is 0 for layers that do not learn */
static mlp_result mlp__fit_evaluate(void *work, double *value)
{
    mlp__fitting *f = (mlp__fitting *)work;
    mlp *net = f->net;
    const mlp_opt_desc *opt = &f->fit.opt;
    float *v = net->params, *g = net->training.gradients;
    int l;
    mlp_result r = mlp__gradient(net, &f->train, 0, f->train.rows, f->fit.threads, &f->sums, NULL);
    if (r || !(f->sums.weight > 0)) return r;
    *value = f->sums.loss / f->sums.weight;
    for (l = 0; l < net->layers; l++) {
        const mlp__shape *s = &net->shape[l];
        const size_t n = (opt->decay_biases ? s->end : s->b) - s->w;
        *value += mlp__penalize(net->desc.kernels, opt, n, v + s->w, g + s->w);
    }
    mlp__hold_still(net);
    return mlp__check_gradients(net, f->data->error);
}

static void mlp__lay_out_fit(const mlp *net, mlp__arena *arena, void *placed)
{
    mlp__fitting *f = (mlp__fitting *)placed;
    mlp__buffers *t = &f->net->training.buffers;
    if (f->held.rows) mlp__lay_out_survey(net, arena, &f->evaluation);
    if (f->fit.opt.kind == MLP_OPT_LM) mlp__lay_out_normal(&f->normal, arena);
    t->more_scratch = mlp__take_floats(arena, t->scratch_size, (size_t)f->fit.threads - 1);
}

/* All memory of a fit. Best weights are the net's: a checkpoint may have left some. */
static mlp_result mlp__fit_memory(mlp__fitting *f)
{
    mlp *net = f->net;
    mlp_error *error = f->data->error;
    mlp_result r = mlp__need_training(net, f->batch, mlp__arrays(&f->fit.opt), error);
    if (r) return r;
    f->evaluation.t.rows = mlp__smaller(f->held.rows, MLP__BLOCK_ROWS);
    f->normal.f = f;
    r = mlp__room_to(net, "train", mlp__lay_out_fit, f, &f->memory, error);
    if (r) return r;
    if (f->fit.keep_last) {                                         /* best weights of a checkpoint do not come back */
        mlp__free(&net->desc.allocator, net->training.best);
        net->training.best = NULL;
    } else if (f->held.rows && !net->training.best) {
        net->training.best = (float *)mlp__memory_to(net, "keep the best", net->count * sizeof(float), &r, error);
        if (!r) net->resumed = 0;                       /* a checkpoint without best weights: the search starts anew */
    }
    return r;
}

/* All that a fit needs before its first epoch */
static mlp_result mlp__fit_begin(mlp__fitting *f)
{
    mlp *net = f->net;
    mlp_fit_desc *fit = &f->fit;
    mlp__objective *o = &f->objective;
    mlp_result r = mlp__check_data(net, f->data);
    if (!r) r = mlp__resolve_fit(f);
    if (!r) r = mlp__prepare_rows(f);
    if (r) return r;
    f->batch = fit->batch == MLP_FULL_BATCH ? f->train.rows : mlp__smaller((size_t)fit->batch, f->train.rows);
    f->progress.epochs = fit->epochs < 0 ? 0 : fit->epochs;
    f->progress.rows = f->train.rows;
    /* callbacks within an epoch may change values */
    f->train.check = fit->on_step || fit->on_gradients || fit->schedule.rate || f->data->read || f->validation.read;
    f->progress.steps = (f->train.rows - 1) / f->batch + 1;
    net->threads = fit->threads;
    fit->threads = mlp__threads_for(net, f->batch, fit->threads);
    r = mlp__fit_memory(f);
    if (r) return r;
    o->k = net->desc.kernels;
    o->n = net->count;
    o->v = net->params;
    o->g = net->training.gradients;
    o->evaluate = mlp__fit_evaluate;
    o->work = f;
    if (!net->resumed) {
        net->course.start = net->course.best_epoch = net->course.epoch;
        net->course.waited = net->course.stalled = 0;
        net->course.factor = 1;
    }
    net->resumed = 0;
    f->begun = 1;
    return net->scales && !net->scaled ? mlp__fit_scales(net, f->train) : MLP_OK;
}

/* The rate of the update that comes, when `epoch` epochs are done, a part of one included */
static float mlp__rate_now(const mlp__fitting *f)
{
    const mlp_schedule_desc *s = &f->fit.schedule;
    const mlp_progress *p = &f->progress;
    const mlp__course *c = &f->net->course;
    const float rate = f->fit.opt.rate;
    const double whole = s->epochs > 0 ? (double)c->epoch : (double)(p->epoch - 1), steps = (double)p->steps;
    const double epoch = whole + (double)p->step / steps, warm = (double)s->warmup, past = epoch - warm;
    const double left = (double)(s->epochs > 0 ? s->epochs : p->epochs) - warm;
    const double t = !(left > 0) || past >= left ? 1 : past / left;
    double factor = 1;
    if (s->kind == MLP_SCHEDULE_CONSTANT && !s->warmup) return rate;
    if (past < 0) factor = (epoch + 1 / steps) / warm;
    else switch (s->kind) {
    case MLP_SCHEDULE_CONSTANT:    break;
    case MLP_SCHEDULE_STEP:        factor = mlp__power((double)s->gamma, (uint64_t)(past / s->period)); break;
    case MLP_SCHEDULE_EXPONENTIAL: factor = mlp__power((double)s->gamma, (uint64_t)past); break;
    case MLP_SCHEDULE_COSINE:      factor = mlp__along_cosine(1, (double)s->floor, t); break;
    case MLP_SCHEDULE_ONE_CYCLE:
        factor = t < 0.3 ? mlp__along_cosine(0.04, 1, t / 0.3) : mlp__along_cosine(1, 4e-6, (t - 0.3) / 0.7);
        break;
    case MLP_SCHEDULE_PLATEAU:     factor = c->factor; break;
    case MLP_SCHEDULE_COSLOG:      factor = (1 - mlp__cos_turn(mlp__log2(1 + mlp__product_of(15, t)))) / 2; break;
    case MLP_SCHEDULE_CUSTOM:      return s->rate(s->user, past, rate);
    }
    if (past >= 0 && factor < (double)s->floor) factor = (double)s->floor;
    return (float)mlp__product_of((double)rate, factor < 1 ? factor : 1);
}

static int mlp__goes_on(const mlp__fitting *f) { return f->report.stop == MLP_STOP_EPOCHS; }

/* One batch; from rows without weight there is nothing to learn. */
static mlp_result mlp__fit_batch(mlp__fitting *f, mlp__source *source, size_t first, mlp__batch *epoch)
{
    mlp *net = f->net;
    mlp_opt_desc opt = f->fit.opt;
    mlp__batch b;
    mlp_result r = mlp__gradient(net, source, first, mlp__smaller(f->batch, f->train.rows - first), f->fit.threads, &b,
                                 NULL);
    if (r) return r;
    f->progress.rate = (double)mlp__rate_now(f);
    if (!mlp__finite((float)f->progress.rate) || f->progress.rate < 0)
        return MLP__REFUSE(f->data->error, "schedule: a rate of %g", f->progress.rate);
    if (!(b.weight > 0)) return MLP_OK;
    if (f->fit.on_gradients && f->fit.on_gradients(f->fit.user, net, net->training.gradients, net->count)) {
        f->report.stop = MLP_STOP_CALLBACK;
        return MLP_OK;
    }
    opt.rate = (float)f->progress.rate;
    r = mlp__update(net, &opt, f->fit.threads, f->data->error);
    if (r) return r;
    epoch->loss += b.loss;
    epoch->weight += b.weight;
    f->progress.loss = epoch->loss / epoch->weight;
    return MLP_OK;
}

/* One iteration of an optimizer that sees the whole objective, in the order of the rows. What callbacks may have
   changed is looked at anew. */
static mlp_result mlp__fit_iteration(mlp__fitting *f)
{
    mlp *net = f->net;
    mlp__objective *o = &f->objective;
    int stuck;
    mlp_result r;
    if (f->fit.on_step || f->fit.on_epoch) o->known = 0;
    r = mlp__look(o);
    if (r) return r;
    f->progress.rate = (double)f->fit.opt.rate;
    if (!(f->sums.weight > 0)) return MLP_OK;
    f->progress.loss = f->sums.loss / f->sums.weight;
    if (f->fit.opt.kind == MLP_OPT_LM) r = mlp__lm_step(&f->normal, net->training.state);
    else r = mlp__lbfgs_step(o, &f->fit.opt, net->training.state, &stuck);
    if (!r) net->course.step++;
    return r;
}

/* One epoch; progress.loss: the mean over its rows. Nothing is applied unless the whole gradient is finite. */
static mlp_result mlp__fit_epoch(mlp__fitting *f)
{
    const int whole = MLP__FACTS(mlp__optimizers, f->fit.opt.kind).takes & MLP__TAKES_OBJECTIVE;
    const uint64_t seed = mlp__random(f->net->desc.seed, MLP__STREAM_ORDER, f->net->course.epoch);
    mlp__source source = mlp__reordered(f->train, f->fit.order, seed, 0);
    mlp__batch sums = { 0, 0 };
    size_t first;
    f->progress.step = 0;
    f->progress.loss = mlp__none();
    for (first = 0; first < f->train.rows && mlp__goes_on(f); first += mlp__smaller(f->batch, f->train.rows - first)) {
        const mlp_result r = whole ? mlp__fit_iteration(f) : mlp__fit_batch(f, &source, first, &sums);
        if (r || !mlp__goes_on(f)) return r;
        f->progress.step++;
        if (f->fit.on_step && f->fit.on_step(f->fit.user, &f->progress)) f->report.stop = MLP_STOP_CALLBACK;
    }
    return MLP_OK;
}

/* Validation, best weights; no gain for too long is the end. */
static mlp_result mlp__validate(mlp__fitting *f)
{
    mlp *net = f->net;
    mlp__course *c = &net->course;
    double loss;
    mlp_result r = f->train.check ? mlp__check_again(f) : MLP_OK;
    if (r) return r;
    r = mlp__evaluate(net, &f->held, &f->evaluation, f->fit.threads, &f->progress.validation);
    if (r) return mlp__in_validation(f, r);
    f->report.validation_loss = loss = f->progress.validation.loss;
    if (mlp__finite_double(loss) && (c->best_epoch == c->start || loss < c->best - (double)f->fit.min_delta)) {
        c->best = loss;
        c->best_epoch = c->epoch;
        c->waited = 0;
        if (net->training.best) memcpy(net->training.best, net->params, net->count * sizeof(float));
    } else c->waited++;
    if (f->fit.patience > 0 && c->waited >= (uint64_t)f->fit.patience) f->report.stop = MLP_STOP_PATIENCE;
    return MLP_OK;
}

/* Losses that have not become lower for too many epochs lower the rate, if the schedule says so. NaN is no gain, but
   anything is one over NaN. */
static void mlp__watch_plateau(mlp__course *c, const mlp_schedule_desc *s, double loss)
{
    if (c->epoch == c->start + 1 || !(loss >= mlp__product_of(c->lowest, 1 - 1e-4) || loss != loss)) {
        c->lowest = loss;
        c->stalled = 0;
    } else if (s->kind == MLP_SCHEDULE_PLATEAU && ++c->stalled > (uint64_t)s->period) {
        c->factor = mlp__product_of(c->factor, (double)s->gamma);
        c->stalled = 0;
    }
}

static mlp_result mlp__fit_epochs(mlp__fitting *f)
{
    mlp *net = f->net;
    mlp_result r = MLP_OK;
    if (f->fit.patience > 0 && net->course.waited >= (uint64_t)f->fit.patience)
        f->report.stop = MLP_STOP_PATIENCE;                         /* a checkpoint of the last epoch */
    while (f->progress.epoch < f->progress.epochs && mlp__goes_on(f)) {
        if (f->fit.on_epoch && f->progress.epoch > 0) r = mlp__check_again(f);
        f->progress.epoch++;
        if (!r) r = mlp__fit_epoch(f);
        if (r || !mlp__goes_on(f)) break;
        net->course.epoch++;
        f->report.epochs++;
        if (f->held.rows) r = mlp__validate(f);
        if (r) break;
        f->report.loss = f->progress.loss;
        mlp__watch_plateau(&net->course, &f->fit.schedule, f->held.rows ? f->report.validation_loss : f->report.loss);
        if (f->fit.on_epoch && f->fit.on_epoch(f->fit.user, &f->progress)) f->report.stop = MLP_STOP_CALLBACK;
    }
    if (r && f->data->error) f->data->error->epoch = f->progress.epoch;
    return r;
}

static void mlp__fit_end(mlp__fitting *f)
{
    mlp *net = f->net;
    const mlp_allocator *a = &net->desc.allocator;
    if (f->begun && f->held.rows && net->course.best_epoch > net->course.start) {
        f->report.best_epoch = (int)(net->course.best_epoch - net->course.start);
        f->report.best_loss = net->course.best;
        if (net->training.best) memcpy(net->params, net->training.best, net->count * sizeof(float));
    }
    /* else what a checkpoint has left waits for the next fit */
    if (f->begun) {
        mlp__free(a, net->training.best);
        net->training.best = NULL;
    }
    net->training.buffers.more_scratch = NULL;
    mlp__free(a, f->memory);
    mlp__free(a, f->rows);
}

MLP_API mlp_result mlp_fit(mlp *net, const mlp_data *data, const mlp_fit_desc *desc)
{
    mlp__fitting f;
    mlp_result r;
    memset(&f, 0, sizeof f);
    if (desc) f.fit = *desc;
    if (f.fit.validation) mlp__ok(f.fit.validation->error);
    f.report.stop = MLP_STOP_ERROR;
    f.report.loss = f.report.validation_loss = f.report.best_loss = mlp__none();
    if (f.fit.report) *f.fit.report = f.report;
    if (!net || !data) return MLP__REFUSE(data ? data->error : NULL, "net is NULL");
    r = mlp__not_busy(net, data->error);
    if (r) return r;
    f.net = net;
    f.data = data;
    net->busy = 1;
    r = mlp__fit_begin(&f);
    if (!r) {
        f.report.stop = MLP_STOP_EPOCHS;
        r = mlp__fit_epochs(&f);
    }
    mlp__fit_end(&f);
    net->busy = 0;
    if (r) f.report.stop = MLP_STOP_ERROR;
    if (f.fit.report) *f.fit.report = f.report;
    return r ? r : mlp__ok(data->error);
}

/* ---- the recipe for tables ---- */

MLP_API void mlp_recipe_tabular(mlp_desc *desc, mlp_fit_desc *fit, size_t rows, int inputs, int outputs, int classes)
{
    const size_t updates = 1600 * 64;                               /* rows in about 1,600 batches */
    /* a fifth of fewer rows says nothing; where no class has three, it would be none */
    const int few = rows < 50 || (classes > 0 && rows / 2 <= (size_t)classes);
    int l;
    if (desc) {
        memset(desc, 0, sizeof *desc);
        desc->inputs = inputs;
        for (l = 0; l < 2; l++) {
            desc->layers[l].units = 64;
            desc->layers[l].activation = MLP_ACT_MISH;
            desc->layers[l].dropout = 0.1f;
        }
        desc->layers[l].units = classes ? classes : outputs ? outputs : -1;     /* 0 would end the list before it */
        desc->loss = classes ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_SQUARED;
        desc->label_smoothing = classes ? 0.1f : 0;
        desc->input_scaling = MLP_SCALE_ROBUST;
        desc->target_scaling = classes ? MLP_SCALE_NONE : MLP_SCALE_STANDARD;
    }
    if (fit) {
        memset(fit, 0, sizeof *fit);
        fit->opt.kind = MLP_OPT_ADAMW;
        fit->opt.rate = 0.01f;
        fit->opt.beta2 = 0.95f;
        fit->opt.weight_decay = 0.02f;
        fit->schedule.kind = MLP_SCHEDULE_COSLOG;
        fit->batch = 64;
        fit->epochs = few ? 30 : rows < updates / 60 ? 60 : rows > updates / 12 ? 12 : (int)(updates / rows);
        fit->validation_split = few ? 0.0f : 0.2f;
    }
}

/* ----------------------------------------------------------------------------- >>io -- */
/* safetensors: 8 bytes N, little-endian; N bytes of JSON; data. A file of ours has of each layer "M.bias" and
   "M.weight", M its module's number, and the desc as strings in the metadata. */

#ifndef MLP_NO_FILES

/* Names in files, in the order of the enums. */
#define MLP__STRING_OF(NAME, name, ...) #name,
static const char *const mlp__activation_names[] = {
    "default", MLP__ACTIVATIONS(MLP__STRING_OF) "softmax", "custom", NULL };
static const char *const mlp__loss_names[] = { "default", MLP__LOSSES(MLP__STRING_OF) "cross_entropy", "custom", NULL };
static const char *const mlp__reduction_names[] = { "mean", "sum", NULL };
static const char *const mlp__initializer_names[] = { "default", MLP__INITIALIZERS(MLP__STRING_OF) NULL };
static const char *const mlp__opt_names[] = { "default", MLP__OPTIMIZERS(MLP__STRING_OF) NULL };
static const char *const mlp__scaling_names[] = { "none", "standard", "min_max", "robust", NULL };

/* Tensors of ours beside those of Linears, each F32 in the order that the net has in memory: pairs of shift and factor
   of the inputs and then of the outputs; of the optimizer, [arrays][parameters]; the parameters of the best epoch. */
enum { MLP__SCALES, MLP__STATE, MLP__BEST, MLP__ARRAYS };
static const char *const mlp__array_names[] = { "mlp.scales", "mlp.state", "mlp.best", NULL };
#define MLP__MEMBER "mlp.member"            /* then number and point: before names of further members */

/* The version of what the metadata say: a file has the first that can read it. The largest header that is written
   and, unless told otherwise, read; the largest that the format allows; the most keys of a header. */
enum { MLP__FILE_VERSION = 1, MLP__HEADER = 1 << 20, MLP__MOST_HEADER = 100000000, MLP__MOST_KEYS = 4096 };

/* What a checkpoint has besides weights and arrays. */
typedef struct { mlp__course course; mlp__opt_state opt; } mlp__resume;

/* How a field of a struct stands in the metadata: a name out of a list, a number, or the bits of a float in
   hexadecimal. A field that is 0 in each of its structs is left out. One row here is all that a further field of the
   desc needs. */
typedef enum { MLP__A_NAME, MLP__A_NUMBER, MLP__A_FLOAT } mlp__field_kind;
typedef struct { const char *key; mlp__field_kind kind; size_t offset, size; const char *const *names; } mlp__field;
#define MLP__FIELD(key, kind, type, member, names) \
    { key, kind, offsetof(type, member), sizeof(((type *)NULL)->member), names }
#define MLP__TABLE(table) table, MLP__COUNT(table)

static const mlp__field mlp__layer_fields[] = {
    MLP__FIELD("mlp.activations", MLP__A_NAME, mlp_layer, activation, mlp__activation_names),
    MLP__FIELD("mlp.alpha", MLP__A_FLOAT, mlp_layer, alpha, NULL),
    MLP__FIELD("mlp.dropout", MLP__A_FLOAT, mlp_layer, dropout, NULL),
    MLP__FIELD("mlp.gain", MLP__A_FLOAT, mlp_layer, gain, NULL),
    MLP__FIELD("mlp.initializers", MLP__A_NAME, mlp_layer, initializer, mlp__initializer_names),
    MLP__FIELD("mlp.rate", MLP__A_FLOAT, mlp_layer, rate, NULL)
};
static const mlp__field mlp__desc_fields[] = {
    MLP__FIELD("mlp.input_scaling", MLP__A_NAME, mlp_desc, input_scaling, mlp__scaling_names),
    MLP__FIELD("mlp.label_smoothing", MLP__A_FLOAT, mlp_desc, label_smoothing, NULL),
    MLP__FIELD("mlp.loss", MLP__A_NAME, mlp_desc, loss, mlp__loss_names),
    MLP__FIELD("mlp.loss_delta", MLP__A_FLOAT, mlp_desc, loss_delta, NULL),
    MLP__FIELD("mlp.reduction", MLP__A_NAME, mlp_desc, reduction, mlp__reduction_names),
    MLP__FIELD("mlp.seed", MLP__A_NUMBER, mlp_desc, seed, NULL),
    MLP__FIELD("mlp.target_scaling", MLP__A_NAME, mlp_desc, target_scaling, mlp__scaling_names)
};
static const mlp__field mlp__resume_fields[] = {
    MLP__FIELD("mlp.train.best", MLP__A_FLOAT, mlp__resume, course.best, NULL),
    MLP__FIELD("mlp.train.best_epoch", MLP__A_NUMBER, mlp__resume, course.best_epoch, NULL),
    MLP__FIELD("mlp.train.beta1_power", MLP__A_FLOAT, mlp__resume, opt.beta1_power, NULL),
    MLP__FIELD("mlp.train.beta2_power", MLP__A_FLOAT, mlp__resume, opt.beta2_power, NULL),
    MLP__FIELD("mlp.train.damping", MLP__A_FLOAT, mlp__resume, opt.damping, NULL),
    MLP__FIELD("mlp.train.epoch", MLP__A_NUMBER, mlp__resume, course.epoch, NULL),
    MLP__FIELD("mlp.train.factor", MLP__A_FLOAT, mlp__resume, course.factor, NULL),
    MLP__FIELD("mlp.train.lowest", MLP__A_FLOAT, mlp__resume, course.lowest, NULL),
    MLP__FIELD("mlp.train.optimizer", MLP__A_NAME, mlp__resume, opt.kind, mlp__opt_names),
    MLP__FIELD("mlp.train.stalled", MLP__A_NUMBER, mlp__resume, course.stalled, NULL),
    MLP__FIELD("mlp.train.start", MLP__A_NUMBER, mlp__resume, course.start, NULL),
    MLP__FIELD("mlp.train.steps", MLP__A_NUMBER, mlp__resume, opt.steps, NULL),
    MLP__FIELD("mlp.train.updates", MLP__A_NUMBER, mlp__resume, course.step, NULL),
    MLP__FIELD("mlp.train.waited", MLP__A_NUMBER, mlp__resume, course.waited, NULL)
};

static const mlp__field mlp__version_field = { "mlp.version", MLP__A_NUMBER, 0, sizeof(uint64_t), NULL },
    mlp__test_input = { "mlp.test.input", MLP__A_FLOAT, 0, sizeof(float), NULL },
    mlp__test_output = { "mlp.test.output", MLP__A_FLOAT, 0, sizeof(float), NULL },
    mlp__test_tolerance = { "mlp.test.tolerance", MLP__A_FLOAT, 0, sizeof(float), NULL };

/* Where the low n bytes of a number are on this machine, to copy a field to or from. */
static unsigned char *mlp__low_bytes(uint64_t *value, size_t n)
{
    const uint16_t one = 1;
    return (unsigned char *)value + (*(const unsigned char *)&one ? 0 : 8 - n);
}

static uint64_t mlp__get_field(const mlp__field *f, const void *base)
{
    uint64_t value = 0;
    memcpy(mlp__low_bytes(&value, f->size), (const unsigned char *)base + f->offset, f->size);
    return value;
}

/* ---- text ---- */

/* The string behind one and its zero: texts are key, 0, value, 0, and so on. */
static const char *mlp__behind(const char *string) { return string + strlen(string) + 1; }

/* Where bytes go: a file through a buffer, or memory; what does not fit there is only counted. failed: why, or NULL. */
typedef struct {
    unsigned char *to;
    size_t room, used, total, keys;         /* keys: of the header that goes there */
    const mlp_io *io;
    void *file;
    const char *failed;
} mlp__out;

/* What the last call of io that failed had to say. */
static const char *mlp__reason(const mlp_io *io)
{
    const char *reason = io->reason ? io->reason(io->user) : NULL;
    return reason ? reason : "it failed";
}

static void mlp__write_out(mlp__out *o)
{
    if (o->used && !o->failed && o->io->write(o->io->user, o->file, o->to, o->used)) o->failed = mlp__reason(o->io);
    o->used = 0;
}

static void mlp__put(mlp__out *o, const void *bytes, size_t n)
{
    const unsigned char *from = (const unsigned char *)bytes;
    for (o->total += n; n > 0; n--, from++) {
        if (o->used == o->room && o->file) mlp__write_out(o);
        if (o->used < o->room) o->to[o->used++] = *from;
    }
}

/* formats of mlp__say_format; what comes out is short */
static void mlp__print(mlp__out *o, const char *format, ...)
{
    char text[256] = "";
    mlp__text t = { text, 0, sizeof text };
    va_list list;
    va_start(list, format);
    mlp__say_format(&t, format, list);
    va_end(list);
    mlp__put(o, text, t.at);
}

/* in hexadecimal, so many digits */
static void mlp__put_hex(mlp__out *o, uint64_t n, size_t digits)
{
    while (digits-- > 0) mlp__put(o, &"0123456789abcdef"[n >> 4 * digits & 15], 1);
}

/* a string of JSON behind a comma or a colon; text is UTF-8 */
static void mlp__put_quoted(mlp__out *o, const char *before, const char *text)
{
    mlp__print(o, "%s\"", before);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') mlp__print(o, "\\");
        if ((unsigned char)*text >= 0x20) mlp__put(o, text, 1);
        else { mlp__print(o, "\\u"); mlp__put_hex(o, (unsigned char)*text, 4); }
    }
    mlp__print(o, "\"");
}

static void mlp__put_little_endian(mlp__out *o, uint64_t value, int bytes)
{
    unsigned char b[8];
    int i;
    for (i = 0; i < bytes; i++) b[i] = (unsigned char)(value >> 8 * i);
    mlp__put(o, b, (size_t)bytes);
}

/* ---- saving ---- */

typedef struct {
    const mlp *net;
    const mlp_save_desc *how;
    float *test_output, tolerance;
    mlp__resume resume;
    int entries, member;                    /* of tensors: in the header, or their values; of which net */
    uint64_t at;                            /* where the next one's data begins */
} mlp__saving;

/* A tensor's entry in the header, or its values. module: -1 where none is in the name; panels: of the layer, for
   weights; columns: 0 where it has one size. */
static void mlp__put_tensor(mlp__out *o, mlp__saving *s, int module, const char *name, const float *from,
                            const mlp__shape *panels, size_t rows, size_t columns)
{
    const size_t width = columns ? columns : 1;
    const uint64_t end = s->at + (uint64_t)rows * width * 4;
    size_t row, i;
    for (row = 0; !s->entries && row < rows; row++)
        for (i = 0; i < width; i++)
            mlp__put_little_endian(o, mlp__bits(from[panels ? mlp__weight_at(panels, row, i) : row * width + i]), 4);
    if (!s->entries) return;
    mlp__print(o, s->member ? ",\"" MLP__MEMBER "%i." : ",\"", s->member);
    if (module >= 0) mlp__print(o, "%i.", module);
    mlp__print(o, "%s\":{\"dtype\":\"F32\",\"shape\":[%z", name, rows);
    if (columns) mlp__print(o, ",%z", columns);
    mlp__print(o, "],\"data_offsets\":[%u,%u]}", s->at, end);
    s->at = end;
    o->keys++;
}

/* The modules are those of nn.Sequential: every Linear is one, and so is its activation unless it is identity, and its
   dropout. A softmax counts, too, but is last, so that nothing shows it. */
static void mlp__put_tensors(mlp__out *o, mlp__saving *s, int entries)
{
    s->entries = entries;
    s->at = 0;
    for (s->member = 0; s->member <= s->how->more_count; s->member++) {
        const mlp *net = s->member ? s->how->more[s->member - 1] : s->net;
        const int arrays = s->how->checkpoint && s->resume.opt.steps ? s->resume.opt.arrays : 0;
        const int best = s->how->checkpoint && net->training.best && net->course.best_epoch > net->course.start;
        int module = 0, l;
        for (l = 0; l < net->layers; l++) {
            const mlp__shape *shape = &net->shape[l];
            const mlp_layer *layer = &net->desc.layers[l];
            if (!layer->no_bias) mlp__put_tensor(o, s, module, "bias", net->params + shape->b, NULL, shape->out, 0);
            mlp__put_tensor(o, s, module, "weight", net->params, shape, shape->out, shape->in);
            module += 1 + (layer->activation != MLP_ACT_IDENTITY) + (layer->dropout != 0);
        }
        if (net->scaled)
            mlp__put_tensor(o, s, -1, mlp__array_names[MLP__SCALES], net->scales, NULL, net->inputs + net->outputs, 2);
        if (arrays) mlp__put_tensor(o, s, -1, mlp__array_names[MLP__STATE], mlp__arrays_of(net->training.state), NULL,
                                    (size_t)arrays, net->count);
        if (best) mlp__put_tensor(o, s, -1, mlp__array_names[MLP__BEST], net->training.best, NULL, net->count, 0);
    }
}

/* The fields of a table that are not 0 in all of n structs, `stride` bytes apart. */
static void mlp__put_fields(mlp__out *o, const mlp__field *f, size_t fields, const void *base, size_t n, size_t stride)
{
    const char *at = (const char *)base;
    for (; fields > 0; fields--, f++) {
        uint64_t any = 0;
        size_t i;
        for (i = 0; i < n; i++) any |= mlp__get_field(f, at + i * stride);
        for (i = 0; any && i < n; i++) {
            const uint64_t value = mlp__get_field(f, at + i * stride);
            mlp__print(o, i ? " " : ",\"%s\":\"", f->key);
            if (f->kind == MLP__A_NAME) mlp__print(o, "%s", f->names[value]);
            else if (f->kind == MLP__A_FLOAT) mlp__put_hex(o, value, 2 * f->size);
            else mlp__print(o, "%u", value);
        }
        if (any) mlp__print(o, "\"");
    }
}

/* The desc in a file is that which was given, with the activations and the loss that its defaults became. */
static void mlp__put_header(mlp__out *o, mlp__saving *s)
{
    const mlp *net = s->net;
    const uint64_t version = MLP__FILE_VERSION;
    const char *text = net->texts, *end = text ? text + net->texts_size : NULL;
    mlp_desc d = net->given;
    int l;
    d.loss = net->desc.loss;
    for (l = 0; l < net->layers; l++) d.layers[l].activation = net->desc.layers[l].activation;
    mlp__print(o, "{\"__metadata__\":{\"format\":\"pt\"");
    mlp__put_fields(o, MLP__TABLE(mlp__layer_fields), d.layers, (size_t)net->layers, sizeof(mlp_layer));
    mlp__put_fields(o, MLP__TABLE(mlp__desc_fields), &d, 1, 0);
    if (s->test_output) {
        mlp__print(o, ",\"mlp.test\":\"1\"");
        mlp__put_fields(o, &mlp__test_input, 1, s->how->test_input, net->inputs, sizeof(float));
        mlp__put_fields(o, &mlp__test_output, 1, s->test_output, net->outputs, sizeof(float));
        mlp__put_fields(o, &mlp__test_tolerance, 1, &s->tolerance, 1, 0);
    }
    if (s->how->checkpoint) {
        mlp__print(o, ",\"mlp.train\":\"1\"");
        mlp__put_fields(o, MLP__TABLE(mlp__resume_fields), &s->resume, 1, 0);
    }
    mlp__put_fields(o, &mlp__version_field, 1, &version, 1, 0);
    for (; text < end; text = mlp__behind(mlp__behind(text)), o->keys++) {
        mlp__put_quoted(o, ",", text);
        mlp__put_quoted(o, ":", mlp__behind(text));
    }
    mlp__print(o, "}");
    mlp__put_tensors(o, s, 1);
    mlp__print(o, "}");
}

/* The outputs for the test vector, in memory to be freed. */
static mlp_result mlp__plan_test(mlp__saving *s)
{
    const mlp *net = s->net;
    const mlp_kernels *k = net->desc.kernels;
    mlp_error *error = s->how->error;
    s->tolerance = mlp__meant(mlp__or_default(s->how->test_tolerance, 1e-4f));
    if (!mlp__finite(s->tolerance)) return MLP__REFUSE(error, "test_tolerance must be finite");
    if (!s->how->test_input) return MLP_OK;
    if (k->first_nonfinite(net->inputs, 0, s->how->test_input) < net->inputs)
        return mlp__fail(error, MLP_ERR_NONFINITE, -1, "test_input: NaN or infinity");
    s->test_output = (float *)mlp__alloc(&net->desc.allocator, net->outputs * sizeof(float));
    if (!s->test_output || mlp_predict(net, s->how->test_input, 1, s->test_output))
        return mlp__fail(error, MLP_ERR_MEMORY, -1, "out of memory");
    if (k->first_nonfinite(net->outputs, 0, s->test_output) == net->outputs) return MLP_OK;
    return mlp__fail(error, MLP_ERR_NONFINITE, -1, "test_input: its outputs are not finite");
}

/* Whether two structs have the same values in the fields of a table, but for seeds. */
static int mlp__same_fields(const mlp__field *f, size_t fields, const void *a, const void *b)
{
    for (; fields > 0; fields--, f++)
        if (mlp__get_field(f, a) != mlp__get_field(f, b) && strcmp(f->key, "mlp.seed") != 0) return 0;
    return 1;
}

/* That further members are nets of the same desc and shape; no bias where there is one moves what is behind it. */
static mlp_result mlp__check_more(const mlp *net, const mlp_save_desc *how)
{
    int i, l;
    if (how->more_count < 0 || (how->more_count > 0 && !how->more)
        || (how->more_count > 0) + (how->fold != 0) + (how->checkpoint != 0) > 1)
        return MLP__REFUSE(how->error, "one of more (NULL or a negative count?), fold, checkpoint");
    for (i = 0; i < how->more_count; i++) {
        const mlp *other = how->more[i];
        int same = other && other->layers == net->layers && other->count == net->count && other->scaled == net->scaled
                && memcmp(other->shape, net->shape, (size_t)net->layers * sizeof(mlp__shape)) == 0
                && mlp__same_fields(MLP__TABLE(mlp__desc_fields), &other->desc, &net->desc);
        for (l = 0; same && l < net->layers; l++)
            same = mlp__same_fields(MLP__TABLE(mlp__layer_fields), &other->desc.layers[l], &net->desc.layers[l]);
        if (!same) return MLP__REFUSE(how->error, "more: a net of another desc, or NULL");
    }
    return MLP_OK;
}

/* A copy whose scaling is in its first and last layer: with x' = (x - shift) factor and y = y' / factor + shift. */
static mlp_result mlp__fold_scaling(mlp **folded, const mlp *from, mlp_error *error)
{
    const int l = from->layers - 1;
    const mlp__shape *first = &from->shape[0], *last = &from->shape[l];
    const mlp_desc *d = &from->desc;
    size_t o, i;
    mlp *net;
    if (d->input_scaling == MLP_SCALE_ROBUST || (d->input_scaling && d->layers[0].no_bias)
        || (d->target_scaling && (d->layers[l].no_bias || d->layers[l].activation != MLP_ACT_IDENTITY)))
        return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1,
                         "fold: robust scaling, a layer without bias, or targets behind an activation");
    if (mlp_copy(folded, from)) return mlp__fail(error, MLP_ERR_MEMORY, -1, "out of memory");
    net = *folded;
    for (o = 0; net->desc.input_scaling && o < first->out; o++) {
        double bias = (double)net->params[first->b + o];
        for (i = 0; i < first->in; i++) {
            float *w = &net->params[mlp__weight_at(first, o, i)];
            *w *= mlp__input_scale(net, i)[1];
            bias = mlp__fma_double(-*w, mlp__input_scale(net, i)[0], bias);
        }
        net->params[first->b + o] = (float)bias;
    }
    for (o = 0; net->desc.target_scaling && o < last->out; o++) {
        const float *s = mlp__target_scale(net, o);
        for (i = 0; i < last->in; i++) net->params[mlp__weight_at(last, o, i)] /= s[1];
        net->params[last->b + o] = net->params[last->b + o] / s[1] + s[0];
    }
    net->desc.input_scaling = net->given.input_scaling = MLP_SCALE_NONE;
    net->desc.target_scaling = net->given.target_scaling = MLP_SCALE_NONE;
    net->scaled = 0;
    if (mlp__first_nonfinite(net, net->params, 1, net->count, net->count) == net->count) return MLP_OK;
    return mlp__fail(error, MLP_ERR_NONFINITE, -1, "fold: weights that are not finite");
}

/* Saves to o; what comes out is known by o->total and o->failed. Data begins at a multiple of 64. */
static mlp_result mlp__save_to(mlp__out *o, const mlp *net, const mlp_save_desc *how)
{
    mlp__out header = { NULL, 0, 0, 0, 0, NULL, NULL, NULL };
    mlp *folded = NULL;
    mlp__saving s;
    mlp_result r = mlp__check_more(net, how);
    if (!r && how->fold && net->scales) r = mlp__fold_scaling(&folded, net, how->error);
    memset(&s, 0, sizeof s);
    s.net = folded ? folded : net;
    s.how = how;
    s.resume.course = net->course;
    if (net->training.gradients) memcpy(&s.resume.opt, net->training.state, sizeof s.resume.opt);
    if (!r) r = mlp__plan_test(&s);
    if (!r) mlp__put_header(&header, &s);
    if (!r && (header.total > MLP__HEADER - 64 || header.keys > MLP__MOST_KEYS - 64))
        r = mlp__fail(how->error, MLP_ERR_TOO_BIG, -1, "test_input, texts or more: too much for a header");
    if (!r) {
        const size_t n = (8 + header.total + 63) / 64 * 64 - 8;
        mlp__put_little_endian(o, n, 8);
        mlp__put_header(o, &s);
        while (o->total < 8 + n) mlp__print(o, " ");
        mlp__put_tensors(o, &s, 0);
    }
    mlp__free(&net->desc.allocator, s.test_output);
    mlp_destroy(folded);
    return r;
}

static const mlp_save_desc mlp__save_defaults = { NULL, 0, 0, NULL, NULL, NULL, 0, 0 };

MLP_API mlp_result mlp_save_memory(const mlp *net, void *memory, size_t *size, const mlp_save_desc *desc)
{
    const mlp_save_desc *how = desc ? desc : &mlp__save_defaults;
    const size_t room = memory && size ? *size : 0;
    mlp__out o = { (unsigned char *)memory, room, 0, 0, 0, NULL, NULL, NULL };
    mlp_result r;
    if (size) *size = 0;
    if (!net || !size) return MLP__REFUSE(how->error, "net or size is NULL");
    r = mlp__save_to(&o, net, how);
    if (r) return r;
    *size = o.total;
    if (memory && room < o.total) return MLP__REFUSE(how->error, "memory: too small");
    return mlp__ok(how->error);
}

/* ---- loading: bytes ---- */

/* A tensor of the header. rows and columns: its first sizes, of `rank`; begin, end: bytes behind the header; key,
   shape: places of its name and of its list of sizes; type: in mlp__types. */
typedef struct { char *name; uint64_t rows, columns, begin, end; uint32_t key, shape, rank, type; } mlp__tensor;

/* A file that is being read. Nothing that it says is believed before the bytes are here. */
typedef struct {
    const unsigned char *bytes;
    size_t size;                            /* bytes that are here */
    size_t end;                             /* of the header, as a place in the file */
    size_t at;                              /* what is scanned next; the offset of an error */
    mlp_result wrong;                       /* or MLP_OK: the first error, from which on nothing more is read */
    unsigned char *buffer;                  /* of the file's bytes; NULL: they are the caller's */
    mlp_load_desc how;
    mlp_error *error;                       /* how's, or that of its desc */
    mlp__tensor *tensors;
    uint64_t *keys;                         /* hashes of all */
    char *strings;                          /* all of the header's, with a zero behind each */
    size_t tensor_count, key_count, tensor_room, key_room, used;
    size_t texts, texts_size;               /* where in them the metadata are: key, 0, value, 0, and so on */
    size_t metadata;                        /* their place in the file */
} mlp__in;

/* Notes an error, unless there is one: of in->at, or of a tensor, then with "tensor 'its name' [its shape]: " as they
   stand there, of what is long the beginning. */
static mlp_result mlp__stop(mlp__in *in, mlp_result code, const mlp__tensor *t, const char *format, ...)
{
    mlp__text text = { in->error ? in->error->text : NULL, 0, sizeof in->error->text };
    va_list list;
    size_t i;
    if (in->wrong) return in->wrong;
    if (t) in->at = t->key;
    in->end = in->at;
    in->wrong = mlp__fail(in->error, code, -1, "");
    if (!in->error) return code;
    in->error->offset = in->at;
    if (t) {
        const unsigned char *name = in->bytes + t->key, *shape = in->bytes + t->shape;
        mlp__say(&text, "tensor '");
        for (i = 0; i < 60 && name[i] != '"'; i++) mlp__say_char(&text, (char)(name[i] < 0x7f ? name[i] : '?'));
        mlp__say(&text, "' ");
        for (i = 0; i < 30 && (i == 0 || shape[i - 1] != ']'); i++) mlp__say_char(&text, (char)shape[i]);
        mlp__say(&text, ": ");
    }
    va_start(list, format);
    mlp__say_format(&text, format, list);
    va_end(list);
    return code;
}

static mlp_result mlp__wrong(mlp__in *in, const char *why) { return mlp__stop(in, MLP_ERR_FORMAT, NULL, "%s", why); }
static mlp_result mlp__refuse(mlp__in *in, const char *why) { return mlp__stop(in, MLP_ERR_ARGUMENT, NULL, "%s", why); }

static uint64_t mlp__little_endian(const unsigned char *p, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | p[bytes];
    return value;
}

/* Other files that people have, by their first bytes. */
static const struct { const char *begin, *name; } mlp__other_files[] = {
    { "PK\3\4", "a zip archive, as .pt and .npz files are" }, { "\200\2", "a Python pickle, as old .pt files are" },
    { "\211HDF", "an HDF5 file, as .h5 files are" }, { "GGUF", "a GGUF file" }, { "\223NUMPY", "a NumPy .npy file" },
    { "version https://git-lfs", "a git-lfs pointer (git lfs pull gets the file)" }, { "<", "an HTML or XML page" }
};

/* Whether the first bytes, at least 9 or all, can be those of a safetensors file. */
static mlp_result mlp__check_start(mlp__in *in)
{
    const unsigned char *p = in->bytes;
    const uint64_t n = in->size < 8 ? 0 : mlp__little_endian(p, 8);
    const int object = in->size > 8 && memchr("{ \t\n\r", p[8], 5);
    const char *why = "not a safetensors file";
    size_t i;
    if (object && n >= 2 && n <= in->how.max_header) return MLP_OK;
    for (i = 0; i < MLP__COUNT(mlp__other_files) && !object; i++) {
        const size_t length = strlen(mlp__other_files[i].begin);
        if (in->size >= length && memcmp(p, mlp__other_files[i].begin, length) == 0)
            return mlp__stop(in, MLP_ERR_FORMAT, NULL, "this is %s, not safetensors", mlp__other_files[i].name);
    }
    if (in->size <= 8) { in->at = in->size; why = in->size ? "the file ends too early" : "the file is empty"; }
    else if (object && n > in->how.max_header && n <= MLP__MOST_HEADER) why = "its header is larger than max_header";
    return mlp__wrong(in, why);
}

/* ---- loading: the JSON of the header ---- */

static int mlp__byte(mlp__in *in) { return in->at < in->end ? in->bytes[in->at++] : -1; }

/* the next byte behind white space, which stays; -1 at the end */
static int mlp__peek(mlp__in *in)
{
    while (in->at < in->end && memchr(" \t\n\r", in->bytes[in->at], 4)) in->at++;
    return in->at < in->end ? in->bytes[in->at] : -1;
}

static void mlp__expect(mlp__in *in, int byte, const char *otherwise)
{
    if (mlp__peek(in) == byte) in->at++;
    else mlp__wrong(in, otherwise);
}

/* Whether one more element of an object or a list follows, with *n before it; goes over the comma or the end. */
static int mlp__next(mlp__in *in, int end, size_t *n)
{
    if (mlp__peek(in) == end) { in->at++; return 0; }
    if ((*n)++ > 0) mlp__expect(in, ',', "JSON: a comma or an end is missing");
    return !in->wrong;
}

/* The first byte of the text that is not UTF-8: shortest forms, no surrogates, at most U+10FFFF; n: it is all UTF-8. */
static size_t mlp__not_utf8(const void *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0, more, k;
    for (; i < n; i += 1 + more) {
        const unsigned c = p[i], least = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;      /* the second byte */
        const unsigned most = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (more > n - i - 1 || (c >= 0x80 && c < 0xc2) || c > 0xf4) return i;
        if (more && (p[i + 1] < least || p[i + 1] > most)) return i;
        for (k = 2; k <= more; k++) if ((p[i + k] & 0xc0) != 0x80) return i;
    }
    return n;
}

/* Whether c is a digit of this base, and fits behind those of *value. */
static int mlp__append_digit(uint64_t *value, int c, uint64_t base)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = (const char *)memchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c, 16);
    const uint64_t digit = at ? (uint64_t)(at - digits) : base;
    if (digit >= base || *value > (UINT64_MAX - digit) / base) return 0;
    *value = *value * base + digit;
    return 1;
}

static uint32_t mlp__hex4(mlp__in *in)
{
    uint64_t value = 0;
    int i;
    for (i = 0; i < 4; i++)
        if (!mlp__append_digit(&value, mlp__byte(in), 16)) mlp__wrong(in, "JSON: \\u needs four digits");
    return (uint32_t)value;
}

/* the character that a backslash begins */
static uint32_t mlp__escape(mlp__in *in)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const int first = mlp__byte(in);
    uint32_t c, low = 0;
    int i;
    for (i = 0; i < 8; i++) if (first == escapes[i]) return (uint32_t)meant[i];
    if (first != 'u') mlp__wrong(in, "JSON: an unknown escape");
    c = mlp__hex4(in);
    if (c < 0xd800 || c >= 0xe000) return c;
    if (c < 0xdc00 && mlp__byte(in) == '\\' && mlp__byte(in) == 'u') low = mlp__hex4(in);
    if (low < 0xdc00 || low >= 0xe000) mlp__wrong(in, "JSON: half of a surrogate pair");
    return 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
}

/* Appends a character to the strings, in UTF-8. U+0000 is two bytes, which no other character is, so that it ends no
   string. */
static void mlp__append(mlp__in *in, uint32_t c)
{
    static const uint32_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    int more = c == 0 ? 1 : (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
    in->strings[in->used++] = (char)(lead[more] | c >> 6 * more);
    while (more-- > 0) in->strings[in->used++] = (char)(0x80 | (c >> 6 * more & 0x3f));
}

/* What a string means, in no more bytes than stand there. */
static char *mlp__string(mlp__in *in)
{
    char *text = in->strings + in->used;
    int c;
    mlp__expect(in, '"', "JSON: a string is missing");
    while ((c = mlp__byte(in)) != '"' && !in->wrong) {
        if (c < 0x20) mlp__wrong(in, "JSON: a string without end, or with a control character");
        else if (c == '\\') mlp__append(in, mlp__escape(in));
        else in->strings[in->used++] = (char)c;
    }
    in->strings[in->used++] = 0;
    return text;
}

/* The same of a string and the colon behind it; in->at is then at the value. */
static char *mlp__key(mlp__in *in)
{
    char *key = mlp__string(in);
    mlp__expect(in, ':', "JSON: a colon is missing");
    mlp__peek(in);
    return key;
}

/* Notes the key of an object, of the header or of its metadata, which must not have it yet. Different keys of equal
   hashes (FNV-1a) do not happen by chance. */
static void mlp__note(mlp__in *in, const char *key, int metadata)
{
    uint64_t hash = 14695981039346656037u ^ (uint64_t)metadata;
    size_t i;
    for (; *key; key++) hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    for (i = 0; i < in->key_count; i++) if (in->keys[i] == hash) mlp__wrong(in, "a key twice");
    if (in->key_count < in->key_room) in->keys[in->key_count++] = hash;
    else mlp__stop(in, MLP_ERR_UNSUPPORTED, NULL, "more than 4096 keys");
}

/* The types that weights can have, and their bytes; the last: any other. */
enum { MLP__F32, MLP__F64, MLP__F16, MLP__BF16, MLP__OTHER_TYPE };
static const struct { const char *name; unsigned bytes; } mlp__types[] = {
    { "F32", 4 }, { "F64", 8 }, { "F16", 2 }, { "BF16", 2 } };

/* A list of whole numbers: how many, the first two, and their product, multiplied in order; UINT64_MAX: it overflows.
   What a number must not have (sign, fraction, exponent) is found by who expects what follows it. */
static uint64_t mlp__list(mlp__in *in, size_t *count, uint64_t *first, uint64_t *second)
{
    uint64_t product = 1;
    *count = 0;
    mlp__expect(in, '[', "JSON: a list is missing");
    while (mlp__next(in, ']', count)) {
        const int zero = mlp__peek(in) == '0';
        const size_t begin = in->at;
        uint64_t value = 0, more = 0;
        while (in->at < in->end && mlp__append_digit(&value, in->bytes[in->at], 10)) in->at++;
        if (in->at == begin || (zero && in->at > begin + 1) || mlp__append_digit(&more, mlp__peek(in), 10))
            mlp__wrong(in, "JSON: a whole number below 2^64, without zeros in front, is missing");
        product = product == UINT64_MAX || (value && product > UINT64_MAX / value) ? UINT64_MAX : product * value;
        if (*count <= 2) *(*count == 1 ? first : second) = value;
    }
    return product;
}

static int mlp__name_index(const char *const *names, const char *word)
{
    int i;
    for (i = 0; names[i]; i++) if (strcmp(names[i], word) == 0) return i;
    return -1;
}

/* The value of a tensor's key. Its bytes must be those that its type and shape need; that they are in the file comes
   later. */
static void mlp__entry(mlp__in *in, mlp__tensor *t)
{
    static const char *const keys[] = { "dtype", "shape", "data_offsets", NULL };
    uint64_t elements = 0;
    size_t n = 0, rank = 0, two = 0;
    int seen = 0;
    mlp__expect(in, '{', "JSON: a tensor is not an object");
    while (mlp__next(in, '}', &n)) {
        const int k = mlp__name_index(keys, mlp__key(in));
        if (k < 0) mlp__wrong(in, "a tensor has only dtype, shape and data_offsets");
        else if (seen >> k & 1) mlp__wrong(in, "a key twice");
        else seen |= 1 << k;
        if (k == 0) {
            const char *type = mlp__string(in);
            while (t->type < MLP__OTHER_TYPE && strcmp(type, mlp__types[t->type].name) != 0) t->type++;
        } else if (k == 1) {
            t->shape = (uint32_t)in->at;
            elements = mlp__list(in, &rank, &t->rows, &t->columns);
        } else mlp__list(in, &two, &t->begin, &t->end);
    }
    t->rank = (uint32_t)rank;
    if (seen != 7 || two != 2) mlp__wrong(in, "a tensor needs dtype, shape and two data_offsets");
    if (t->end < t->begin) mlp__wrong(in, "data_offsets go backwards");
    if (elements > UINT64_MAX / 8) mlp__wrong(in, "a shape whose product overflows");
    if (t->type != MLP__OTHER_TYPE && elements * mlp__types[t->type].bytes != t->end - t->begin)
        mlp__wrong(in, "data_offsets are not those of the shape");
}

/* An object of strings, or null. */
static void mlp__metadata(mlp__in *in)
{
    size_t n = 0;
    if (mlp__peek(in) == 'n' && in->end - in->at >= 4 && memcmp(in->bytes + in->at, "null", 4) == 0) {
        in->at += 4;
        return;
    }
    mlp__expect(in, '{', "JSON: the metadata is not an object");
    in->metadata = in->at;
    in->texts = in->used;
    while (mlp__next(in, '}', &n)) {
        mlp__note(in, mlp__key(in), 1);
        mlp__string(in);
    }
    in->texts_size = in->used - in->texts;
}

static void mlp__scan(mlp__in *in)
{
    size_t n = 0;
    in->at = 8 + mlp__not_utf8(in->bytes + 8, in->end - 8);
    if (in->at < in->end) mlp__wrong(in, "the header is not UTF-8");
    in->at = 8;
    mlp__expect(in, '{', "not a safetensors file: the header is not a JSON object");
    while (mlp__next(in, '}', &n)) {
        mlp__tensor t;
        memset(&t, 0, sizeof t);
        mlp__peek(in);
        t.key = (uint32_t)in->at + 1;                       /* behind the opening mark */
        t.name = mlp__key(in);
        mlp__note(in, t.name, 0);
        if (strcmp(t.name, "__metadata__") == 0) { mlp__metadata(in); continue; }
        mlp__entry(in, &t);
        if (in->tensor_count < in->tensor_room) in->tensors[in->tensor_count++] = t;
    }
    if (mlp__peek(in) >= 0) mlp__wrong(in, "JSON: something behind the end of the header");
}

/* No holes, no overlaps, from the first byte of data to the last of the file: the data of each tensor begin where those
   of another end, or at 0, and overlap no others. */
static void mlp__check_places(mlp__in *in)
{
    const mlp__tensor *t, *other, *behind = in->tensors + in->tensor_count;
    const uint64_t here = in->size - in->end;
    uint64_t end = 0;
    for (t = in->tensors; t < behind; t++) {
        int joins = t->begin == 0, overlaps = 0;
        for (other = in->tensors; other < behind; other++) {
            joins |= other->end == t->begin && other->begin < other->end;
            overlaps |= other != t && other->begin < t->end && t->begin < other->end;
        }
        if (!joins || overlaps) mlp__stop(in, MLP_ERR_FORMAT, t, "data_offsets leave a hole or overlap");
        if (t->end > end) end = t->end;
    }
    in->at = here < end ? in->size : in->end + (size_t)end;
    if (here != end) mlp__wrong(in, here < end ? "the file ends too early" : "bytes behind the last tensor");
}

/* The header, and what it says of the size of the file; afterwards tensors and metadata are known. The shortest entry
   of a tensor has 47 bytes, the first string of the metadata 6, with its comma each other 7; a few empty strings may
   follow an error. */
static void mlp__read_header(mlp__in *in)
{
    const mlp_allocator *allocator = &in->how.allocator;
    size_t n;
    if (mlp__check_start(in)) return;
    n = (size_t)mlp__little_endian(in->bytes, 8);
    in->at = in->size;
    if (n > in->size - 8) { mlp__wrong(in, "the file ends too early"); return; }
    in->end = 8 + n;
    in->tensor_room = mlp__smaller(MLP__MOST_KEYS, n / 47 + 1);
    in->key_room = mlp__smaller(MLP__MOST_KEYS, n / 7 + 2);
    in->tensors = (mlp__tensor *)mlp__alloc(allocator, in->tensor_room * sizeof(mlp__tensor));
    in->keys = (uint64_t *)mlp__alloc(allocator, in->key_room * sizeof(uint64_t));
    in->strings = (char *)mlp__alloc(allocator, n + 8);
    if (!in->tensors || !in->keys || !in->strings) mlp__stop(in, MLP_ERR_MEMORY, NULL, "out of memory");
    else mlp__scan(in);
    mlp__free(allocator, in->keys);
    if (!in->wrong) mlp__check_places(in);
}

/* ---- loading: the metadata ---- */

/* The value of a key among texts. NULL: there is none */
static const char *mlp__text_of(const char *texts, size_t size, const char *key)
{
    const char *end = texts + size;
    for (; texts < end; texts = mlp__behind(mlp__behind(texts))) if (strcmp(texts, key) == 0) return mlp__behind(texts);
    return NULL;
}

/* Copies a text behind those of so many bytes; bytes of all. */
static size_t mlp__add_text(char *texts, size_t size, const char *key, const char *value)
{
    const size_t keys = strlen(key) + 1, values = strlen(value) + 1;
    memcpy(texts + size, key, keys);
    memcpy(texts + size + keys, value, values);
    return size + keys + values;
}

static const char *mlp__value_of(const mlp__in *in, const char *key)
{
    return mlp__text_of(in->strings + in->texts, in->texts_size, key);
}

enum { MLP__WORD = 48 };

/* The next word of a value; 0: there is none. Of longer words the beginning: none is known. */
static int mlp__word(const char **value, char *word)
{
    mlp__text text = { word, 0, MLP__WORD };
    *word = 0;
    *value += strspn(*value, " ");
    for (; **value && **value != ' '; ++*value) mlp__say_char(&text, **value < 0x20 || **value > 0x7e ? '?' : **value);
    return *word != 0;
}

/* A word as the value of a field of this kind and size; 0: it is none. */
static int mlp__word_value(const mlp__field *f, const char *word, uint64_t *value)
{
    const int index = f->names ? mlp__name_index(f->names, word) : 0;
    const size_t n = strlen(word);
    *value = (uint64_t)index;
    if (f->names) return index >= 0;
    for (; *word; word++) if (!mlp__append_digit(value, *word, f->kind == MLP__A_FLOAT ? 16 : 10)) return 0;
    return f->kind == MLP__A_FLOAT ? n == 2 * f->size : f->size == 8 || *value >> 8 * f->size == 0;
}

/* The fields of a table, of n structs, `stride` bytes apart. What the file does not have stays. */
static void mlp__read_fields(mlp__in *in, const mlp__field *f, size_t fields, void *base, size_t n, size_t stride)
{
    in->at = in->metadata;                                  /* of an error */
    for (; fields > 0; fields--, f++) {
        const char *words = mlp__value_of(in, f->key);
        char word[MLP__WORD];
        uint64_t value;
        size_t i;
        for (i = 0; words && i < n && !in->wrong; i++) {
            if (!mlp__word(&words, word))
                mlp__stop(in, MLP_ERR_FORMAT, NULL, "metadata: %s: too few values", f->key);
            else if (!mlp__word_value(f, word, &value))
                mlp__stop(in, f->names ? MLP_ERR_UNSUPPORTED : MLP_ERR_FORMAT, NULL, "metadata: %s: %s%s", f->key,
                          f->names ? "this version does not know " : "no number: ", word);
            else if (f->names && strcmp(word, "custom") == 0)
                mlp__stop(in, MLP_ERR_ARGUMENT, NULL,
                          "metadata: %s: custom functions need a desc in mlp_load_desc", f->key);
            else memcpy((char *)base + i * stride + f->offset, mlp__low_bytes(&value, f->size), f->size);
        }
        if (words && mlp__word(&words, word))
            mlp__stop(in, MLP_ERR_FORMAT, NULL, "metadata: %s: too many values", f->key);
    }
}

/* All but the sizes. */
static void mlp__read_desc(mlp__in *in, int layers, mlp_desc *d)
{
    uint64_t version = 0;
    if (!mlp__value_of(in, mlp__version_field.key))
        mlp__refuse(in, "the file does not say its activations: give them, or a desc, in mlp_load_desc");
    mlp__read_fields(in, &mlp__version_field, 1, &version, 1, 0);
    if (version > MLP__FILE_VERSION)
        mlp__stop(in, MLP_ERR_UNSUPPORTED, NULL, "the file is of a later version of mlp.h");
    if (!mlp__value_of(in, mlp__layer_fields[0].key))
        mlp__stop(in, MLP_ERR_FORMAT, NULL, "metadata: %s is missing", mlp__layer_fields[0].key);
    mlp__read_fields(in, MLP__TABLE(mlp__layer_fields), d->layers, (size_t)layers, sizeof(mlp_layer));
    mlp__read_fields(in, MLP__TABLE(mlp__desc_fields), d, 1, 0);
}

/* ---- loading: from tensors to layers ---- */

/* A Linear: its name, that is what is before "weight" and "bias"; its weight and its bias, NULL: not there. layer: the
   Linears in order. */
typedef struct { const char *name; const mlp__tensor *tensor[2]; } mlp__linear;
typedef struct { mlp__linear linear[MLP_MAX_LAYERS]; const mlp__linear *layer[MLP_MAX_LAYERS]; int count;
                 const mlp__tensor *array[MLP__ARRAYS]; } mlp__chain;

/* Whether a tensor is a weight (0) or a bias (1), whose ending and point are taken off its name; -1: neither. */
static int mlp__take_ending(char *name)
{
    static const char *const endings[] = { "weight", "bias", NULL };
    char *point = strrchr(name, '.');
    const int bias = mlp__name_index(endings, point ? point + 1 : name);
    if (bias >= 0) *(point ? point : name) = 0;
    return bias;
}

/* Takes "mlp.memberN." off a name: N, or 0 if it is another. */
static uint64_t mlp__take_member(char **name)
{
    char *at = *name + sizeof MLP__MEMBER - 1;
    uint64_t member = 0;
    if (strncmp(*name, MLP__MEMBER, sizeof MLP__MEMBER - 1) != 0) return 0;
    while (mlp__append_digit(&member, *at, 10)) at++;
    if (member == 0 || *at != '.') return 0;
    *name = at + 1;
    return member;
}

/* The Linear with that name; with may_add a new one if there is none. NULL: there is none, or no room. */
static mlp__linear *mlp__linear_named(mlp__chain *chain, const char *name, int may_add)
{
    mlp__linear *linear = chain->linear;
    int i;
    for (i = 0; i < chain->count; i++, linear++) if (strcmp(linear->name, name) == 0) return linear;
    if (!may_add || chain->count == MLP_MAX_LAYERS) return NULL;
    linear->name = name;
    chain->count++;
    return linear;
}

/* Sorts the tensors into Linears by their names: all of them, or those of mlp_load_desc.names. */
static mlp_result mlp__read_chain(mlp__in *in, mlp__chain *chain)
{
    const int named = in->how.name_count;
    size_t i;
    int k;
    memset(chain, 0, sizeof *chain);
    for (k = 0; k < named; k++)
        if (!in->how.names || !in->how.names[k] || !mlp__linear_named(chain, in->how.names[k], 1)
            || chain->count != k + 1)
            return mlp__refuse(in, "mlp_load_desc.names: NULL, twice, or more than 32");
    for (i = 0; i < in->tensor_count; i++) {
        const mlp__tensor *t = &in->tensors[i];
        char *name = t->name;
        const uint64_t member = mlp__take_member(&name);
        const int array = mlp__name_index(mlp__array_names, name), bias = mlp__take_ending(name);
        const mlp__tensor **slot = array >= 0 ? &chain->array[array] : NULL;
        mlp__linear *linear;
        if (member != (uint64_t)in->how.member) continue;
        linear = bias >= 0 ? mlp__linear_named(chain, name, !named) : NULL;
        if (linear) slot = &linear->tensor[bias];
        if (linear && t->type == MLP__OTHER_TYPE)
            mlp__stop(in, MLP_ERR_UNSUPPORTED, t, "its dtype is not F32, F64, F16 or BF16");
        if (slot && *slot) mlp__stop(in, MLP_ERR_UNSUPPORTED, t, "another one means the same");
        else if (slot) *slot = t;
        else if (!named)
            mlp__stop(in, MLP_ERR_UNSUPPORTED, t, bias >= 0 ? "more than 32 layers"
                                                            : "not of a Linear, which has weight and bias");
    }
    if (chain->count == 0 && in->how.member) mlp__refuse(in, "the file has no such member");
    if (chain->count == 0) mlp__stop(in, MLP_ERR_UNSUPPORTED, NULL, "the file has no tensors");
    return in->wrong;
}

/* The shape of a Linear's tensors. */
static void mlp__check_linear(mlp__in *in, const mlp__linear *linear)
{
    const mlp__tensor *w = linear->tensor[0], *b = linear->tensor[1];
    if (!w && !b) mlp__stop(in, MLP_ERR_ARGUMENT, NULL, "names: '%s' is not in the file", linear->name);
    else if (!w) mlp__stop(in, MLP_ERR_UNSUPPORTED, b, "its module has no weight");
    else if (w->rank != 2) mlp__stop(in, MLP_ERR_UNSUPPORTED, w, "not a Linear, whose weights have two sizes");
    else if (w->rows < 1 || w->columns < 1 || w->rows > INT32_MAX || w->columns > INT32_MAX)
        mlp__stop(in, MLP_ERR_UNSUPPORTED, w, "sizes must be at least 1 and fit into an int");
    else if (b && (b->rank != 1 || b->rows != w->rows))
        mlp__stop(in, MLP_ERR_UNSUPPORTED, b, "not a bias of %u units", w->rows);
}

/* Where two names first differ: below 0 if both have a number there and that of a is less, above if more; else 0. */
static int mlp__compare_numbers(const char *a, const char *b)
{
    while (*a) {
        const char *a_begin = a, *b_begin = b;
        uint64_t a_number = 0, b_number = 0;
        while (mlp__append_digit(&a_number, *a, 10)) a++;
        while (mlp__append_digit(&b_number, *b, 10)) b++;
        if ((a > a_begin) != (b > b_begin)) break;
        if (a_number != b_number) return a_number < b_number ? -1 : 1;
        if (a == a_begin && *a++ != *b++) break;
    }
    return 0;
}

/* Puts the Linears into the order of mlp_load_desc.names, or into the only one that makes a net of them. Next is always
   one that can come after none of those that are left: it must, since all but the first of these come after another. */
static mlp_result mlp__order_chain(mlp__in *in, mlp__chain *chain)
{
    uint32_t after[MLP_MAX_LAYERS] = { 0 }, left = (uint32_t)(((uint64_t)1 << chain->count) - 1);
    int i, k, place;
    for (i = 0; i < chain->count; i++) mlp__check_linear(in, &chain->linear[i]);
    for (i = 0; i < chain->count && !in->wrong; i++)
        for (k = 0; k < chain->count; k++) {
            const mlp__linear *a = &chain->linear[k], *b = &chain->linear[i];
            const int numbers = in->how.name_count ? k - i : mlp__compare_numbers(a->name, b->name);
            const int fits = k != i && a->tensor[0]->rows == b->tensor[0]->columns;
            if (numbers < 0 || (numbers == 0 && fits)) after[i] |= (uint32_t)1 << k;
        }
    for (place = 0; left && !in->wrong; place++) {
        const mlp__linear *before = place ? chain->layer[place - 1] : NULL, *next;
        for (i = 0; i < chain->count && (!(left >> i & 1) || after[i] & left); i++) {}
        if (i == chain->count)
            return mlp__stop(in, MLP_ERR_UNSUPPORTED, chain->linear[0].tensor[0],
                             "the order of the layers is not certain: give mlp_load_desc.names");
        chain->layer[place] = next = &chain->linear[i];
        left &= ~((uint32_t)1 << i);
        if (before && next->tensor[0]->columns != before->tensor[0]->rows)
            mlp__stop(in, MLP_ERR_UNSUPPORTED, next->tensor[0], "its inputs are not the %u outputs before it",
                      before->tensor[0]->rows);
    }
    return in->wrong;
}

/* The desc of the net: the caller's, or the file's. Its sizes must be those of the tensors unless they are 0; the
   caller's activations take the place of others. */
static mlp_result mlp__plan_loading(mlp__in *in, const mlp__chain *chain, mlp_desc *d)
{
    const mlp_load_desc *how = &in->how;
    int l, given;
    memset(d, 0, sizeof *d);
    if (how->desc) *d = *how->desc;
    else if ((!how->hidden && !how->output) || mlp__value_of(in, mlp__version_field.key))
        mlp__read_desc(in, chain->count, d);
    if (in->wrong == MLP_ERR_FORMAT && how->name_count) {
        in->wrong = MLP_OK;                                 /* another error in its place */
        mlp__refuse(in, "names: the file's own desc is of other layers: give hidden and output, or a desc");
    }
    given = d->layers[0].units != 0 || d->inputs != 0;
    if (!given) d->inputs = (int)chain->layer[0]->tensor[0]->columns;
    for (l = 0; l < chain->count; l++) {
        const mlp__tensor *w = chain->layer[l]->tensor[0], *b = chain->layer[l]->tensor[1];
        const mlp_activation activation = l < chain->count - 1 ? how->hidden : how->output;
        mlp_layer *layer = &d->layers[l];
        if (!given) layer->units = (int)w->rows;
        if ((uint64_t)layer->units != w->rows || (l == 0 && (uint64_t)d->inputs != w->columns))
            mlp__stop(in, MLP_ERR_ARGUMENT, w, "not the sizes of this layer in mlp_load_desc.desc");
        if (layer->no_bias && b) mlp__stop(in, MLP_ERR_ARGUMENT, b, "a bias, but no_bias in mlp_load_desc.desc");
        layer->no_bias = !b;
        if (!activation || layer->activation == activation) continue;
        layer->activation = activation;
        layer->alpha = 0;
        if (l < chain->count - 1) continue;
        d->loss = activation == MLP_ACT_SOFTMAX ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_DEFAULT;
        d->loss_delta = d->label_smoothing = 0;
    }
    if (l < MLP_MAX_LAYERS && d->layers[l].units != 0)
        mlp__refuse(in, "mlp_load_desc.desc has more layers than the file");
    if (how->kernels) d->kernels = how->kernels;
    d->allocator = how->allocator;
    d->error = in->error;
    return in->wrong;
}

/* An element of a tensor as the bits of a float. */
static uint32_t mlp__element(uint32_t type, const unsigned char *p, size_t i)
{
    uint64_t u = mlp__little_endian(p + mlp__types[type].bytes * i, (int)mlp__types[type].bytes);
    const uint32_t half = (uint32_t)(u & 0x7fff) << 13;
    double d;
    if (type == MLP__F32) return (uint32_t)u;
    if (type == MLP__BF16) return (uint32_t)u << 16;
    if (type == MLP__F64) { memcpy(&d, &u, 8); return mlp__bits((float)d); }
    /* F16: the exponents are 112 apart, but for NaN and infinity */
    return (uint32_t)(u >> 15) << 31
           | (half >= 0x0f800000 ? half | 0x7f800000 : mlp__bits(mlp__float(half) * 5.192296858534828e33f));
}

/* The elements of a tensor, one after another, or with panels as weights of that layer. */
static void mlp__read_values(const mlp__in *in, const mlp__tensor *t, const mlp__shape *panels, float *to)
{
    const unsigned char *from = in->bytes + in->end + (size_t)t->begin;
    const size_t width = t->rank == 2 ? (size_t)t->columns : 1;
    size_t row, i;
    for (row = 0; row < t->rows; row++)
        for (i = 0; i < width; i++) {
            const uint32_t bits = mlp__element(t->type, from, row * width + i);
            memcpy(to + (panels ? mlp__weight_at(panels, row, i) : row * width + i), &bits, 4);
        }
}

/* An array of ours must have this shape; columns: 0 for one size. */
static mlp_result mlp__check_array(mlp__in *in, const mlp__tensor *t, size_t rows, size_t columns)
{
    if (t->type == MLP__F32 && t->rank == (columns ? 2 : 1) && t->rows == rows && (!columns || t->columns == columns))
        return in->wrong;
    return mlp__stop(in, MLP_ERR_FORMAT, t, columns ? "not F32 [%z,%z]" : "not F32 [%z]", rows, columns);
}

/* The scales, which the net must have if the file has them. */
static void mlp__read_scales(mlp__in *in, const mlp__tensor *t, mlp *net)
{
    const size_t rows = net->inputs + net->outputs;
    size_t i;
    if (!net->scales) mlp__stop(in, MLP_ERR_UNSUPPORTED, t, "the net is scaled, but the desc does not say so");
    if (mlp__check_array(in, t, rows, 2)) return;
    mlp__read_values(in, t, NULL, net->scales);
    for (i = 0; i < 2 * rows; i++)
        if (!mlp__finite(net->scales[i]) || (i % 2 && !(net->scales[i] > 0)))
            mlp__stop(in, MLP_ERR_FORMAT, t, "not finite, or not positive");
    net->scaled = 1;
}

/* The arrays of the optimizer, as many as it may have. Memory is for what the file has. */
static void mlp__read_state(mlp__in *in, const mlp__tensor *t, mlp__opt_state *s, mlp *net)
{
    const mlp__opt_facts facts = MLP__FACTS(mlp__optimizers, s->kind);
    const int most = facts.takes & MLP__TAKES_HISTORY ? 2 * (int)MLP__MOST_PAIRS + 1 : facts.arrays;
    if (!facts.known || (t && t->rows > (uint64_t)most))
        mlp__wrong(in, "metadata: mlp.train.optimizer is not one of this state");
    s->arrays = t ? (int)t->rows : 0;
    if (t) mlp__check_array(in, t, (size_t)t->rows, net->count);
    if (!in->wrong) in->wrong = mlp__need_training(net, MLP__FEWEST_ROWS, s->arrays, in->error);
    if (in->wrong) return;
    memcpy(net->training.state, s, sizeof *s);
    if (t) mlp__read_values(in, t, NULL, mlp__arrays_of(net->training.state));
}

/* The state of the optimizer, the parameters of the best epoch, and how far training has come. */
static void mlp__read_checkpoint(mlp__in *in, const mlp__chain *chain, mlp *net)
{
    const mlp__tensor *best = chain->array[MLP__BEST];
    mlp__resume resume;
    mlp__opt_state *s = &resume.opt;
    memset(&resume, 0, sizeof resume);
    if (!mlp__value_of(in, "mlp.train")) mlp__stop(in, MLP_ERR_UNSUPPORTED, NULL, "the file is not a checkpoint");
    mlp__read_fields(in, MLP__TABLE(mlp__resume_fields), &resume, 1, 0);
    if (!(s->beta1_power >= 0 && s->beta1_power <= 1) || !(s->beta2_power >= 0 && s->beta2_power <= 1))
        mlp__wrong(in, "metadata: mlp.train makes no sense");
    net->course = resume.course;
    net->resumed = net->course.epoch > net->course.start;
    if (best && !mlp__check_array(in, best, net->count, 0)) {
        net->training.best = (float *)mlp__alloc(&net->desc.allocator, net->count * sizeof(float));
        if (!net->training.best) { mlp__stop(in, MLP_ERR_MEMORY, NULL, "out of memory"); return; }
        mlp__read_values(in, best, NULL, net->training.best);
        if (mlp__first_nonfinite(net, net->training.best, 1, net->count, net->count) < net->count)
            mlp__stop(in, MLP_ERR_FORMAT, best, "not finite");
    }
    if (!in->wrong && s->steps > 0) mlp__read_state(in, chain->array[MLP__STATE], s, net);
}

/* Whether a key of the metadata is none of the user's. */
static int mlp__is_own_key(const char *key)
{
    return !*key || strcmp(key, "format") == 0 || strncmp(key, "mlp.", 4) == 0;
}

/* The user's strings of the metadata; those with a 0 in them are none in C. */
static void mlp__read_texts(mlp__in *in, mlp *net)
{
    const char *key = in->strings + in->texts, *end = key + in->texts_size, *value;
    for (; key < end; key = mlp__behind(value)) {
        value = mlp__behind(key);
        if (mlp__is_own_key(key) || strstr(key, "\300\200") || strstr(value, "\300\200")) continue;
        if (!net->texts) net->texts = (char *)mlp__alloc(&in->how.allocator, (size_t)(end - key));
        if (!net->texts) { mlp__stop(in, MLP_ERR_MEMORY, NULL, "out of memory"); return; }
        net->texts_size = mlp__add_text(net->texts, net->texts_size, key, value);
    }
}

/* Whether the net does to the test vector, if there is one, what it did to it when it was saved. */
static void mlp__check_test(mlp__in *in, const mlp *net)
{
    float tolerance = 0, *x, *expected, *y;
    size_t j;
    if (!mlp__value_of(in, "mlp.test")) return;
    x = (float *)mlp__alloc(&in->how.allocator, (net->inputs + 2 * net->outputs) * sizeof(float));
    if (!x) { mlp__stop(in, MLP_ERR_MEMORY, NULL, "out of memory"); return; }
    expected = x + net->inputs;
    y = expected + net->outputs;
    memset(x, 0, (net->inputs + net->outputs) * sizeof(float));
    mlp__read_fields(in, &mlp__test_input, 1, x, net->inputs, sizeof(float));
    mlp__read_fields(in, &mlp__test_output, 1, expected, net->outputs, sizeof(float));
    mlp__read_fields(in, &mlp__test_tolerance, 1, &tolerance, 1, 0);
    if (!in->wrong && mlp_predict(net, x, 1, y)) mlp__stop(in, MLP_ERR_MEMORY, NULL, "out of memory");
    for (j = 0; j < net->outputs && !in->wrong; j++) {
        const double off = (double)y[j] - (double)expected[j];
        if ((off < 0 ? -off : off) <= (double)tolerance * (1 + (double)mlp__abs1(expected[j]))) continue;
        mlp__wrong(in, "not the outputs of the file's test vector: other activations, or weights");
        mlp__at(in->error, in->wrong, 0, j);
    }
    mlp__free(&in->how.allocator, x);
}

/* The net and its training. */
static void mlp__build(mlp__in *in, mlp **net)
{
    mlp__chain chain;
    mlp_desc d;
    int l;
    in->at = 0;                                             /* of an error that is at no byte */
    if (mlp__read_chain(in, &chain) || mlp__order_chain(in, &chain) || mlp__plan_loading(in, &chain, &d)) return;
    in->wrong = mlp__make_blank(net, NULL, 0, &d);
    if (in->wrong == MLP_ERR_ARGUMENT && !in->how.desc && !in->how.hidden && !in->how.output) {  /* the file said it */
        in->wrong = MLP_ERR_FORMAT;
        if (in->error) in->error->code = in->wrong;
    }
    if (in->wrong) return;
    for (l = 0; l < chain.count; l++) {
        const mlp__tensor *const *t = chain.layer[l]->tensor;
        mlp__read_values(in, t[0], &(*net)->shape[l], (*net)->params);
        if (t[1]) mlp__read_values(in, t[1], NULL, (*net)->params + (*net)->shape[l].b);
    }
    if (chain.array[MLP__SCALES]) mlp__read_scales(in, chain.array[MLP__SCALES], *net);
    if (!in->wrong && in->how.checkpoint) mlp__read_checkpoint(in, &chain, *net);
}

/* Of bytes that are here, unless there was an error already. They are given back early, so that memory stays small. */
static mlp_result mlp__load(mlp__in *in, mlp **net)
{
    if (!in->wrong) mlp__read_header(in);
    if (!in->wrong) mlp__build(in, net);
    mlp__free(&in->how.allocator, in->buffer);
    mlp__free(&in->how.allocator, in->tensors);
    if (!in->wrong) mlp__read_texts(in, *net);
    if (!in->wrong && !in->how.member) mlp__check_test(in, *net);
    mlp__free(&in->how.allocator, in->strings);
    if (!in->wrong) return mlp__ok(in->error);
    mlp_destroy(*net);
    *net = NULL;
    return in->wrong;
}

static mlp_result mlp__begin_loading(mlp__in *in, mlp **net, const void *source, const mlp_load_desc *desc)
{
    mlp_load_desc *how = &in->how;
    memset(in, 0, sizeof *in);
    if (desc) *how = *desc;
    how->max_header = mlp__smaller(how->max_header ? how->max_header : (size_t)MLP__HEADER, MLP__MOST_HEADER);
    if (how->desc && !how->allocator.alloc && !how->allocator.free) how->allocator = how->desc->allocator;
    in->error = how->desc && !how->error ? how->desc->error : how->error;
    if (net) *net = NULL;
    if (!net || !source) mlp__refuse(in, "net, path or data is NULL");
    if (!how->allocator.alloc != !how->allocator.free) mlp__refuse(in, "allocator: alloc and free go together");
    if (how->desc && (how->hidden || how->output)) mlp__refuse(in, "a desc, or activations: not both");
    if (how->name_count < 0) mlp__refuse(in, "name_count is negative");
    if (how->member < 0 || (how->member && how->checkpoint)) mlp__refuse(in, "member: negative, or with checkpoint");
    return in->wrong;
}

MLP_API mlp_result mlp_load_memory(mlp **net, const void *data, size_t size, const mlp_load_desc *desc)
{
    mlp__in in;
    if (mlp__begin_loading(&in, net, data, desc)) return in.wrong;
    in.bytes = (const unsigned char *)data;
    in.size = size;
    return mlp__load(&in, net);
}

/* ---- texts ---- */

MLP_API const char *mlp_get_text(const mlp *net, const char *key)
{
    return net && net->texts && key ? mlp__text_of(net->texts, net->texts_size, key) : NULL;
}

MLP_API mlp_result mlp_set_text(mlp *net, const char *key, const char *value)
{
    const char *at = net ? net->texts : NULL, *end = at ? at + net->texts_size : NULL;
    size_t keys, values, size = 0;
    char *texts;
    if (!net || !key || mlp__is_own_key(key)) return MLP_ERR_ARGUMENT;
    keys = strlen(key) + 1;
    values = value ? strlen(value) + 1 : 0;
    if (mlp__not_utf8(key, keys) < keys || mlp__not_utf8(value, values) < values) return MLP_ERR_ARGUMENT;
    texts = (char *)mlp__alloc(&net->desc.allocator, net->texts_size + keys + values);
    if (!texts) return MLP_ERR_MEMORY;
    for (; at < end; at = mlp__behind(mlp__behind(at)))
        if (strcmp(at, key) != 0) size = mlp__add_text(texts, size, at, mlp__behind(at));
    if (value) size = mlp__add_text(texts, size, key, value);
    mlp__free(&net->desc.allocator, net->texts);
    net->texts = texts;
    net->texts_size = size;
    return MLP_OK;
}

/* ---- files ---- */

#ifndef MLP_NO_STDIO

#include <stdio.h>                          /* rename, remove */

/* File descriptors rather than FILE: C99 has no exclusive creation, and fsync needs one anyway. */
#if defined(_WIN32)
    #include <io.h>
    #include <share.h>
    #include <wchar.h>
    #define MLP__POSIX(name) _##name
    #define MLP__SEPARATORS "/\\:"
    #ifdef __cplusplus
    extern "C" {
    #endif
    __declspec(dllimport) int __stdcall MoveFileExW(const wchar_t *, const wchar_t *, unsigned long);
    __declspec(dllimport) int __stdcall MultiByteToWideChar(unsigned, unsigned long, const char *, int, wchar_t *, int);
    __declspec(dllimport) unsigned long __stdcall GetLastError(void);
    #ifdef __cplusplus
    }
    #endif
#elif defined(__unix__) || defined(__APPLE__) || defined(__wasi__) || defined(__HAIKU__)
    #include <unistd.h>
    #ifndef __wasi__
        #include <sys/file.h>
    #endif
    #define MLP__POSIX(name) name
#endif
#ifndef MLP__SEPARATORS
    #define MLP__SEPARATORS "/"
#endif

#ifdef MLP__POSIX
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* A file is its descriptor + 1, so that none is NULL. */
static void *mlp__io_file(int fd) { return fd < 0 ? NULL : (void *)((intptr_t)fd + 1); }
static int mlp__io_fd(void *file) { return (int)((intptr_t)file - 1); }

/* what errno means, without the locale */
static const char *mlp__io_reason(MLP__UNUSED void *user)
{
    static const struct { int error; const char *text; } reasons[] = {
        { ENOENT, "no such file or folder" }, { EACCES, "permission denied" }, { EPERM, "not permitted" },
        { EISDIR, "it is a folder" }, { ENOTDIR, "a part of the path is no folder" }, { EEXIST, "the file exists" },
        { ENOSPC, "no space left on the device" }, { EROFS, "a read-only file system" }, { EIO, "input/output error" },
        { ENAMETOOLONG, "the name is too long" }, { EFBIG, "the file is too large" }, { EBUSY, "it is in use" },
        { EMFILE, "too many open files" }, { ENFILE, "too many open files in the system" }, { ENOMEM, "out of memory" },
        { EXDEV, "on another file system" }, { EINVAL, "not possible here" }, { ENODEV, "no such device" },
        { ENXIO, "no such device" }, { EINTR, "interrupted" },
    #ifdef EDQUOT
        { EDQUOT, "the quota is used up" }, { ELOOP, "too many symbolic links" }, { ESTALE, "the file is gone" },
    #endif
        { EAGAIN, "not ready" } };
    size_t i;
    for (i = 0; i < MLP__COUNT(reasons); i++) if (reasons[i].error == errno) return reasons[i].text;
    return "an error of the system";
}

enum { MLP__PIECE = 1 << 30 };              /* systems refuse more than 2 GiB at once */

/* Reads, or with to NULL writes: how many bytes, or SIZE_MAX. */
static size_t mlp__transfer(void *file, char *to, const char *from, size_t size)
{
    const int fd = mlp__io_fd(file);
    size_t done = 0;
    while (done < size) {
        const unsigned part = (unsigned)mlp__smaller(size - done, MLP__PIECE);
        const long long n = to ? MLP__POSIX(read)(fd, to + done, part) : MLP__POSIX(write)(fd, from + done, part);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return SIZE_MAX;
        if (n == 0) break;
        done += (size_t)n;
    }
    return done;
}

static size_t mlp__io_read(MLP__UNUSED void *user, void *file, void *to, size_t size)
{
    return mlp__transfer(file, (char *)to, NULL, size);
}

static int mlp__io_write(MLP__UNUSED void *user, void *file, const void *from, size_t size)
{
    return mlp__transfer(file, NULL, (const char *)from, size) != size;
}

/* Interrupted, it is closed all the same. */
static int mlp__io_close(MLP__UNUSED void *user, void *file)
{
    return MLP__POSIX(close)(mlp__io_fd(file)) && errno != EINTR;
}

#ifdef _WIN32

enum { MLP__PATH = 1024 };

/* Paths are UTF-8; what is not is read as text of the ANSI code page. */
static int mlp__wide(const char *path, wchar_t *wide)
{
    if (MultiByteToWideChar(65001, 8, path, -1, wide, MLP__PATH) > 0) return 1;
    if (MultiByteToWideChar(0, 0, path, -1, wide, MLP__PATH) > 0) return 1;
    errno = ENAMETOOLONG;
    return 0;
}

/* A new file is ours alone while it is open, so that one left behind by a crash, and no other, can be removed first. */
static void *mlp__io_open(MLP__UNUSED void *user, const char *path, int create)
{
    const int flags = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT;
    wchar_t wide[MLP__PATH];
    if (!mlp__wide(path, wide)) return NULL;
    if (!create) return mlp__io_file(_wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT, 0));
    _wremove(wide);
    return mlp__io_file(_wsopen(wide, flags, _SH_DENYRW, _S_IREAD | _S_IWRITE));
}

static int mlp__io_sync(MLP__UNUSED void *user, void *file) { return _commit(mlp__io_fd(file)); }

static int mlp__io_rename(MLP__UNUSED void *user, const char *from, const char *to)     /* replaces, writes through */
{
    wchar_t wide_from[MLP__PATH], wide_to[MLP__PATH];
    unsigned long error;
    if (!mlp__wide(from, wide_from) || !mlp__wide(to, wide_to)) return -1;
    if (MoveFileExW(wide_from, wide_to, 1 | 8)) return 0;
    error = GetLastError();
    errno = error == 32 || error == 33 ? EBUSY : error == 2 || error == 3 ? ENOENT : EACCES;
    return -1;
}

static int mlp__io_remove(MLP__UNUSED void *user, const char *path)
{
    wchar_t wide[MLP__PATH];
    return mlp__wide(path, wide) ? _wremove(wide) : -1;
}

/* MoveFileExW has done it. */
static int mlp__io_sync_folder(MLP__UNUSED void *user, MLP__UNUSED const char *folder) { return 0; }

static size_t mlp__io_size(MLP__UNUSED void *user, void *file)
{
    const long long size = _filelengthi64(mlp__io_fd(file));
    return size > 0 && (unsigned long long)size < SIZE_MAX ? (size_t)size : SIZE_MAX;
}

static const char *mlp__io_replace(void *user, MLP__UNUSED void *file, const char *path)
{
    wchar_t wide[MLP__PATH];
    if (!mlp__wide(path, wide)) return mlp__io_reason(user);
    return _waccess(wide, 0) || !_waccess(wide, 2) ? NULL : "it is write-protected";
}

#else

#ifndef __cplusplus                         /* not declared under -std=c99 */
    #pragma GCC diagnostic push
    #pragma GCC diagnostic ignored "-Wredundant-decls"
    extern int fsync(int);
    extern int fchmod(int, mode_t);
    #pragma GCC diagnostic pop
#endif

static int mlp__open(const char *path, int flags)
{
    int fd;
#ifdef O_CLOEXEC
    flags |= O_CLOEXEC;
#endif
    do fd = open(path, flags, 0666); while (fd < 0 && errno == EINTR);
    return fd;
}

#ifdef LOCK_NB
static int mlp__is_file(int fd, const char *path)
{
    struct stat a, b;
    return !fstat(fd, &a) && !stat(path, &b) && S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether files are locked as long as they are open: an unlocked one would be taken for what a crash left until it is
   renamed. */
#define MLP__LOCKS(io) ((io)->open == mlp__io_open)
static int mlp__locked(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0; }

/* A new file, locked as long as it is open. One that is there and that nobody has locked was left by a crash, and goes;
   with the lock the name may be that of another one. Before the lock the new one may have been taken for a leftover. */
static int mlp__create(const char *path)
{
    int fd = mlp__open(path, O_RDONLY | O_NONBLOCK);
    if (fd >= 0) {
        if (mlp__is_file(fd, path) && mlp__locked(fd) && mlp__is_file(fd, path)) remove(path);
        close(fd);
    }
    fd = mlp__open(path, O_WRONLY | O_CREAT | O_EXCL);
    if (fd < 0) return fd;
    if ((mlp__locked(fd) || errno != EWOULDBLOCK) && mlp__is_file(fd, path)) return fd;     /* or no locks here */
    close(fd);
    errno = EEXIST;
    return -1;
}
#else
static int mlp__create(const char *path) { return mlp__open(path, O_WRONLY | O_CREAT | O_EXCL); }
#endif

static void *mlp__io_open(MLP__UNUSED void *user, const char *path, int create)
{
    return mlp__io_file(create ? mlp__create(path) : mlp__open(path, O_RDONLY));
}

static int mlp__io_sync(MLP__UNUSED void *user, void *file)
{
    int failed;
#ifdef F_FULLFSYNC
    if (fcntl(mlp__io_fd(file), F_FULLFSYNC) == 0) return 0;
#endif
    do failed = fsync(mlp__io_fd(file)); while (failed && errno == EINTR);
    return failed;
}

static int mlp__io_rename(MLP__UNUSED void *user, const char *from, const char *to) { return rename(from, to); }
static int mlp__io_remove(MLP__UNUSED void *user, const char *path) { return remove(path); }

/* Folders that may not be read, and file systems that do not sync folders, leave it to the system. */
static int mlp__io_sync_folder(void *user, const char *folder)
{
    const int fd = mlp__open(folder, O_RDONLY);
    int error;
    if (fd < 0) return errno != EACCES && errno != EPERM;
    error = mlp__io_sync(user, mlp__io_file(fd)) ? errno : 0;
    close(fd);
    errno = error;
    return error != 0 && error != EINVAL && error != ENOTSUP && error != ENOSYS && error != EBADF && error != EROFS;
}

static size_t mlp__io_size(MLP__UNUSED void *user, void *file)
{
    struct stat s;
    if (fstat(mlp__io_fd(file), &s) || !S_ISREG(s.st_mode) || s.st_size <= 0) return SIZE_MAX;
    return (uint64_t)s.st_size < SIZE_MAX ? (size_t)s.st_size : SIZE_MAX;
}

static const char *mlp__io_replace(void *user, MLP__UNUSED void *file, const char *path)
{
    struct stat old, now;
    if (stat(path, &old)) return errno == ENOENT ? NULL : mlp__io_reason(user);
    if (S_ISDIR(old.st_mode)) return "it is a folder";
    if (!S_ISREG(old.st_mode)) return "it is no regular file";
#ifndef __wasi__                            /* where files have no modes */
    if (!(old.st_mode & 0222)) return "it is write-protected";
    if (access(path, W_OK) || (file && fstat(mlp__io_fd(file), &now))) return mlp__io_reason(user);
    if (file && (old.st_mode ^ now.st_mode) & 0777 && fchmod(mlp__io_fd(file), old.st_mode & 0777))
        return mlp__io_reason(user);
#endif
    (void)now;
    return NULL;
}

#endif /* _WIN32 */

static const mlp_io mlp__system_io = {
    mlp__io_open, mlp__io_read, mlp__io_write, mlp__io_sync, mlp__io_close, mlp__io_rename, mlp__io_remove,
    mlp__io_sync_folder, NULL, mlp__io_size, mlp__io_replace, mlp__io_reason };
#define MLP__SYSTEM_IO &mlp__system_io

#else
    #define MLP__SYSTEM_IO NULL             /* a system without files: those of mlp_save_desc.io and mlp_load_desc.io */
#endif /* MLP__POSIX */

#ifndef MLP__LOCKS
    #define MLP__LOCKS(io) 0
#endif

/* *io: NULL becomes the system's */
static mlp_result mlp__check_io(const mlp_io **io, mlp_error *error)
{
    const mlp_io *f = *io ? *io : (*io = MLP__SYSTEM_IO);
    if (!f) return mlp__fail(error, MLP_ERR_UNSUPPORTED, -1, "this system has no files: give an mlp_io");
    if (!f->open || !f->read || !f->write || !f->sync || !f->close || !f->rename || !f->remove || !f->sync_folder)
        return MLP__REFUSE(error, "io: a function is missing");
    return MLP_OK;
}

/* An operation on a path that failed, and why; of a long path the end. */
static mlp_result mlp__fail_io(mlp_error *error, const char *what, const char *path, const char *why)
{
    const size_t n = strlen(path), cut = n > 70 ? n - 67 : 0;
    return mlp__fail(error, MLP_ERR_IO, -1, "%s %s%s: %s", what, cut ? "..." : "", path + cut, why);
}

static size_t mlp__folder_length(const char *path)
{
    size_t n = strlen(path);
    while (n > 0 && !memchr(MLP__SEPARATORS, path[n - 1], sizeof MLP__SEPARATORS - 1)) n--;
    return n;
}

enum { MLP__SUFFIX = sizeof ".mlp-tmp99", MLP__STEM = 100 };

/* Opens a new file beside path and puts its name into `name`: at most 100 bytes of path's own, whole characters, +
   ".mlp-tmpN", N the first number that serves. */
static void *mlp__open_temporary(const mlp_io *io, const char *path, char *name)
{
    const size_t folder = mlp__folder_length(path);
    size_t length = mlp__smaller(strlen(path), folder + MLP__STEM);
    void *file = NULL;
    int n;
    while ((path[length] & 0xc0) == 0x80 && length > folder) length--;
    memcpy(name, path, length);
    for (n = 0; !file && n < 100; n++) {
        mlp__text suffix = { name, length, length + MLP__SUFFIX };
        mlp__say(&suffix, ".mlp-tmp");
        mlp__say_integer(&suffix, (uint64_t)n, 1);
        file = io->open(io->user, name, 1);
    }
    return file;
}

/* name: room for the temporary file's */
static mlp_result mlp__save_as(const mlp *net, const char *path, char *name, const mlp_save_desc *how)
{
    const mlp_io *io = how->io;
    const size_t folder = mlp__folder_length(path);
    unsigned char buffer[4096];
    mlp__out o = { buffer, sizeof buffer, 0, 0, 0, io, NULL, NULL };
    mlp_result r = MLP_OK;
    if (io->replace) o.failed = io->replace(io->user, NULL, path);
    if (o.failed) return mlp__fail_io(how->error, "not saved: cannot replace", path, o.failed);
    o.file = mlp__open_temporary(io, path, name);
    if (!o.file) return mlp__fail_io(how->error, "not saved: cannot create", name, mlp__reason(io));
    if (io->replace) o.failed = io->replace(io->user, o.file, path);
    if (!o.failed) r = mlp__save_to(&o, net, how);
    mlp__write_out(&o);
    if (!o.failed && !r && io->sync(io->user, o.file)) o.failed = mlp__reason(io);
    if (!MLP__LOCKS(io) && io->close(io->user, o.file) && !o.failed) o.failed = mlp__reason(io);
    if (!r && o.failed) r = mlp__fail_io(how->error, "not saved: cannot write", path, o.failed);
    if (!r && io->rename(io->user, name, path))
        r = mlp__fail_io(how->error, "not saved: cannot rename to", path, mlp__reason(io));
    if (r) io->remove(io->user, name);
    if (MLP__LOCKS(io)) io->close(io->user, o.file);        /* it is synced: nothing can be lost */
    if (r) return r;
    memcpy(name, folder ? path : ".", folder + !folder);
    name[folder + !folder] = 0;
    if (!io->sync_folder(io->user, name)) return mlp__ok(how->error);
    return mlp__fail_io(how->error, "the new file is there, but its folder is not synced:", path, mlp__reason(io));
}

MLP_API mlp_result mlp_save(const mlp *net, const char *path, const mlp_save_desc *desc)
{
    mlp_save_desc how = desc ? *desc : mlp__save_defaults;
    mlp_result r;
    char *name;
    if (!net || !path || !*path) return MLP__REFUSE(how.error, "net is NULL, or path NULL or empty");
    r = mlp__check_io(&how.io, how.error);
    if (r) return r;
    name = (char *)mlp__alloc(&net->desc.allocator, strlen(path) + MLP__SUFFIX);
    if (!name) return mlp__fail(how.error, MLP_ERR_MEMORY, -1, "out of memory");
    r = mlp__save_as(net, path, name, &how);
    mlp__free(&net->desc.allocator, name);
    return r;
}

/* Reads the file. Its first bytes must be good before there is memory for more; where its size is not known, as with
   a pipe, memory grows with what arrives. */
static void mlp__read_file(mlp__in *in, void *file, const char *path)
{
    const mlp_io *io = in->how.io;
    const size_t size = io->size ? io->size(io->user, file) : SIZE_MAX;
    size_t room = mlp__smaller(size, 4096), got;
    for (;;) {
        unsigned char *larger = (unsigned char *)mlp__alloc(&in->how.allocator, room);
        if (!larger) { mlp__stop(in, MLP_ERR_MEMORY, NULL, "out of memory"); return; }
        if (in->size) memcpy(larger, in->buffer, in->size);
        mlp__free(&in->how.allocator, in->buffer);
        in->bytes = in->buffer = larger;
        got = io->read(io->user, file, larger + in->size, room - in->size);
        if (got > room - in->size) in->wrong = mlp__fail_io(in->error, "cannot read", path, mlp__reason(io));
        else in->size += got;
        if (in->wrong || mlp__check_start(in) || in->size < room || room == size) return;
        room = size != SIZE_MAX ? size : room + room / 2;
    }
}

MLP_API mlp_result mlp_load(mlp **net, const char *path, const mlp_load_desc *desc)
{
    mlp__in in;
    const mlp_io *io;
    void *file;
    if (!mlp__begin_loading(&in, net, path, desc)) in.wrong = mlp__check_io(&in.how.io, in.error);
    if (in.wrong) return in.wrong;
    io = in.how.io;
    file = io->open(io->user, path, 0);
    if (!file) return mlp__fail_io(in.error, "cannot open", path, mlp__reason(io));
    mlp__read_file(&in, file, path);
    io->close(io->user, file);                              /* of a file that was only read: nothing can be lost */
    return mlp__load(&in, net);
}

#endif /* MLP_NO_STDIO */
#endif /* MLP_NO_FILES */

#endif /* MLP_KERNELS_ONLY */
#endif /* MLP_IMPLEMENTATION */

/* ------------------------------------------------------------------------ >>history --

   0.1.0   first version; see CHANGELOG.md

   ------------------------------------------------------------------------ >>license --

   This software is available under two licenses; choose whichever you prefer.

   Alternative A: MIT License

   Copyright (c) 2026 the authors of mlp.h

   Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
   documentation files (the "Software"), to deal in the Software without restriction, including without limitation
   the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and
   to permit persons to whom the Software is furnished to do so, subject to the following conditions:

   The above copyright notice and this permission notice shall be included in all copies or substantial portions of
   the Software.

   THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
   THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
   AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
   CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
   DEALINGS IN THE SOFTWARE.

   Alternative B: Public Domain (www.unlicense.org)

   This is free and unencumbered software released into the public domain.

   Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in source code
   form or as a compiled binary, for any purpose, commercial or non-commercial, and by any means.

   In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all
   copyright interest in the software to the public domain. We make this dedication for the benefit of the public
   at large and to the detriment of our heirs and successors. We intend this dedication to be an overt act of
   relinquishment in perpetuity of all present and future rights to this software under copyright law.

   THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
   THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
   AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
   OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
*/
