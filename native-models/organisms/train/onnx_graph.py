"""The decoder as an ONNX graph of ordinary operators (opset 17), with a key-value cache.

inputs   input_ids [batch, new], attention_mask [batch, past + new], position_ids [batch, new] (int64),
         past_key_values.{i}.key|value [batch, heads, past, head width]; past may be 0
outputs  logits [batch, new, vocabulary], present.{i}.key|value [batch, heads, past + new, head width]

A token attends to the tokens before it and to itself, where attention_mask is 1: padding may stand on
either side. Matrices are stored [in, out], named like Hugging Face's modules.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model import Shape

INT, FLOAT = TensorProto.INT64, TensorProto.FLOAT


class Graph:
    """Collects nodes and initializers; `add` returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def ints(self, *values: int) -> str:
        return self.constant("const." + "_".join(map(str, values)), np.array(values, np.int64))

    def add(self, op: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"/{output}", **attributes))
        return output


def rms_norm(graph: Graph, x: str, weight: np.ndarray, eps: float, name: str) -> str:
    """x / sqrt(mean(x^2) + eps) * weight"""
    square = graph.add("Pow", [x, graph.constant("const.two", np.float32(2))], f"{name}.square")
    mean = graph.add("ReduceMean", [square], f"{name}.mean", axes=[-1], keepdims=1)
    shifted = graph.add("Add", [mean, graph.constant("const.eps", np.float32(eps))], f"{name}.mean_eps")
    root = graph.add("Sqrt", [shifted], f"{name}.root")
    scaled = graph.add("Div", [x, root], f"{name}.scaled")
    return graph.add("Mul", [graph.constant(f"{name}.weight", weight), scaled], f"{name}.output")


def rotate(graph: Graph, x: str, half: int) -> str:
    """x * cos + rotate_half(x) * sin; x: [batch, heads, new, head width]"""
    left = graph.add("Slice", [x, graph.ints(0), graph.ints(half), graph.ints(3)], f"{x}.left")
    right = graph.add("Slice", [x, graph.ints(half), graph.ints(2 * half), graph.ints(3)], f"{x}.right")
    turned = graph.add("Concat", [graph.add("Neg", [right], f"{x}.minus_right"), left], f"{x}.turned", axis=-1)
    return graph.add("Add", [graph.add("Mul", [x, "rope.cos"], f"{x}.cos"), graph.add("Mul", [turned, "rope.sin"], f"{x}.sin")], f"{x}.rotated")


def prelude(graph: Graph, shape: Shape) -> None:
    """rope.cos, rope.sin [batch, 1, new, head width] and mask.bias [batch, 1, new, past + new]."""
    head = shape.width // shape.heads
    frequency = (shape.theta ** -(np.arange(0, head, 2, dtype=np.float32) / head)).astype(np.float32)
    positions = graph.add("Cast", ["position_ids"], "rope.positions", to=FLOAT)
    column = graph.add("Unsqueeze", [positions, graph.ints(-1)], "rope.column")
    angle = graph.add("Mul", [column, graph.constant("rope.frequency", frequency[None, None])], "rope.angle")
    both = graph.add("Unsqueeze", [graph.add("Concat", [angle, angle], "rope.both", axis=-1), graph.ints(1)], "rope.angles")
    graph.add("Cos", [both], "rope.cos")
    graph.add("Sin", [both], "rope.sin")

    zero, one = graph.constant("const.zero", np.int64(0)), graph.constant("const.one", np.int64(1))
    total = graph.add("Gather", [graph.add("Shape", ["attention_mask"], "mask.shape"), one], "mask.total")
    new = graph.add("Gather", [graph.add("Shape", ["input_ids"], "mask.ids_shape"), one], "mask.new")
    past = graph.add("Sub", [total, new], "mask.past")
    keys = graph.add("Unsqueeze", [graph.add("Range", [zero, total, one], "mask.range"), graph.ints(0)], "mask.keys")
    queries = graph.add("Unsqueeze", [graph.add("Range", [past, total, one], "mask.new_range"), graph.ints(1)], "mask.queries")
    causal = graph.add("LessOrEqual", [keys, queries], "mask.causal")
    present = graph.add("Cast", ["attention_mask"], "mask.present", to=TensorProto.BOOL)
    allowed = graph.add("And", [causal, graph.add("Unsqueeze", [present, graph.ints(1, 2)], "mask.present4")], "mask.allowed")
    graph.add("Where", [allowed, graph.constant("const.open", np.float32(0)), graph.constant("const.closed", np.float32(-1e9))], "mask.bias")


