/* oneDNN: dnnl_sgemm, inner products with weights in whatever layout it likes best, elementwise primitives. The
   environment's DNNL_MAX_CPU_ISA limits the instruction set. */
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>
#include "oneapi/dnnl/dnnl.hpp"
#include "peer.h"

using namespace dnnl;
typedef memory::dims dims;
typedef memory::format_tag tag;

static engine &cpu() { static engine e(engine::kind::cpu, 0); return e; }
static stream &queue() { static stream s(cpu()); return s; }
static memory::desc dense(const dims &d, tag t) { return memory::desc(d, memory::data_type::f32, t); }
static memory::desc any(const dims &d) { return memory::desc(d, memory::data_type::f32, tag::any); }
static memory over(const memory::desc &d, const float *p) { return memory(d, cpu(), const_cast<float *>(p)); }

static const char *isa_name()
{
    switch (get_effective_cpu_isa()) {
    case cpu_isa::avx2: return "avx2";
    case cpu_isa::avx512_core: return "avx512_core";
    case cpu_isa::avx512_core_vnni: return "avx512_core_vnni";
    case cpu_isa::avx512_core_bf16: return "avx512_core_bf16";
    case cpu_isa::avx512_core_amx: return "avx512_core_amx";
    default: return "other";
    }
}

static const char *dnnl_kernel()
{
    static char text[128];
    const version_t *v = version();
    std::snprintf(text, sizeof text, "oneDNN %d.%d.%d %s", v->major, v->minor, v->patch, isa_name());
    return text;
}

