// ONNX Runtime through its package for node: node peer.mjs DATA RESULT DIRECTORY, which has it in
// onnxruntime/node_modules. Inference only. The conversation is that of peer.c, the data that of data.h.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'

const [data, result, directory] = process.argv.slice(2)
const require = createRequire(resolve(directory, 'onnxruntime') + '/')
const ort = require('onnxruntime-node')
const FLOATS = 1 << 24, X = 0, PARAMS = 10 << 20
const file = openSync(data, 'r')

function take(start, n, scale = 1) {
    const x = new Float32Array(n)
    if (start + n > FLOATS) throw new Error('a slice over the end')
    readSync(file, new Uint8Array(x.buffer), 0, 4 * n, 4 * start)
    return x.map(v => Math.fround(Math.fround(scale) * v))
}

// what of ONNX a net of Gemm and Relu needs, in the encoding of protocol buffers
function varint(n) {
    const bytes = []
    for (; n > 127; n = Math.floor(n / 128)) bytes.push(n % 128 + 128)
    return Buffer.from([...bytes, n])
}
const number = (field, n) => Buffer.concat([varint(field * 8), varint(n)])
const bytes = (field, b) => Buffer.concat([varint(field * 8 + 2), varint(b.length), b])
const text = (field, s) => bytes(field, Buffer.from(s))
const message = (field, ...parts) => bytes(field, Buffer.concat(parts))
const tensor = (name, dims, x) =>
    message(5, ...dims.map(d => number(1, d)), number(2, 1), text(8, name), bytes(9, Buffer.from(x.buffer)))
const node = (op, inputs, output) => message(1, ...inputs.map(i => text(1, i)), text(2, output), text(4, op))
const row = n => message(2, ...[1, n].map(d => message(1, number(1, d))))
const value = (field, name, n) => message(field, text(1, name), message(2, message(1, number(1, 1), row(n))))

function model(widths) {
    const parts = []
    let at = PARAMS, from = 'x'
    for (let l = 0; l + 1 < widths.length; l++) {
        const [i, o] = [widths[l], widths[l + 1]], last = l + 2 === widths.length
        parts.push(tensor(`w${l}`, [i, o], take(at, i * o, Math.sqrt(Math.fround(6 / i)))))
        parts.push(tensor(`b${l}`, [o], take(at + i * o, o, 0.1)))
        parts.push(node('Gemm', [from, `w${l}`, `b${l}`], last ? 'y' : `z${l}`))
        if (!last) parts.push(node('Relu', [`z${l}`], `a${l}`))
        from = `a${l}`
        at += (i + 1) * o
    }
    const graph = message(7, ...parts, text(2, 'net'), value(11, 'x', widths[0]), value(12, 'y', widths.at(-1)))
    return Buffer.concat([number(1, 8), graph, message(8, number(2, 13))])
}

async function prepare(words) {
    if (words[0] !== 'infer' || words[1] !== 'relu') return null
    const widths = words.slice(2).map(Number)
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' }
    const session = await ort.InferenceSession.create(model(widths), options)
    const feeds = { x: new ort.Tensor('float32', take(X, widths[0]), [1, widths[0]]) }
    return { call: async () => (await session.run(feeds)).y.data, calls: 0 }
}

async function time(call, calls) {
    const begin = process.hrtime.bigint()
    for (let i = 0; i < calls; i++) await call()
    return Number(process.hrtime.bigint() - begin) * 1e-9
}
// seconds per call, of as many calls as took `seconds` at first
async function run(c, seconds) {
    if (c.calls) await c.call()
    for (let n = 1; !c.calls; n *= 2) {
        const took = await time(c.call, n)
        if (took >= seconds / 2) c.calls = Math.floor(n * seconds / took) + 1
    }
    return await time(c.call, c.calls) / c.calls
}

const cases = []
const manifest = resolve(directory, 'onnxruntime/node_modules/onnxruntime-node/package.json')
const version = JSON.parse(readFileSync(manifest)).version
const answer = s => writeSync(1, s + '\n')
answer(`ready ONNX Runtime ${version} from node`)
for await (const line of createInterface({ input: process.stdin })) {
    const word = line.split(' ')
    if (word[0] === 'prepare') {
        const c = await prepare(word.slice(1))
        if (c) cases.push(c)
        answer(c ? 'ok InferenceSession.run, awaited' : 'no')
    } else if (word[0] === 'forget') { cases.length = 0; answer('ok') }
    else if (word[0] === 'result') {
        const y = await cases[word[1]].call()
        writeFileSync(result, new Uint8Array(y.buffer, y.byteOffset, y.byteLength))
        answer(`${y.length}`)
    } else if (word[0] === 'run') answer(`${await run(cases[word[1]], Number(word[2]))}`)
}
process.exit(0)