def block(graph: Graph, x: str, i: int, weights: dict[str, np.ndarray], shape: Shape) -> str:
    """One block; returns the name of the residual stream after it."""
    head, here = shape.width // shape.heads, f"model.layers.{i}"

    def linear(source: str, module: str) -> str:
        matrix = graph.constant(f"{here}.{module}.weight", weights[f"{here}.{module}.weight"].T)
        return graph.add("MatMul", [source, matrix], f"{here}.{module}.output")

    normed = rms_norm(graph, x, weights[f"{here}.input_layernorm.weight"], shape.eps, f"{here}.input_layernorm")
    split = {}
    for part in "qkv":
        flat = linear(normed, f"self_attn.{part}_proj")
        apart = graph.add("Reshape", [flat, graph.ints(0, 0, shape.heads, head)], f"{here}.{part}.apart")
        split[part] = graph.add("Transpose", [apart], f"{here}.{part}", perm=[0, 2, 1, 3])
    query, key = rotate(graph, split["q"], head // 2), rotate(graph, split["k"], head // 2)
    keys = graph.add("Concat", [f"past_key_values.{i}.key", key], f"present.{i}.key", axis=2)
    values = graph.add("Concat", [f"past_key_values.{i}.value", split["v"]], f"present.{i}.value", axis=2)
    product = graph.add("MatMul", [query, graph.add("Transpose", [keys], f"{here}.keys", perm=[0, 1, 3, 2])], f"{here}.product")
    scores = graph.add("Mul", [product, graph.constant("const.scale", np.float32(head**-0.5))], f"{here}.scores")
    pattern = graph.add("Softmax", [graph.add("Add", [scores, "mask.bias"], f"{here}.masked")], f"{here}.pattern", axis=-1)
    mixed = graph.add("Transpose", [graph.add("MatMul", [pattern, values], f"{here}.mixed")], f"{here}.mixed_back", perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", [mixed, graph.ints(0, 0, shape.width)], f"{here}.joined")
    x = graph.add("Add", [x, linear(joined, "self_attn.o_proj")], f"{here}.residual_attention")

    normed = rms_norm(graph, x, weights[f"{here}.post_attention_layernorm.weight"], shape.eps, f"{here}.post_attention_layernorm")
    gate = linear(normed, "mlp.gate_proj")
    active = graph.add("Mul", [gate, graph.add("Sigmoid", [gate], f"{here}.sigmoid")], f"{here}.silu")
    inner = graph.add("Mul", [active, linear(normed, "mlp.up_proj")], f"{here}.inner")
    return graph.add("Add", [x, linear(inner, "mlp.down_proj")], f"{here}.residual")


def build(weights: dict[str, np.ndarray], shape: Shape) -> onnx.ModelProto:
    """weights: float32 arrays under Hugging Face's names, matrices [out, in]."""
    graph = Graph()
    prelude(graph, shape)
    table = graph.constant("model.embed_tokens.weight", weights["model.embed_tokens.weight"])
    x = graph.add("Gather", [table, "input_ids"], "model.embed_tokens.output")
    for i in range(shape.blocks):
        x = block(graph, x, i, weights, shape)
    normed = rms_norm(graph, x, weights["model.norm.weight"], shape.eps, "model.norm")
    graph.add("MatMul", [normed, graph.add("Transpose", [table], "lm_head", perm=[1, 0])], "logits")

    head = shape.width // shape.heads
    sides = [(i, side) for i in range(shape.blocks) for side in ("key", "value")]
    info = helper.make_tensor_value_info
    inputs = [
        info("input_ids", INT, ["batch_size", "sequence_length"]),
        info("attention_mask", INT, ["batch_size", "total_sequence_length"]),
        info("position_ids", INT, ["batch_size", "sequence_length"]),
        *(info(f"past_key_values.{i}.{side}", FLOAT, ["batch_size", shape.heads, "past_sequence_length", head]) for i, side in sides),
    ]
    outputs = [
        info("logits", FLOAT, ["batch_size", "sequence_length", shape.vocabulary]),
        *(info(f"present.{i}.{side}", FLOAT, ["batch_size", shape.heads, "total_sequence_length", head]) for i, side in sides),
    ]
    proto = helper.make_graph(graph.nodes, "main_graph", inputs, outputs, list(graph.initializers.values()))
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="candor-organisms")
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(model), full_check=True)
    return model
