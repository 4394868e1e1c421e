// Runs a wasm32-wasi program in node: node --no-warnings tests/wasi.mjs program.wasm arguments ...
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { WASI } from 'node:wasi'

const wasi = new WASI({
    version: 'preview1', args: process.argv.slice(2), env: process.env, preopens: { '.': '.' }, returnOnExit: true
})
const module = await WebAssembly.compile(await readFile(process.argv[2]))
process.exit(wasi.start(await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport })))
