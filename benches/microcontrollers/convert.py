"""The sine network of examples/embedded as TensorFlow Lite has it: floats, and integers of eight bits.

    pip install tensorflow-cpu tflite-micro safetensors
    python convert.py

writes sine.tflite (integers) and sine_float.tflite beside itself and prints what TensorFlow Lite Micro's interpreter takes for both.
"""

import pathlib

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file
from tflite_micro import runtime

HERE = pathlib.Path(__file__).parent
TURN = np.linspace(0, 2 * np.pi, 1000, dtype=np.float32)[:, None]


def network():
    weights = load_file(HERE / "../../examples/embedded/weights/sine.safetensors")
    net = tf.keras.Sequential([tf.keras.Input([1])])
    for units, activation in [(16, "relu"), (16, "relu"), (1, None)]:
        net.add(tf.keras.layers.Dense(units, activation=activation))
    # A weight of kiln is [outputs, inputs], as PyTorch has it.
    names = sorted({name.split(".")[0] for name in weights})
    for layer, name in zip(net.layers, names):
        layer.set_weights([weights[f"{name}.weight"].T, weights[f"{name}.bias"]])
    return net


def convert(net, integers):
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    if integers:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([x[None]] for x in TURN)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        # microflow knows one scale per tensor.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def answer(model, x):
    """What the interpreter says, and the bytes of memory that it takes."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 16)
    asks, says = interpreter.get_input_details(0), interpreter.get_output_details(0)
    quantised = asks["dtype"] == np.int8

    def numbers(details):
        parameters = details["quantization_parameters"]
        return parameters["scales"][0], parameters["zero_points"][0]

    outputs = []
    for value in x:
        given = value
        if quantised:
            scale, zero = numbers(asks)
            given = np.clip(np.round(value / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_input(given.reshape(1, 1), 0)
        interpreter.invoke()
        output = interpreter.get_output(0)
        if quantised:
            scale, zero = numbers(says)
            output = (output.astype(np.float32) - zero) * scale
        outputs.append(output.reshape(1))
    interpreter.print_allocations()
    return np.stack(outputs)


def main():
    net = network()
    for integers in [False, True]:
        model = convert(net, integers)
        (HERE / ("sine.tflite" if integers else "sine_float.tflite")).write_bytes(model)
        error = np.abs(answer(model, TURN) - np.sin(TURN)).max()
        kind = "integers" if integers else "floats"
        print(f"{kind}: {len(model)} bytes of model, at most {error:.4f} from the sine")
    print(f"the network: at most {np.abs(net.predict(TURN, verbose=0) - np.sin(TURN)).max():.4f}")


main()
