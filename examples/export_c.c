/* Writes a model as one C99 file that needs neither mlp.h nor malloc, for a microcontroller say:
       export_c model.safetensors NAME out.c
   gives  void NAME(const float *x, float *y)  with the weights as const arrays. Within 1e-6 of mlp_predict, not its
   bits. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* g(z) in C; NULL has no such form, softmax below is none of one z */
static const char *const activations[MLP_ACT_CUSTOM + 1] = {
    [MLP_ACT_IDENTITY] = "z",
    [MLP_ACT_SIGMOID] = "1 / (1 + expf(-z))",
    [MLP_ACT_TANH] = "tanhf(z)",
    [MLP_ACT_RELU] = "z < 0 ? 0 : z",
    [MLP_ACT_LEAKY_RELU] = "z < 0 ? alpha * z : z",
    [MLP_ACT_ELU] = "z < 0 ? alpha * expm1f(z) : z",
    [MLP_ACT_SELU] = "1.05070099f * (z < 0 ? 1.67326324f * expm1f(z) : z)",
    [MLP_ACT_GELU] = "0.5f * z * erfcf(-0.707106781f * z)",
    [MLP_ACT_GELU_TANH] = "z / (1 + expf(-z * (1.59576912f + 0.0713548163f * z * z)))",
    [MLP_ACT_SILU] = "z / (1 + expf(-z))",
    [MLP_ACT_SOFTPLUS] = "z > 0 ? z + log1pf(expf(-z)) : log1pf(expf(z))",
    [MLP_ACT_SOFTSIGN] = "z / (1 + fabsf(z))",
    [MLP_ACT_HARD_SIGMOID] = "z < -3 ? 0 : z > 3 ? 1 : z / 6 + 0.5f",
    [MLP_ACT_HARD_TANH] = "z < -1 ? -1 : z > 1 ? 1 : z",
    [MLP_ACT_MISH] = "z * tanhf(z > 0 ? z + log1pf(expf(-z)) : log1pf(expf(z)))",
    [MLP_ACT_SIN] = "sinf(z)",
    [MLP_ACT_GAUSSIAN] = "expf(-z * z)"
};

static const char softmax[] =
    "    for (i = 1, max = %s[0]; i < %d; i++) if (%s[i] > max) max = %s[i];\n"
    "    for (i = 0, sum = 0; i < %d; i++) sum += %s[i] = expf(%s[i] - max);\n"
    "    for (i = 0; i < %d; i++) %s[i] /= sum;\n";

static int needs_math(const mlp_layer *l)
{
    return l->activation == MLP_ACT_SOFTMAX || strstr(activations[l->activation], "f(") != NULL;
}

/* nine digits give a float back exactly; the exponent makes 1 a floating constant */
static int write_array(FILE *f, const char *name, char kind, int layer, size_t n, const float *v)
{
    size_t i;
    fprintf(f, "static const float %s_%c%d[%lu] = {", name, kind, layer, (unsigned long)n);
    for (i = 0; i < n; i++) {
        if (v[i] - v[i] != 0)
            return fprintf(stderr, "layer %d: a weight is not finite, C has no constant for it\n", layer), 0;
        fprintf(f, "%s%.8ef%s", i % 8 ? " " : "\n    ", (double)v[i], i + 1 < n ? "," : "\n};\n");
    }
    return 1;
}

static int write_weights(FILE *f, const mlp *net, const char *name)
{
    const mlp_desc *d = mlp_get_desc(net);
    int l, ok = 1, in = d->inputs;
    for (l = 0; ok && l < MLP_MAX_LAYERS && d->layers[l].units; in = d->layers[l++].units) {
        const size_t out = (size_t)d->layers[l].units, n = out * (size_t)in;
        float *w = (float *)malloc((n + out) * sizeof(float));
        ok = w && !mlp_get_weights(net, l, w, w + n) && write_array(f, name, 'w', l, n, w)
             && (d->layers[l].no_bias || write_array(f, name, 'b', l, out, w + n));
        free(w);
    }
    return ok;
}

