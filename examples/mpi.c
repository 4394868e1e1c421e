/* Training on several machines: each rank takes its part of each batch, and one MPI_Allreduce over the run of
   gradients makes them that of the whole batch; all ranks then make the same update of the same weights.

      mpicc -O2 -march=native -I. examples/mpi.c -o mpi -lm
      mpirun -n 4 ./mpi digits.csv model.safetensors [epochs [hidden units [dropout [batch]]]]

   Row i of a global batch belongs to rank i mod R, and only whole batches are trained on: the mean of the ranks'
   means is the batch's. Weights and order are the same everywhere, masks of dropout are not. Rank 0 validates,
   saves a checkpoint of each best epoch and says when to stop; a job that died goes on from that file when it is
   started again. The loss is that of one process but for rounding; for the same number of ranks the bits are the
   same, too, as long as MPI_Allreduce sums in the same order. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUTS = 64, CLASSES = 10, MOST_ROWS = 2000, SEED = 1, PATIENCE = 20 };

static float x[MOST_ROWS * INPUTS];
static int label[MOST_ROWS];
static size_t split[MOST_ROWS], train, batch = 64;      /* the first `train` rows of split are trained on, */
static size_t order[MOST_ROWS];                         /* in this order */
static int rank, ranks, begun, best_epoch;              /* begun: epochs done before this run */
static const char *path;
static double in_allreduce, aside, ended;               /* seconds; aside: between epochs; ended: the last Allreduce */
static double least = INFINITY, least_work = INFINITY, best = INFINITY;
static mlp_error why;
static mlp_data data = { .error = &why, .read_labels = 1 };
static mlp_data held_out = { .error = &why, .read_labels = 1, .user = &held_out };

