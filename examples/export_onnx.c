/* Writes a model as ONNX (IR version 7, opset 13), for ONNX Runtime say:
       export_onnx model.safetensors model.onnx
   Input "x" [N, inputs], output "y" [N, outputs], any N. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- protobuf: a message is a row of fields, each a key (8 * number + how it is written) and a value ---- */

typedef struct { unsigned char *p; size_t n, room; int failed; } message;

static void put(message *m, const void *p, size_t n)
{
    if (m->room - m->n < n && !m->failed) {
        unsigned char *grown = (unsigned char *)realloc(m->p, 2 * (m->n + n));
        m->failed = grown == NULL;
        if (grown) { m->p = grown; m->room = 2 * (m->n + n); }
    }
    if (m->failed || n == 0) return;
    memcpy(m->p + m->n, p, n);
    m->n += n;
}

static void put_varint(message *m, uint64_t v)
{
    do {
        const unsigned char byte = (unsigned char)((v & 127) | (v > 127 ? 128 : 0));
        put(m, &byte, 1);
    } while (v >>= 7);
}

static void put_float(message *m, float v)              /* little-endian on every machine */
{
    unsigned char bytes[4];
    uint32_t u;
    int i;
    memcpy(&u, &v, 4);
    for (i = 0; i < 4; i++) bytes[i] = (unsigned char)(u >> 8 * i);
    put(m, bytes, 4);
}

static void int_field(message *m, unsigned field, uint64_t v) { put_varint(m, field * 8); put_varint(m, v); }
static void float_field(message *m, unsigned field, float v) { put_varint(m, field * 8 + 5); put_float(m, v); }
static void bytes_field(message *m, unsigned field, const void *p, size_t n)
{
    put_varint(m, field * 8 + 2);
    put_varint(m, n);
    put(m, p, n);
}
static void string_field(message *m, unsigned field, const char *s) { bytes_field(m, field, s, strlen(s)); }

static void message_field(message *m, unsigned field, message *inner)       /* and frees inner */
{
    bytes_field(m, field, inner->p, inner->n);
    m->failed |= inner->failed;
    free(inner->p);
}

/* A layer as text: nodes separated by ';', each an operator and its operands. x, w, b: the layer's input and
   parameters, z: the result of Gemm, #: the result of the node before; a number is a constant, name=number a float
   attribute (alpha=? that of the layer), name:number an integer one. What opset 13 lacks is made of what it has. */

static const char *const activations[MLP_ACT_CUSTOM + 1] = {
    [MLP_ACT_IDENTITY] = "",
    [MLP_ACT_SIGMOID] = "Sigmoid z",
    [MLP_ACT_TANH] = "Tanh z",
    [MLP_ACT_RELU] = "Relu z",
    [MLP_ACT_LEAKY_RELU] = "LeakyRelu z alpha=?",
    [MLP_ACT_ELU] = "Elu z alpha=?",
    [MLP_ACT_SELU] = "Selu z",
    [MLP_ACT_GELU] = "Mul z 0.707106781; Erf #; Add # 1; Mul # z; Mul # 0.5",
    [MLP_ACT_GELU_TANH] = "Mul z z; Mul # 0.0713548163; Add # 1.59576912; Mul # z; Sigmoid #; Mul # z",
    [MLP_ACT_SILU] = "Sigmoid z; Mul # z",
    [MLP_ACT_SOFTPLUS] = "Softplus z",
    [MLP_ACT_SOFTSIGN] = "Softsign z",
    [MLP_ACT_HARD_SIGMOID] = "HardSigmoid z alpha=0.166666672 beta=0.5",
    [MLP_ACT_HARD_TANH] = "Clip z -1 1",
    [MLP_ACT_MISH] = "Softplus z; Tanh #; Mul # z",
    [MLP_ACT_SIN] = "Sin z",
    [MLP_ACT_GAUSSIAN] = "Mul z z; Neg #; Exp #",
    [MLP_ACT_SOFTMAX] = "Softmax z axis:1"
};

