// Runs models in ONNX Runtime: node onnx.mjs FOLDER_OF_NODE_MODULES DIR INPUTS:NAME ... reads DIR/NAME.onnx and
// DIR/NAME.x and writes DIR/NAME.ran, the first row in a batch of its own, the others in another.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';

const [modules, dir, ...models] = process.argv.slice(2);
const ort = createRequire(resolve(modules) + '/')('onnxruntime-node');
for (const model of models) {
    const [inputs, name] = model.split(':'), bytes = readFileSync(`${dir}/${name}.x`);
    const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), width = Number(inputs), out = [];
    const session = await ort.InferenceSession.create(`${dir}/${name}.onnx`);
    for (const rows of [x.subarray(0, width), x.subarray(width)]) {
        const { y } = await session.run({ x: new ort.Tensor('float32', rows, [rows.length / width, width]) });
        out.push(Buffer.from(y.data.slice().buffer));
    }
    writeFileSync(`${dir}/${name}.ran`, Buffer.concat(out));
}