/* one rank's trouble ends the whole job */
static void check(mlp_result r, const char *what)
{
    if (!r) return;
    fprintf(stderr, "rank %d: %s: %s\n", rank, mlp_result_string(r), what);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* a permutation of 0 .. n-1 that depends on nothing but the number */
static void draw(size_t *to, size_t n, uint64_t number)
{
    uint64_t state = (SEED + number * 1000003u) * 2 + 1;
    size_t i, j;
    for (i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (size_t)(state >> 33) % (i + 1);
        to[i] = to[j], to[j] = i;
    }
}

/* each rank has the whole table here; where it is large, one needs its own rows only */
static size_t read_csv(const char *csv)
{
    FILE *f = fopen(csv, "r");
    size_t rows;
    int pixel, i;
    for (rows = 0; f && rows < MOST_ROWS; rows++) {
        for (i = 0; i < INPUTS && fscanf(f, "%d,", &pixel) == 1; i++) x[rows * INPUTS + (size_t)i] = (float)pixel / 16;
        if (i < INPUTS || fscanf(f, "%d", &label[rows]) != 1) break;
    }
    if (f) fclose(f);
    return rows;
}

/* with user: of the rows held out; else of this rank's epoch: its share of each global batch, one after another */
static int read_rows(void *user, const size_t *rows, size_t n, float *to, float *y, int *labels)
{
    const size_t share = batch / (size_t)ranks;
    size_t k, i;
    (void)y;
    for (k = 0; k < n; k++) {
        const size_t place = rows[k] / share * batch + rows[k] % share * (size_t)ranks + (size_t)rank;
        const size_t row = split[user ? train + rows[k] : order[place]];
        for (i = 0; i < INPUTS; i++) to[k * INPUTS + i] = x[row * INPUTS + i];
        labels[k] = label[row];
    }
    return 0;
}

static int sum_gradients(void *user, mlp *net, float *gradients, size_t count)
{
    const double begin = MPI_Wtime();
    size_t i;
    (void)user, (void)net;
    MPI_Allreduce(MPI_IN_PLACE, gradients, (int)count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    if (ended > 0) least_work = fmin(least_work, begin - ended);
    ended = MPI_Wtime();
    in_allreduce += ended - begin;
    least = fmin(least, ended - begin);
    for (i = 0; i < count; i++) gradients[i] /= (float)ranks;
    return 0;
}

/* of the bits of the weights (FNV-1a); ends the job when another rank has others */
static unsigned long same_weights(mlp *net)
{
    size_t count, i;
    const unsigned char *bytes = (const unsigned char *)mlp_params(net, &count);
    unsigned long hash = 2166136261u, both[2];
    for (i = 0; i < count * sizeof(float); i++) hash = (hash ^ bytes[i]) * 16777619u & 0xffffffffu;
    both[0] = hash, both[1] = 0xffffffffu - hash;
    MPI_Allreduce(MPI_IN_PLACE, both, 2, MPI_UNSIGNED_LONG, MPI_MAX, MPI_COMM_WORLD);
    if (both[0] != 0xffffffffu - both[1]) check(MLP_ERR_ARGUMENT, "the ranks have different weights");
    return hash;
}

static int end_epoch(void *user, const mlp_progress *p)
{
    mlp *net = (mlp *)user;
    const mlp_save_desc how = { .checkpoint = 1, .error = &why };
    const int epoch = begun + p->epoch;
    const double begin = MPI_Wtime();
    double loss = p->loss;
    int stop = 0;
    char number[16];
    MPI_Allreduce(MPI_IN_PLACE, &loss, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) {
        mlp_metrics m;
        check(mlp_evaluate(net, &held_out, &m), why.text);
        printf("epoch %2d: loss %.6f, of held-out rows %.6f\n", epoch, loss / ranks, m.loss);
        fflush(stdout);
        if (m.loss < best) {
            best = m.loss, best_epoch = epoch;
            snprintf(number, sizeof number, "%d", epoch);
            check(mlp_set_text(net, "epochs", number), "epochs");
            check(mlp_save(net, path, &how), why.text);
        }
        stop = epoch - best_epoch >= PATIENCE;
    }
    MPI_Bcast(&stop, 1, MPI_INT, 0, MPI_COMM_WORLD);
    draw(order, train, (uint64_t)epoch + 1);
    aside += MPI_Wtime() - begin;
    return stop;
}

/* a new net, or the one of a job that ended early, whose file all ranks see; of rank 0 are the weights */
static mlp *start(mlp_desc *desc)
{
    const mlp_load_desc from = { .desc = desc, .checkpoint = 1, .error = &why };
    FILE *there = fopen(path, "rb");
    mlp *net = NULL;
    mlp_metrics m;
    float *params;
    size_t count;
    desc->seed = SEED + (uint64_t)rank;                 /* of the masks */
    if (there) {
        fclose(there);
        check(mlp_load(&net, path, &from), why.text);
        check(mlp_evaluate(net, &held_out, &m), why.text);
        begun = best_epoch = mlp_get_text(net, "epochs") ? atoi(mlp_get_text(net, "epochs")) : 0;
        best = m.loss;
    } else check(mlp_create(&net, desc), why.text);
    params = mlp_params(net, &count);
    MPI_Bcast(params, (int)count, MPI_FLOAT, 0, MPI_COMM_WORLD);
    draw(order, train, (uint64_t)begun + 1);
    return net;
}

int main(int argc, char **argv)
{
    mlp_desc desc = { .inputs = INPUTS, .layers = { { .units = 32 }, { .units = CLASSES } },
                      .loss = MLP_LOSS_CROSS_ENTROPY, .error = &why };
    mlp_fit_report report = { .stop = MLP_STOP_EPOCHS };
    mlp_fit_desc how = { .epochs = 60, .order = MLP_ORDER_SEQUENTIAL, .opt = { .rate = 0.003f }, .on_epoch = end_epoch,
                         .on_gradients = sum_gradients };
    unsigned long hash;
    double seconds;
    mlp *net;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    how.report = &report;
    data.read = held_out.read = read_rows;
    train = read_csv(argc > 1 ? argv[1] : "examples/data/digits.csv");
    path = argc > 2 ? argv[2] : "model.safetensors";
    if (argc > 3) how.epochs = atoi(argv[3]);
    if (argc > 4) desc.layers[0].units = atoi(argv[4]);
    if (argc > 5) desc.layers[0].dropout = (float)atof(argv[5]);
    if (argc > 6) batch = (size_t)atoi(argv[6]);
    draw(split, train, 0);
    train -= held_out.rows = train / 5;
    if (batch % (size_t)ranks || batch == 0 || batch > train)
        check(MLP_ERR_ARGUMENT, "no batch that the ranks can share");
    data.rows = train / batch * (batch / (size_t)ranks);
    how.batch = (int)(batch / (size_t)ranks);

    how.user = net = start(&desc);
    how.epochs = how.epochs > begun ? how.epochs - begun : -1;
    seconds = MPI_Wtime();
    check(mlp_fit(net, &data, &how), why.text);
    seconds = MPI_Wtime() - seconds - aside;
    hash = same_weights(net);
    if (rank == 0) {
        const double ms = 1e3 / (report.epochs * (double)(train / batch));
        printf("best epoch %d, held-out loss %.6f; weights %08lx by %d ranks\n", best_epoch, best, hash, ranks);
        printf("an update took %.3f ms, %.3f of it in MPI_Allreduce; the fastest %.3f and %.3f\n", seconds * ms,
               in_allreduce * ms, 1e3 * (least + least_work), 1e3 * least);
    }
    mlp_destroy(net);
    MPI_Finalize();
    return 0;
}