static void write_layer(FILE *f, const char *name, int layer, const mlp_layer *l, int in, const char *x, const char *y)
{
    const char *g = activations[l->activation];
    fprintf(f, "\n    /* layer %d: %d to %d */\n    for (i = 0; i < %d; i++) {\n", layer, in, l->units, l->units);
    if (l->no_bias) fprintf(f, "        float z = 0;\n");
    else fprintf(f, "        float z = %s_b%d[i];\n", name, layer);
    if (g && strstr(g, "alpha"))
        fprintf(f, "        const float alpha = %.8ef;\n", l->alpha > 0 ? (double)l->alpha : 0.0);
    fprintf(f, "        for (k = 0; k < %d; k++) z += %s_w%d[i * %d + k] * %s[k];\n", in, name, layer, in, x);
    fprintf(f, "        %s[i] = %s;\n    }\n", y, g ? g : "z");
    if (l->activation == MLP_ACT_SOFTMAX) fprintf(f, softmax, y, l->units, y, y, l->units, y, y, l->units, y);
}

static void write_function(FILE *f, const mlp_desc *d, int layers, int widest, const char *name)
{
    int l, in = d->inputs;
    fprintf(f, "\nvoid %s(const float *x, float *y)\n{\n    int i, k;\n", name);
    if (d->layers[layers - 1].activation == MLP_ACT_SOFTMAX) fprintf(f, "    float max, sum;\n");
    if (layers > 1) fprintf(f, "    float a[%d];\n", widest);
    if (layers > 2) fprintf(f, "    float b[%d];\n", widest);
    for (l = 0; l < layers; in = d->layers[l++].units) {
        const char *from = l % 2 ? "a" : "b", *to = l % 2 ? "b" : "a";
        write_layer(f, name, l, &d->layers[l], in, l == 0 ? "x" : from, l == layers - 1 ? "y" : to);
    }
    fprintf(f, "}\n");
}

static int write_model(FILE *f, const mlp *net, const char *name)
{
    const mlp_desc *d = mlp_get_desc(net);
    int l, layers = 0, widest = 0, math = 0;
    while (layers < MLP_MAX_LAYERS && d->layers[layers].units) layers++;
    for (l = 0; l < layers; l++) {
        if (d->layers[l].activation == MLP_ACT_CUSTOM) {
            fprintf(stderr, "layer %d: a custom activation is a function of another program, not exported\n", l);
            return 0;
        }
        math |= needs_math(&d->layers[l]);
        if (l < layers - 1 && d->layers[l].units > widest) widest = d->layers[l].units;
    }
    fprintf(f, "/* A multi-layer perceptron, written by export_c. x: %d floats, y: %d, not overlapping. No state, so "
               "any number\n   of threads may call it. Stack: %d floats and a little. */\n",
            d->inputs, d->layers[layers - 1].units, layers > 2 ? 2 * widest : widest);
    fprintf(f, "%svoid %s(const float *x, float *y);\n\n", math ? "#include <math.h>\n\n" : "", name);
    if (!write_weights(f, net, name)) return 0;
    write_function(f, d, layers, widest, name);
    return 1;
}

static int identifier(const char *s)
{
    const char *c;
    for (c = s; *c; c++) if (!isalnum((unsigned char)*c) && *c != '_') return 0;
    return *s && !isdigit((unsigned char)*s);
}

int main(int argc, char **argv)
{
    mlp_error error = { .text = "" };
    mlp_load_desc how = { .error = &error };
    mlp *net = NULL;
    mlp_result r;
    FILE *f;
    int ok;
    if (argc != 4 || !identifier(argv[2]))
        return fprintf(stderr, "usage: export_c model.safetensors NAME out.c, NAME a C identifier\n"), 2;
    r = mlp_load(&net, argv[1], &how);
    if (r) return fprintf(stderr, "%s: %s: %s\n", argv[1], mlp_result_string(r), error.text), 1;
    f = fopen(argv[3], "w");
    ok = f && write_model(f, net, argv[2]);
    if (f && ferror(f)) ok = 0;
    if (f && fclose(f)) ok = 0;
    if (!ok) fprintf(stderr, "%s: not written\n", argv[3]);
    if (!ok && f) remove(argv[3]);
    mlp_destroy(net);
    return !ok;
}