static void dnnl_multiply(int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                          const float *b, int ldb, float beta, float *c, int ldc)
{
    dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* primitives with their arguments, run one after another */
struct step { primitive p; std::unordered_map<int, memory> args; };
struct steps { std::vector<step> list; memory last; };

static void run_steps(peer_case *c)
{
    for (const step &s : static_cast<const steps *>(c->own)->list) s.p.execute(queue(), s.args);
    queue().wait();
}
static void ordered(peer_case *c)
{
    const steps *s = static_cast<const steps *>(c->own);
    memory to = over(dense({ c->out, c->in }, tag::ab), c->result), from = s->last;
    reorder(from, to).execute(queue(), from, to);
    queue().wait();
}
static memory reordered(const memory::desc &want, const memory::desc &have, const float *p)
{
    memory from = over(have, p), to(want, cpu());
    reorder(from, to).execute(queue(), from, to);
    queue().wait();
    return to;
}

/* one layer y = x W + b, its activation fused when it is a hidden one */
static memory layer(steps *s, int batch, int in, int out, memory x, const float *w, const float *b, tag w_tag,
                    bool relu, float *y, std::string *how)
{
    primitive_attr attr;
    post_ops ops;
    if (relu) { ops.append_eltwise(1, algorithm::eltwise_relu, 0, 0); attr.set_post_ops(ops); }
    const memory::desc b_desc = dense({ out }, tag::a);
    inner_product_forward::desc d(prop_kind::forward_inference, dense({ batch, in }, tag::ab), any({ out, in }),
                                  b_desc, dense({ batch, out }, tag::ab));
    inner_product_forward::primitive_desc pd(d, attr, cpu());
    memory to = over(pd.dst_desc(), y);
    step t = { inner_product_forward(pd), {
        { DNNL_ARG_SRC, x }, { DNNL_ARG_BIAS, over(b_desc, b) }, { DNNL_ARG_DST, to },
        { DNNL_ARG_WEIGHTS, reordered(pd.weights_desc(), dense({ out, in }, w_tag), w) } } };
    s->list.push_back(t);
    *how = pd.impl_info_str();
    return to;
}

static steps *product(const peer_case *c, std::string *how)
{
    steps *s = new steps();
    const memory::desc x = dense({ c->batch, c->in }, tag::ab), y = dense({ c->batch, c->out }, tag::ab);
    inner_product_forward::desc fd(prop_kind::forward_training, x, any({ c->out, c->in }), y);
    inner_product_forward::primitive_desc fpd(fd, cpu());
    if (std::strcmp(c->form, "forward") == 0) {
        layer(s, c->batch, c->in, c->out, over(x, c->x), c->wt, peer_floats(c->out), tag::ab, false, c->result, how);
    } else if (std::strcmp(c->form, "layer-dx") == 0) {
        inner_product_backward_data::desc d(x, any({ c->out, c->in }), y);
        inner_product_backward_data::primitive_desc pd(d, cpu(), fpd);
        step t = { inner_product_backward_data(pd), {
            { DNNL_ARG_DIFF_DST, over(y, c->dy) }, { DNNL_ARG_DIFF_SRC, over(x, c->result) },
            { DNNL_ARG_WEIGHTS, reordered(pd.weights_desc(), dense({ c->out, c->in }, tag::ab), c->wt) } } };
        s->list.push_back(t);
        *how = pd.impl_info_str();
    } else {
        inner_product_backward_weights::desc d(x, any({ c->out, c->in }), y);
        inner_product_backward_weights::primitive_desc pd(d, cpu(), fpd);
        s->last = memory(pd.diff_weights_desc(), cpu());
        step t = { inner_product_backward_weights(pd), {
            { DNNL_ARG_DIFF_DST, over(y, c->dy) }, { DNNL_ARG_SRC, over(x, c->x) },
            { DNNL_ARG_DIFF_WEIGHTS, s->last } } };
        s->list.push_back(t);
        *how = pd.impl_info_str();
    }
    return s;
}

static steps *net(const peer_case *c, std::string *how)
{
    steps *s = new steps();
    memory a = over(dense({ 1, c->widths[0] }, tag::ab), c->x);
    for (int l = 0; l < c->layers; l++) {
        const int in = c->widths[l], out = c->widths[l + 1], hidden = l + 1 < c->layers;
        const float *w = peer_layer(c, l);
        a = layer(s, 1, in, out, a, w, w + in * out, tag::ba, hidden, hidden ? peer_floats(out) : c->result, how);
    }
    return s;
}

static const struct { const char *name; algorithm kind; int cols; } functions[] = {
    { "relu", algorithm::eltwise_relu, 0 }, { "exp", algorithm::eltwise_exp, 0 },
    { "sigmoid", algorithm::eltwise_logistic, 0 }, { "tanh", algorithm::eltwise_tanh, 0 },
    { "gelu_erf", algorithm::eltwise_gelu_erf, 0 }, { "gelu_tanh", algorithm::eltwise_gelu_tanh, 0 },
    { "hadamard", algorithm::binary_mul, 0 }, { "softmax10", algorithm::undef, 10 },
    { "softmax1024", algorithm::undef, 1024 }
};

static steps *function(const peer_case *c, std::string *how)
{
    for (const auto &f : functions) {
        if (std::strcmp(f.name, c->form) != 0) continue;
        const int n = static_cast<int>(c->n);
        const memory::desc d = dense(f.cols ? dims{ n / f.cols, f.cols } : dims{ 1, n }, tag::ab);
        const memory x = over(d, c->x), y = over(d, c->result);
        steps *s = new steps();
        step t = { primitive(), { { DNNL_ARG_SRC, x }, { DNNL_ARG_DST, y } } };
        if (f.cols) {
            softmax_forward::primitive_desc pd(softmax_forward::desc(prop_kind::forward_inference, d, 1), cpu());
            t.p = softmax_forward(pd);
            *how = pd.impl_info_str();
        } else if (f.kind == algorithm::binary_mul) {
            binary::primitive_desc pd(binary::desc(f.kind, d, d, d), cpu());
            t.p = binary(pd);
            *how = pd.impl_info_str();
            t.args = { { DNNL_ARG_SRC_0, x }, { DNNL_ARG_SRC_1, over(d, c->w) }, { DNNL_ARG_DST, y } };
        } else {
            const eltwise_forward::desc e(prop_kind::forward_inference, f.kind, d, 0, 0);
            eltwise_forward::primitive_desc pd(e, cpu());
            t.p = eltwise_forward(pd);
            *how = pd.impl_info_str();
        }
        s->list.push_back(t);
        return s;
    }
    return NULL;
}

static int prepare(peer_case *c)
{
    static std::string how[PEER_MOST_CASES];
    static steps *made[PEER_MOST_CASES];
    static int next;
    const int at = next++ % PEER_MOST_CASES;
    std::string *text = &how[at];
    delete made[at];
    const bool is_layer = std::strcmp(c->form, "forward") == 0 || std::strncmp(c->form, "layer-", 6) == 0;
    const bool is_net = c->layers && c->rate == 0 && !c->sigmoid;
    steps *s = is_layer ? product(c, text) : c->n ? function(c, text) : is_net ? net(c, text) : NULL;
    made[at] = s;
    if (!s) return 0;
    c->own = s;
    c->call = run_steps;
    if (std::strcmp(c->form, "layer-dw") == 0) c->finish = ordered;
    c->how = text->c_str();
    return 1;
}

const peer peer_self = { dnnl_kernel, dnnl_multiply, NULL, NULL, prepare };