enum { WORD = 32 };

/* An attribute "name=number" or "name:number"; the fields are those of AttributeProto: name 1, f 2, i 3, type 20. */
static void put_attribute(message *node, const char *text, float alpha)
{
    const size_t n = strcspn(text, "=:");
    message attribute = { 0 };
    bytes_field(&attribute, 1, text, n);
    if (text[n] == '=') float_field(&attribute, 2, text[n + 1] == '?' ? alpha : strtof(text + n + 1, NULL));
    else int_field(&attribute, 3, strtoul(text + n + 1, NULL, 10));
    int_field(&attribute, 20, text[n] == '=' ? 1 : 2);
    message_field(node, 5, &attribute);
}

/* NodeProto: input 1, output 2, op_type 4, attribute 5; GraphProto: node 1 */
static void put_constant(message *graph, const char *number, const char *name)
{
    char value[WORD + 16];
    message node = { 0 };
    snprintf(value, sizeof value, "value_float=%s", number);
    string_field(&node, 2, name);
    string_field(&node, 4, "Constant");
    put_attribute(&node, value, 0);
    message_field(graph, 1, &node);
}

/* The name of an operand's value: those of nodes are "layer.node", those of their constants "layer.node.number". */
static void put_operand(message *graph, message *node, const char *word, int layer, int nodes, const char *in)
{
    char name[WORD];
    if (word[0] == 'x') snprintf(name, WORD, "%s", in);
    else if (word[0] == 'w') snprintf(name, WORD, "%d.weight", layer);
    else if (word[0] == 'b') snprintf(name, WORD, "%d.bias", layer);
    else if (word[0] == 'z') snprintf(name, WORD, "%d.0", layer);
    else if (word[0] == '#') snprintf(name, WORD, "%d.%d", layer, nodes - 1);
    else {
        snprintf(name, WORD, "%d.%d.%.15s", layer, nodes, word);
        put_constant(graph, word, name);
    }
    string_field(node, 1, name);
}

static void put_layer(message *graph, const mlp_layer *l, int layer, const char *in, const char *out)
{
    char layer_text[160], word[WORD], name[WORD];
    const char *text = layer_text, *g = activations[l->activation];
    int nodes, length;
    snprintf(layer_text, sizeof layer_text, "Gemm x w %s transB:1%s%s", l->no_bias ? "" : "b", *g ? "; " : "", g);
    for (nodes = 0; sscanf(text, " %31[^ ;]%n", word, &length) == 1; nodes++) {
        message node = { 0 };
        string_field(&node, 4, word);
        for (text += length; sscanf(text, " %31[^ ;]%n", word, &length) == 1; text += length)
            if (strpbrk(word, "=:")) put_attribute(&node, word, l->alpha > 0 ? l->alpha : 0);
            else put_operand(graph, &node, word, layer, nodes, in);
        snprintf(name, WORD, "%d.%d", layer, nodes);
        string_field(&node, 2, *text ? name : out);
        message_field(graph, 1, &node);
        text += *text == ';';
    }
}

/* GraphProto: initializer 5; TensorProto: dims 1, data_type 2 (float: 1), name 8, raw_data 9 */
static void put_tensor(message *graph, int layer, const char *what, uint64_t rows, uint64_t cols, const float *v)
{
    char name[WORD];
    message tensor = { 0 }, raw = { 0 };
    uint64_t i;
    snprintf(name, WORD, "%d.%s", layer, what);
    int_field(&tensor, 1, rows);
    if (cols) int_field(&tensor, 1, cols);
    int_field(&tensor, 2, 1);
    string_field(&tensor, 8, name);
    for (i = 0; i < rows * (cols ? cols : 1); i++) put_float(&raw, v[i]);
    message_field(&tensor, 9, &raw);
    message_field(graph, 5, &tensor);
}

