"""safetensors from the specification alone: 8 bytes N, N bytes of JSON, data. A tensor is (dtype, shape, bytes)."""
import json
import struct

SIZES = {"U8": 1, "I32": 4, "I64": 8, "F16": 2, "BF16": 2, "F32": 4, "F64": 8}     # of those that a net could have


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), "duplicate names"
    return dict(pairs)


def read(path):
    """Tensors by name in the order of the data, and the metadata; an AssertionError names the rule that a file
    breaks."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    assert length <= 100_000_000 and 8 + length <= len(data), "header is longer than the file"
    assert data[8:9] == b"{", "header must begin with {"
    header = json.loads(data[8 : 8 + length].decode("utf-8"), object_pairs_hook=no_duplicates)
    metadata = header.pop("__metadata__", {})
    assert all(isinstance(value, str) for value in metadata.values()), "metadata must be strings"
    tensors, at = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        count = SIZES[entry["dtype"]]
        for size in entry["shape"]:
            count *= size
        begin, end = entry["data_offsets"]
        assert begin == at and end == begin + count, f"{name}: a hole, an overlap or a wrong size"
        tensors[name] = (entry["dtype"], entry["shape"], data[8 + length + begin : 8 + length + end])
        at = end
    assert 8 + length + at == len(data), "bytes behind the last tensor"
    return tensors, metadata


def write(path, tensors, metadata=None):
    header, body = {"__metadata__": metadata} if metadata else {}, b""
    for name, (dtype, shape, data) in sorted(tensors.items(), key=lambda item: (-SIZES[item[1][0]], item[0])):
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)
