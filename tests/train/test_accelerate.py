"""GPUs and 16-bit floats; several devices are played by a CPU that is split in two."""

import subprocess
import sys

import keras

from sagui.progress import SILENT
from sagui.train.accelerate import accelerated


def test_a_cpu_computes_as_it_always_did() -> None:
    with accelerated("auto", SILENT) as policy:
        assert policy == "float32"


def test_the_policy_is_put_back() -> None:
    with accelerated("on", SILENT) as policy:
        assert policy == keras.config.dtype_policy().name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_a_mirrored_network_learns_from_our_batches() -> None:
    code = """
import numpy as np, tensorflow as tf, keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from sagui.train.batches import Batches, Truth
class Numbers:
    def plain(self, positions): return np.stack([positions, -positions], 1).astype(np.float32)
    def drawn(self, positions, rng): return self.plain(positions)
truth = Truth(np.eye(2, dtype=np.float32)[np.arange(32) % 2], np.ones(32, np.float32))
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    done = model.fit(Batches(Numbers(), truth, 8, 0), epochs=2, verbose=0, shuffle=False)
assert np.isfinite(done.history["loss"]).all()
print("replicas", tf.distribute.get_replica_context() is not None, len(done.history["loss"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "2" in done.stdout