/* GraphProto: input 11, output 12; ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 } } };
   a dim has a value 1 or a name 2 */
static void put_value(message *graph, unsigned field, const char *name, int width)
{
    message value = { 0 }, type = { 0 }, tensor = { 0 }, shape = { 0 }, rows = { 0 }, cols = { 0 };
    string_field(&rows, 2, "N");
    int_field(&cols, 1, (uint64_t)width);
    message_field(&shape, 1, &rows);
    message_field(&shape, 1, &cols);
    int_field(&tensor, 1, 1);
    message_field(&tensor, 2, &shape);
    message_field(&type, 1, &tensor);
    string_field(&value, 1, name);
    message_field(&value, 2, &type);
    message_field(graph, field, &value);
}

/* The whole net; 0 and a message when there is no ONNX for it. */
static int put_graph(message *graph, const mlp *net)
{
    const mlp_desc *d = mlp_get_desc(net);
    int l, in = d->inputs, out = 0;
    char x[WORD] = "x", y[WORD];
    for (l = 0; l < MLP_MAX_LAYERS && d->layers[l].units; l++, in = out) {
        const int last = l + 1 == MLP_MAX_LAYERS || d->layers[l + 1].units == 0;
        const size_t n = (size_t)in * (size_t)(out = d->layers[l].units);
        float *w = (float *)malloc((n + (size_t)out) * sizeof(float));
        if (d->layers[l].activation == MLP_ACT_CUSTOM) {
            fprintf(stderr, "layer %d: a custom activation is a function of another program, not exported\n", l);
            return free(w), 0;
        }
        if (!w || mlp_get_weights(net, l, w, w + n)) return free(w), 0;
        snprintf(y, WORD, last ? "y" : "%d", l);
        put_layer(graph, &d->layers[l], l, x, y);
        put_tensor(graph, l, "weight", (uint64_t)out, (uint64_t)in, w);
        if (!d->layers[l].no_bias) put_tensor(graph, l, "bias", (uint64_t)out, 0, w + n);
        free(w);
        memcpy(x, y, WORD);
    }
    string_field(graph, 2, "mlp");
    put_value(graph, 11, "x", d->inputs);
    put_value(graph, 12, "y", out);
    return 1;
}

/* ModelProto: ir_version 1, producer_name 2, producer_version 3, graph 7, opset_import 8 { version 2 } */
static int put_model(message *model, const mlp *net)
{
    message graph = { 0 }, opset = { 0 };
    const int ok = put_graph(&graph, net);
    int_field(&opset, 2, 13);
    int_field(model, 1, 7);
    string_field(model, 2, "mlp.h");
    string_field(model, 3, MLP_VERSION);
    message_field(model, 8, &opset);
    message_field(model, 7, &graph);
    if (ok && model->n > 0x7fffffff) fprintf(stderr, "ONNX files end at 2 GiB\n");
    return ok && !model->failed && model->n <= 0x7fffffff;
}

int main(int argc, char **argv)
{
    message model = { 0 };
    mlp_error error = { .text = "" };
    mlp_load_desc how = { .error = &error };
    mlp *net = NULL;
    mlp_result r;
    FILE *f = NULL;
    int ok;
    if (argc != 3) return fprintf(stderr, "usage: export_onnx model.safetensors model.onnx\n"), 2;
    r = mlp_load(&net, argv[1], &how);
    if (r) return fprintf(stderr, "%s: %s: %s\n", argv[1], mlp_result_string(r), error.text), 1;
    ok = put_model(&model, net) && (f = fopen(argv[2], "wb")) != NULL;
    if (ok) ok = fwrite(model.p, 1, model.n, f) == model.n;
    if (f && fclose(f)) ok = 0;
    if (!ok) fprintf(stderr, "%s: not written\n", argv[2]);
    if (!ok && f) remove(argv[2]);
    free(model.p);
    mlp_destroy(net);
    return !ok;
}
