/* What to train on a table: layers, scaling and a way of fitting that have proved themselves on many tables,
   bench/tables.md. */
#ifndef RECIPE_H
#define RECIPE_H

#include "mlp.h"

/* Fills both descs for `rows` rows of training data. classes >= 2: labels 0 .. classes-1, outputs is not read; 0:
   regression of `outputs` numbers. Clears both, sets everything but seed, allocator, error and callbacks; read and
   change what you like. */
static void mlp_recipe_tabular(mlp_desc *desc, mlp_fit_desc *fit, size_t rows, int inputs, int outputs, int classes)
{
    const size_t updates = 1600 * 64;           /* rows in about 1,600 batches */
    int l;
    memset(desc, 0, sizeof *desc);
    memset(fit, 0, sizeof *fit);
    desc->inputs = inputs;
    for (l = 0; l < 2; l++) {
        desc->layers[l].units = 64;
        desc->layers[l].activation = MLP_ACT_MISH;
        desc->layers[l].dropout = 0.1f;
    }
    desc->layers[l].units = classes ? classes : outputs;
    desc->loss = classes ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_SQUARED;
    desc->label_smoothing = classes ? 0.1f : 0;
    desc->input_scaling = MLP_SCALE_ROBUST;
    desc->target_scaling = classes ? MLP_SCALE_NONE : MLP_SCALE_STANDARD;
    fit->opt.kind = MLP_OPT_ADAMW;
    fit->opt.rate = 0.01f;
    fit->opt.beta2 = 0.95f;
    fit->opt.weight_decay = 0.02f;
    fit->schedule.kind = MLP_SCHEDULE_COSLOG;
    fit->batch = 64;
    fit->epochs = rows < 50 ? 30 : updates > 60 * rows ? 60 : updates < 12 * rows ? 12 : (int)(updates / rows);
    fit->validation_split = rows < 50 ? 0.0f : 0.2f;
}

#endif
